"""The operators' pages."""

from django.urls import path

from console.platform import views

app_name = "platform"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("teams/", views.teams, name="teams"),
    path("status/", views.status, name="status"),
    path("sizes/", views.sizes, name="sizes"),
]

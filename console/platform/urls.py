"""The operators' pages."""

from django.urls import path

from console.platform import views

app_name = "platform"
urlpatterns = [
    path("status/", views.status, name="status"),
]

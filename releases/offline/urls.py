"""The URLs of offline packages: across programs, and for one program."""

from django.urls import path

from releases.offline import views

app_name = "offline"
PROGRAM = "miniprograms/<slug:app_id>/offline/"

urlpatterns = [
    path("offline-packages/", views.overview, name="overview"),
    path(PROGRAM, views.package, name="package"),
    path(f"{PROGRAM}download/", views.download, name="download"),
]

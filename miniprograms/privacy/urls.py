"""The URLs of the privacy agreement: across programs, for one program, and for everybody."""

from django.urls import path

from miniprograms.privacy import views

app_name = "privacy"
PROGRAM = "miniprograms/<slug:app_id>/privacy/"

urlpatterns = [
    path("privacy-agreements/", views.overview, name="overview"),
    path(PROGRAM, views.agreement, name="agreement"),
    path(f"{PROGRAM}edit/", views.edit, name="edit"),
    path(f"{PROGRAM}preview/", views.preview, name="preview"),
    path(f"{PROGRAM}publish/", views.publish, name="publish"),
    path(f"{PROGRAM}versions/<int:agreement_number>/", views.version, name="version"),
    path(f"{PROGRAM}versions/<int:agreement_number>/changes/", views.changes, name="changes"),
    path("privacy/<slug:app_id>/", views.public, name="public"),
    path("privacy/<slug:app_id>/<int:agreement_number>/", views.public, name="public_version"),
]

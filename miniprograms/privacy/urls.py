"""The URLs of the privacy agreement: across programs, for one program, and for everybody."""

from django.urls import path

from miniprograms.privacy.views import agreements, drafts, public

app_name = "privacy"
PROGRAM = "miniprograms/<slug:app_id>/privacy/"

urlpatterns = [
    path("privacy-agreements/", agreements.overview, name="overview"),
    path(PROGRAM, agreements.agreement, name="agreement"),
    path(f"{PROGRAM}edit/", drafts.edit, name="edit"),
    path(f"{PROGRAM}preview/", drafts.preview, name="preview"),
    path(f"{PROGRAM}publish/", drafts.publish, name="publish"),
    path(f"{PROGRAM}versions/<int:agreement_number>/", agreements.version, name="version"),
    path(f"{PROGRAM}versions/<int:agreement_number>/changes/", agreements.changes, name="changes"),
    path("privacy/<slug:app_id>/", public.public, name="public"),
    path("privacy/<slug:app_id>/<int:agreement_number>/", public.public, name="public_version"),
]

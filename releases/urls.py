"""The URLs of version management: across programs, and for one program."""

from django.urls import path

from releases import views

app_name = "releases"
PROGRAM = "miniprograms/<slug:app_id>/versions/"

urlpatterns = [
    path("versions/", views.overview, name="overview"),
    path(PROGRAM, views.versions, name="versions"),
    path(f"{PROGRAM}new/", views.upload, name="upload"),
    path(f"{PROGRAM}all/", views.uploads, name="uploads"),
    path(f"{PROGRAM}releases/", views.history, name="history"),
    path(f"{PROGRAM}roll-back/", views.roll_back, name="roll_back"),
    path(f"{PROGRAM}audits/", views.audits, name="audits"),
    path(f"{PROGRAM}audits/<slug:audit_number>/", views.audit, name="audit"),
    path(f"{PROGRAM}<str:number>/", views.detail, name="detail"),
    path(f"{PROGRAM}<str:number>/submit/", views.submit, name="submit"),
    path(f"{PROGRAM}<str:number>/withdraw/", views.withdraw, name="withdraw"),
    path(f"{PROGRAM}<str:number>/publish/", views.publish, name="publish"),
]

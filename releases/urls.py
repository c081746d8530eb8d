"""The URLs of version management: across programs, and for one program."""

from django.urls import path

from releases.views import changes, links, report, settling, trial, versions

app_name = "releases"
PROGRAM = "miniprograms/<slug:app_id>/versions/"

urlpatterns = [
    path("versions/", versions.overview, name="overview"),
    path(PROGRAM, versions.versions, name="versions"),
    path(f"{PROGRAM}new/", versions.upload, name="upload"),
    path(f"{PROGRAM}all/", versions.uploads, name="uploads"),
    path(f"{PROGRAM}releases/", versions.history, name="history"),
    path(f"{PROGRAM}roll-back/", versions.roll_back, name="roll_back"),
    path(f"{PROGRAM}trial/", trial.trial, name="trial"),
    path(f"{PROGRAM}trial/set/", trial.set_trial, name="set_trial"),
    path(f"{PROGRAM}trial/cancel/", trial.cancel_trial, name="cancel_trial"),
    path("trial/<str:token>/", trial.landing, name="landing"),
    path("open/<slug:app_id>/", links.landing, name="open"),
    path(f"{PROGRAM}audits/", versions.audits, name="audits"),
    path(f"{PROGRAM}audits/<slug:audit_number>/", versions.audit, name="audit"),
    path(f"{PROGRAM}audits/<slug:audit_number>/report/", report.audit_report, name="audit_report"),
    path(f"{PROGRAM}<str:number>/", versions.detail, name="detail"),
    path(f"{PROGRAM}<str:number>/submit/", versions.submit, name="submit"),
    path(f"{PROGRAM}<str:number>/withdraw/", versions.withdraw, name="withdraw"),
    path(f"{PROGRAM}<str:number>/publish/", versions.publish, name="publish"),
    path(f"{PROGRAM}<str:number>/report/", report.report, name="report"),
    path(f"{PROGRAM}<str:number>/report/check/", report.check, name="check"),
    path(f"{PROGRAM}<str:number>/report/<slug:finding>/settle/", settling.settle, name="settle_finding"),
    path(f"{PROGRAM}<str:number>/report/<slug:finding>/reopen/", settling.reopen, name="reopen_finding"),
    path(f"{PROGRAM}<str:number>/changes/", changes.changes, name="changes"),
    path(f"{PROGRAM}<str:number>/changes/file/", changes.file, name="file"),
]

"""The review inbox, and the pages of applications and of operators that need what upper apps know."""

from django.urls import path

from console.reviews.views import apis, applications, code, default_apis, grants, inbox, selected

app_name = "reviews"
ACCEPTED = "bindings/<int:decision_id>/versions/<str:number>/"

urlpatterns = [
    path("", inbox.inbox, name="list"),
    path("bindings/<int:decision_id>/", inbox.binding, name="binding"),
    path(f"{ACCEPTED}report/", code.binding_report, name="binding_report"),
    path(f"{ACCEPTED}report/again/", code.binding_report_again, name="binding_report_again"),
    path(f"{ACCEPTED}files/", code.binding_files, name="binding_files"),
    path(f"{ACCEPTED}files/file/", code.binding_file, name="binding_file"),
    path(f"{ACCEPTED}package/", code.binding_package, name="binding_package"),
    path("exemptions/<int:decision_id>/", inbox.exemption, name="exemption"),
    path("permissions/approve/", selected.approve, name="approve_selected"),
    path("permissions/<int:decision_id>/", inbox.permission, name="permission"),
    path("audits/<int:decision_id>/", inbox.audit, name="audit"),
    path("audits/<int:decision_id>/package/", code.package, name="package"),
    path("audits/<int:decision_id>/report/", code.report, name="report"),
    path("audits/<int:decision_id>/report/again/", code.compare_again, name="report_again"),
    path("audits/<int:decision_id>/changes/", code.changes, name="changes"),
    path("audits/<int:decision_id>/changes/file/", code.file, name="file"),
]

# Below /apps/, in the namespace of `console.base.hosts.urls`.
application_urlpatterns = [
    path("", applications.applications, name="list"),
    path("<slug:application_id>/programs/", applications.programs, name="programs"),
    path("<slug:application_id>/programs/<int:binding_id>/remove/", applications.remove_program, name="remove_program"),
    path("<slug:application_id>/apis/", apis.apis, name="apis"),
    path("<slug:application_id>/apis/selected/<slug:act>/", apis.selected_apis, name="selected_apis"),
    path("<slug:application_id>/apis/add/", apis.add_api, name="add_api"),
    path("<slug:application_id>/apis/<int:api_id>/restrict/", apis.restrict_api, name="restrict_api"),
    path("<slug:application_id>/apis/<int:api_id>/open/", apis.open_api, name="open_api"),
    path("<slug:application_id>/apis/<int:api_id>/remove/", apis.remove_api, name="remove_api"),
    path("<slug:application_id>/grants/", grants.grants, name="grants"),
    path(
        "<slug:application_id>/exemptions/<int:exemption_id>/revoke/", grants.revoke_exemption, name="revoke_exemption"
    ),
    path(
        "<slug:application_id>/permissions/<int:permission_id>/revoke/",
        grants.revoke_permission,
        name="revoke_permission",
    ),
]

# Below /platform/, in the namespace of `console.platform.urls`.
platform_urlpatterns = [
    path("apis/", default_apis.apis, name="apis"),
    path("apis/add/", default_apis.add_api, name="add_api"),
    path("apis/<int:default_id>/", default_apis.edit_api, name="edit_api"),
    path("apis/<int:default_id>/delete/", default_apis.delete_api, name="delete_api"),
    path("apis/selected/<slug:act>/", default_apis.selected_apis, name="selected_apis"),
]

"""The URLs of development management: across programs, and for one program."""

from django.urls import path

from devmgmt.views import domains, grants, logs, overview, permissions, saved_queries

app_name = "devmgmt"
PROGRAM = "miniprograms/<slug:app_id>/development/"

urlpatterns = [
    path("development/", overview.overview, name="overview"),
    path(f"{PROGRAM}domains/", domains.domains, name="domains"),
    path(f"{PROGRAM}domains/edit/", domains.edit, name="edit_domains"),
    path(f"{PROGRAM}exemptions/apply/", grants.apply_for_exemption, name="apply_for_exemption"),
    path(f"{PROGRAM}exemptions/<int:exemption_id>/withdraw/", grants.withdraw_exemption, name="withdraw_exemption"),
    path(f"{PROGRAM}exemptions/<int:exemption_id>/give-up/", grants.give_up_exemption, name="give_up_exemption"),
    path(f"{PROGRAM}permissions/", permissions.permissions, name="permissions"),
    path(f"{PROGRAM}permissions/apply/", permissions.apply, name="apply_for_permissions"),
    path(f"{PROGRAM}permissions/<int:permission_id>/withdraw/", grants.withdraw_permission, name="withdraw_permission"),
    path(f"{PROGRAM}permissions/<int:permission_id>/give-up/", grants.give_up_permission, name="give_up_permission"),
    path(f"{PROGRAM}logs/", logs.logs, name="logs"),
    path(f"{PROGRAM}logs/list/", logs.entries, name="log_entries"),
    path(f"{PROGRAM}logs/volume/", logs.volume, name="log_volume"),
    path(f"{PROGRAM}logs/errors/", logs.errors, name="log_errors"),
    path(f"{PROGRAM}logs/entries/<str:place>/", logs.entry, name="log_entry"),
    path(f"{PROGRAM}logs/export.csv", logs.export, {"kind": "csv"}, name="log_export"),
    path(f"{PROGRAM}logs/export.ndjson", logs.export, {"kind": "ndjson"}, name="log_export_ndjson"),
    path(f"{PROGRAM}logs/queries/save/", saved_queries.save_query, name="save_query"),
    path(f"{PROGRAM}logs/queries/<int:query_id>/edit/", saved_queries.edit_query, name="edit_query"),
    path(f"{PROGRAM}logs/queries/<int:query_id>/delete/", saved_queries.delete_query, name="delete_query"),
]

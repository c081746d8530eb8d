"""Host applications.

The list, the bound mini programs, the sensitive APIs and the grants need what upper apps know: they are in
`console.reviews.urls`, in this namespace.
"""

from django.urls import path

from console.base.hosts.views import applications, proofs, signing

app_name = "hosts"
urlpatterns = [
    path("new/", applications.create, name="create"),
    path("<slug:application_id>/", applications.detail, name="detail"),
    path("<slug:application_id>/edit/", applications.edit, name="edit"),
    path("<slug:application_id>/activity/", applications.activity, name="activity"),
    path("<slug:application_id>/configuration/", applications.configuration, name="configuration"),
    path("<slug:application_id>/people/add/", applications.add_person, name="add_person"),
    path("<slug:application_id>/people/appoint/", applications.appoint_administrator, name="appoint_administrator"),
    path("<slug:application_id>/people/invite/", applications.invite_reviewer, name="invite_reviewer"),
    path(
        "<slug:application_id>/people/invited/<int:invited_id>/withdraw/",
        applications.withdraw_reviewer,
        name="withdraw_reviewer",
    ),
    path("<slug:application_id>/people/<int:person_id>/role/", applications.change_role, name="change_role"),
    path("<slug:application_id>/people/<int:person_id>/remove/", applications.remove_person, name="remove_person"),
    path("<slug:application_id>/keys/add/", applications.add_key, name="add_key"),
    path("<slug:application_id>/keys/<int:key_id>/revoke/", applications.revoke_key, name="revoke_key"),
    path("<slug:application_id>/proofs/", proofs.proofs, name="proofs"),
    path("<slug:application_id>/proofs/require/", proofs.require, name="require_proofs"),
    path("<slug:application_id>/proofs/end/", proofs.end, name="end_proofs"),
    path("<slug:application_id>/signing-keys/", signing.keys, name="signing_keys"),
    path("<slug:application_id>/signing-keys/add/", signing.add, name="add_signing_key"),
    path("<slug:application_id>/signing-keys/<int:signing_key_id>/retire/", signing.retire, name="retire_signing_key"),
]

"""Host applications.

The list, the bound mini programs, the sensitive APIs and the grants need what upper apps know: they are in
`console.reviews.urls`, in this namespace.
"""

from django.urls import path

from console.hosts import views

app_name = "hosts"
urlpatterns = [
    path("new/", views.create, name="create"),
    path("<slug:application_id>/", views.detail, name="detail"),
    path("<slug:application_id>/edit/", views.edit, name="edit"),
    path("<slug:application_id>/activity/", views.activity, name="activity"),
    path("<slug:application_id>/configuration/", views.configuration, name="configuration"),
    path("<slug:application_id>/people/add/", views.add_person, name="add_person"),
    path("<slug:application_id>/people/<int:person_id>/role/", views.change_role, name="change_role"),
    path("<slug:application_id>/people/<int:person_id>/remove/", views.remove_person, name="remove_person"),
    path("<slug:application_id>/keys/add/", views.add_key, name="add_key"),
    path("<slug:application_id>/keys/<int:key_id>/revoke/", views.revoke_key, name="revoke_key"),
]

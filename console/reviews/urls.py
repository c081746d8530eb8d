"""The review inbox, and the pages of applications that need what upper apps know."""

from django.urls import path

from console.reviews import views

app_name = "reviews"
urlpatterns = [
    path("", views.inbox, name="list"),
    path("bindings/<int:decision_id>/", views.binding, name="binding"),
    path("audits/<int:decision_id>/", views.audit, name="audit"),
    path("audits/<int:decision_id>/package/", views.package, name="package"),
]

# Below /apps/, in the namespace of `console.hosts.urls`.
application_urlpatterns = [
    path("", views.applications, name="list"),
    path("<slug:application_id>/programs/", views.programs, name="programs"),
    path("<slug:application_id>/programs/<int:binding_id>/remove/", views.remove_program, name="remove_program"),
]

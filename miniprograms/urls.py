"""Mini program list."""

from django.urls import path

from miniprograms import views

app_name = "miniprograms"
urlpatterns = [
    path("", views.program_list, name="list"),
    path("create/", views.create, name="create"),
    path("ide/", views.ide_downloads, name="ide_downloads"),
    path("<slug:app_id>/", views.detail, name="detail"),
    path("<slug:app_id>/edit/", views.edit, name="edit"),
    path("<slug:app_id>/activity/", views.activity, name="activity"),
    path("<slug:app_id>/take-off/", views.take_off_shelf, name="take_off_shelf"),
    path("<slug:app_id>/put-on/", views.put_on_shelf, name="put_on_shelf"),
    path("<slug:app_id>/bindings/ask/", views.ask_for_binding, name="ask_for_binding"),
    path("<slug:app_id>/bindings/<int:binding_id>/withdraw/", views.withdraw_binding, name="withdraw_binding"),
    path("<slug:app_id>/bindings/<int:binding_id>/unbind/", views.unbind, name="unbind"),
]

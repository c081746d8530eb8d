"""Mini program list."""

from django.urls import path

from miniprograms import views
from miniprograms.views import catalogue

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

# Below /platform/, in the namespace of `console.platform.urls`.
platform_urlpatterns = [
    path("categories/", catalogue.categories, name="categories"),
    path("categories/add/", catalogue.add_category, name="add_category"),
    path("categories/<int:category_id>/", catalogue.edit_category, name="edit_category"),
    path("categories/<int:category_id>/delete/", catalogue.delete_category, name="delete_category"),
    path("categories/selected/<slug:act>/", catalogue.selected_categories, name="selected_categories"),
    path("ide/", catalogue.ide, name="ide"),
    path("ide/add/", catalogue.add_ide_download, name="add_ide_download"),
    path("ide/<int:download_id>/", catalogue.edit_ide_download, name="edit_ide_download"),
    path("ide/<int:download_id>/delete/", catalogue.delete_ide_download, name="delete_ide_download"),
    path("ide/selected/<slug:act>/", catalogue.selected_ide, name="selected_ide"),
]

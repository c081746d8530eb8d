"""The URLs of key management: across programs, and for one program."""

from django.urls import path

from devmgmt.keys import views

app_name = "keys"
PROGRAM = "miniprograms/<slug:app_id>/keys/"

urlpatterns = [
    path("keys/", views.overview, name="overview"),
    path(PROGRAM, views.keys, name="keys"),
    path(f"{PROGRAM}generate/", views.generate, name="generate"),
    path(f"{PROGRAM}reset/", views.reset, name="reset"),
    path(f"{PROGRAM}freeze/", views.freeze, name="freeze"),
    path(f"{PROGRAM}unfreeze/", views.unfreeze, name="unfreeze"),
]

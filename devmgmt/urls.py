"""The URLs of development management: across programs, and for one program."""

from django.urls import URLPattern

app_name = "devmgmt"
PROGRAM = "miniprograms/<slug:app_id>/development/"

urlpatterns: list[URLPattern] = []

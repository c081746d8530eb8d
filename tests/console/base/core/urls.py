"""The console's URLs and three pages that only show what every page is made of."""

from django import forms
from django.urls import path

from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from console.base.core.pages import NoteForm, form_page, posted
from console.urls import handler403, handler404, handler500
from console.urls import urlpatterns as console_urls

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


class NumberForm(forms.Form):
    number = forms.IntegerField(label="Number")
    notes = forms.CharField(label="Change notes", required=False, max_length=20, widget=forms.Textarea)
    file = forms.FileField(label="Package file", required=False)


def keep(data):
    if data["number"] == 13:
        raise ActionRefused("13 is taken.", field="number")
    if data["number"] == 14:
        raise ActionRefused("Somebody was first.")
    return data["number"]


@route(Permission.SIGNED_IN, methods="GET POST")
def form(request):
    return form_page(
        request,
        NumberForm(posted(request), request.FILES or None),
        save=keep,
        success=lambda number: (f"{number} is kept.", "/"),
        template="devmgmt/save_query.html",
        cancel="/",
    )


@route(Permission.SIGNED_IN, methods="GET POST", sudo=True)
def confirm(request):
    return form_page(
        request,
        NoteForm(posted(request)),
        save=lambda data: data["note"],
        success=lambda note: (f"Published: {note}", "/"),
        template="releases/confirm/publish.html",
        version="2.5.0",
        online="2.4.0",
        cancel="/",
    )


urlpatterns = [path("form/", form), path("confirm/", confirm), *console_urls]

"""The console's URLs and pages on which the database goes away at a chosen moment."""

from django import forms
from django.contrib import messages
from django.db import OperationalError, connection, transaction
from django.shortcuts import redirect
from django.urls import path

from console.base.accounts.access import route
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.core.pages import form_page, posted
from console.urls import handler403, handler404, handler500
from console.urls import urlpatterns as console_urls
from tests.console import holding

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]


class TeamForm(forms.Form):
    name = forms.CharField(label="Name")
    when = forms.ChoiceField(choices=[(word, word) for word in ("never", "before", "after", "answer")])
    file = forms.FileField(label="File", required=False)


def give_up_soon():
    """As the role does in production; a browser's requests come by connections of their own."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")


def rename(data):
    """Rename every team; lose the connection before the commit, or after it."""
    with transaction.atomic():
        give_up_soon()
        Team.objects.update(name=data["name"])
        if data["when"] == "before":
            holding.end_own()
    if data["when"] == "after":
        holding.end_own()
    return data["when"]


def said(when):
    if when == "answer":
        raise OperationalError("the connection is lost")
    return "Renamed.", "/teams/"


@route(Permission.SIGNED_IN, methods="GET POST")
def form(request):
    bound = TeamForm(posted(request), request.FILES or None)
    return form_page(request, bound, template="devmgmt/save_query.html", save=rename, success=said, cancel="/")


@route(Permission.SIGNED_IN, methods="GET POST")
def button(request):
    """A verb without a form."""
    with transaction.atomic():
        give_up_soon()
        Team.objects.update(name=request.POST.get("name", "Button"))
    messages.success(request, "Renamed.")
    return redirect("/teams/")


@route(Permission.SIGNED_IN, methods="POST")
def leave(request):
    """Change the session, of which another request has ended the row."""
    messages.success(request, "Kept.")
    request.session.delete()
    return redirect("/teams/")


@route(Permission.PUBLIC)
def broken(request):
    """A fault of ours."""
    raise ValueError


urlpatterns = [
    path("rename/", form),
    path("button/", button),
    path("leave/", leave),
    path("broken/", broken),
    *console_urls,
]

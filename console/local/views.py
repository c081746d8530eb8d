"""The mails of `make run`, for whoever sits at this machine: a new password is asked for before one is signed in."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from console.local import mailbox


@route(Permission.PUBLIC)
def mails(request: HttpRequest) -> HttpResponse:
    """What was mailed, newest first; 404 wherever mails are sent."""
    if settings.MAILBOX is None:
        raise Http404
    return _page(request, "local/mailbox.html", {"mails": mailbox.mails()})


@route(Permission.PUBLIC)
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail, as text."""
    found = mailbox.mail(mail_id) if settings.MAILBOX is not None else None
    if found is None:
        raise Http404
    return _page(request, "local/mail.html", {"mail": found})


def _page(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    response = render(request, template, context)
    response["Cache-Control"] = "no-store"
    return response

"""The mails of `make run`: also for who is not signed in, as a new password is asked for before that."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from console.base.accounts.access import route
from console.base.accounts.permissions import Permission
from console.local import mailbox

COOKIE = "mailbox"


@route(Permission.PUBLIC)
def mails(request: HttpRequest) -> HttpResponse:
    """What was mailed, newest first; 404 wherever mails are sent. The key in the address stays in a cookie."""
    if settings.MAILBOX is None:
        raise Http404
    if mailbox.opens(given := request.GET.get("key", "")):
        answer: HttpResponse = redirect("mailbox")
        answer.set_cookie(COOKIE, given, path=request.path, httponly=True, samesite="Strict")
        return answer
    if not _is_open(request):
        return _page(request, "local/mailbox_closed.html", {}, status=403)
    return _page(request, "local/mailbox.html", {"mails": mailbox.mails()})


@route(Permission.PUBLIC)
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail, as text."""
    found = mailbox.mail(mail_id) if settings.MAILBOX is not None and _is_open(request) else None
    if found is None:
        raise Http404
    return _page(request, "local/mail.html", {"mail": found})


def _is_open(request: HttpRequest) -> bool:
    return mailbox.opens(request.COOKIES.get(COOKIE, ""))


def _page(request: HttpRequest, template: str, context: dict[str, object], *, status: int = 200) -> HttpResponse:
    response = render(request, template, context, status=status)
    response["Cache-Control"] = "no-store"
    return response

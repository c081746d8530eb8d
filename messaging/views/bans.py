"""Whose messages an application does not take."""

from __future__ import annotations

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core.pages import posted
from console.base.hosts.access import application_for
from console.base.hosts.models import HostApplication
from messaging.access import ban_for
from messaging.actions import gateways as actions
from messaging.forms.gateway import BanForm
from messaging.localization import ban_subject
from messaging.models import Ban
from messaging.views.gateway import dialog
from miniprograms.models import MiniProgram


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def ban(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Stop the messages of the bound mini program ?program=<App ID>, or of one that is chosen."""
    programs = MiniProgram.objects.filter(pk__in=application.bindings.bound().values("mini_program")).order_by("name")
    program = None
    if chosen := request.GET.get("program"):
        program = programs.filter(app_id=chosen).first() if chosen.isalnum() else None
        if program is None:
            raise Http404
    return dialog(
        request,
        application,
        BanForm(posted(request), programs=programs, program=program),
        template="messaging/confirm/ban.html",
        save=lambda data: actions.ban(application, by=request.user, **{"program": program, **data}),
        toast=lambda made: _("Messages stopped: %(what)s.") % {"what": ban_subject(made)},
        program=program,
    )


@route(Permission.EDIT_APPLICATION, load=ban_for, methods="GET POST", sudo=True)
def lift(request: SignedInRequest, ban: Ban) -> HttpResponse:
    """Take the messages again."""
    return dialog(
        request,
        ban.application,
        forms.Form(posted(request)),
        template="messaging/confirm/lift.html",
        save=lambda _data: actions.lift(ban, by=request.user),
        toast=lambda lifted: _("Messages allowed again: %(what)s.") % {"what": ban_subject(lifted)},
        ban=ban,
        what=ban_subject(ban),
    )

"""The pages of automation: tokens of one's own, and robots of teams (A-1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from console.api.manage import access, actions, logins, uploads
from console.api.manage.access import login_for, own_token, robot_for
from console.api.manage.forms import EndForm, LoginForm, ReplaceForm, RobotForm, TokenForm, UserCodeForm
from console.api.manage.models import LoginRequest, Token
from console.api.manage.presenters import robot_cards, token_rows
from console.api.manage.reference import drawn, parts
from console.api.manage.sdk_keys import secret_id, secret_key
from console.base.accounts.access import SignedInRequest, route, team_for
from console.base.accounts.models import Team
from console.base.accounts.permissions import Permission
from console.base.core.errors import ActionRefused
from console.base.core.pages import NoteForm, Shown, confirm_page, form_page, page_of, posted, secret_page, show
from console.base.core.proxies import client_address
from console.base.core.toasts import toast

SHOWN_UPLOADS = 8


def _back() -> str:
    return reverse("automation:tokens")


@route(Permission.SIGNED_IN)
def tokens(request: SignedInRequest) -> HttpResponse:
    """The robots of the user's teams, and the user's own tokens."""
    at = timezone.now()
    own = Token.objects.of_person(request.user).listed().select_related("created_by", "mini_program")
    context = {
        "cards": robot_cards(request.user, at=at),
        "own": token_rows(own, at=at),
        "uploads": uploads.by_robots(request.user)[:SHOWN_UPLOADS],
    }
    return render(request, "automation/tokens.html", context)


@route(Permission.SIGNED_IN)
def uploads_page(request: SignedInRequest) -> HttpResponse:
    """What robots uploaded, accepted or refused."""
    return render(request, "automation/uploads.html", {"page": page_of(request, uploads.by_robots(request.user))})


@route(Permission.SIGNED_IN)
def reference(request: SignedInRequest) -> HttpResponse:
    """Every operation of the API, drawn from its description (A-2)."""
    found, document, language = parts(), reverse("api:openapi-json"), get_language() or ""
    begin = f'curl --fail-with-body -H "Authorization: Bearer $MPC_TOKEN" {settings.BASE_URL}/api/v1/me'
    count = sum(len(part.operations) for part in found)
    context = {
        "parts": found,
        "drawn": drawn(language),
        "document": document,
        "begin": begin,
        "count": count,
    }
    return render(request, "automation/reference.html", context)


@route(Permission.SIGNED_IN)
def login(request: SignedInRequest) -> HttpResponse:
    """Take the code that `mpc login` shows, and go on to what it asks for."""
    form = UserCodeForm(request.GET if "code" in request.GET else None)
    if form.is_valid():
        code = form.cleaned_data["code"]
        if access.guesses.count(request.user.pk):
            form.add_error("code", _("Too many attempts. Wait a minute."))
        elif LoginRequest.objects.open(at=timezone.now()).filter(user_code=code).exists():
            return redirect("automation:approve_login", user_code=code)
        else:
            form.add_error("code", _("The code is wrong or has expired. Start again in the terminal."))
    context = {"form": form, "cancel": _back()}
    return show(request, "automation/login.html", context, status=422 if form.errors else 200)


@route(Permission.SIGNED_IN, load=login_for, methods="GET POST", sudo=True)
def approve_login(request: SignedInRequest, asked: LoginRequest) -> HttpResponse:
    """Say which program asks for what, from where and since when, and give it a token of one's own."""
    return form_page(
        request,
        LoginForm(posted(request), asked=asked),
        save=lambda data: logins.approve(asked, by=request.user, **data),
        success=lambda _row: (_("Approved. Return to your terminal."), _back()),
        template="automation/confirm/login.html",
        cancel=_back(),
        asked=asked,
        here=client_address(request.META),
    )


@route(Permission.SIGNED_IN, load=login_for, methods="POST")
def deny_login(request: SignedInRequest, asked: LoginRequest) -> HttpResponse:
    """Give the program nothing."""
    try:
        logins.deny(asked, by=request.user)
        toast(request, _("Denied. The program gets no access."))
    except ActionRefused as refused:
        messages.error(request, refused.message)
    return redirect(_back())


@route(Permission.ADMINISTER, load=team_for, methods="GET POST", sudo=True)
def new_robot(request: SignedInRequest, team: Team) -> HttpResponse:
    """Make a robot; the answer shows its token once."""
    return _made(
        request,
        RobotForm(posted(request), team=team),
        template="automation/new_robot.html",
        make=lambda data: actions.create_robot(team, program=data.pop("mini_program"), by=request.user, **data),
        team=team,
    )


@route(Permission.SIGNED_IN, methods="GET POST", sudo=True)
def new_own(request: SignedInRequest) -> HttpResponse:
    """Make a token of one's own; the answer shows it once."""
    return _made(
        request,
        TokenForm(posted(request)),
        template="automation/new_own.html",
        make=lambda data: actions.create_own(request.user, **data),
    )


@route(Permission.ADMINISTER, load=robot_for, methods="GET POST", sudo=True)
def replace_robot(request: SignedInRequest, token: Token) -> HttpResponse:
    """Give the robot another token."""
    return _replace(request, token)


@route(Permission.SIGNED_IN, load=own_token, methods="GET POST", sudo=True)
def replace_own(request: SignedInRequest, token: Token) -> HttpResponse:
    """Replace a token of one's own."""
    return _replace(request, token)


@route(Permission.ADMINISTER, load=robot_for, methods="GET POST", sudo=True)
def end_robot(request: SignedInRequest, token: Token) -> HttpResponse:
    """Change when a robot's token expires."""
    return _end(request, token)


@route(Permission.SIGNED_IN, load=own_token, methods="GET POST", sudo=True)
def end_own(request: SignedInRequest, token: Token) -> HttpResponse:
    """Change when a token of one's own expires."""
    return _end(request, token)


@route(Permission.ADMINISTER, load=robot_for, methods="GET POST")
def revoke_robot(request: SignedInRequest, token: Token) -> HttpResponse:
    """Delete a robot."""
    return _revoke(request, token, toast=_("Robot %(name)s deleted."))


@route(Permission.SIGNED_IN, load=own_token, methods="GET POST")
def revoke_own(request: SignedInRequest, token: Token) -> HttpResponse:
    """Revoke a token of one's own."""
    return _revoke(request, token, toast=_("Token %(name)s revoked."))


def _made(
    request: SignedInRequest,
    form: forms.Form,
    *,
    template: str,
    make: Callable[[dict[str, Any]], actions.Made],
    **context: Any,
) -> HttpResponse:
    """Ask, then show the token."""
    return secret_page(request, form, make=make, shown=_shown, template=template, cancel=_back(), **context)


def _shown(made: actions.Made) -> Shown:
    return Shown(
        title=_("Token of %(name)s") % {"name": made.row},
        value=made.secret,
        file_name=f"private.{made.row.mini_program.app_id if made.row.mini_program else made.row.name}.key",
        done=_back(),
        also_title=_("For the platform’s SDK"),
        also=[
            (_("Endpoint"), urlsplit(settings.BASE_URL).netloc),
            ("SecretId", secret_id(made.row)),
            ("SecretKey", secret_key(made.row)),
        ],
    )


def _replace(request: SignedInRequest, token: Token) -> HttpResponse:
    keys = Token.objects.upload_keys_of(token).usable(at=timezone.now())
    return _made(
        request,
        ReplaceForm(posted(request), initial={"seen": token.hint}, has_keys=bool(keys)),
        template="automation/confirm/replace.html",
        make=lambda data: actions.rotate(token, by=request.user, **data),
        token=token,
        keys=keys,
    )


def _end(request: SignedInRequest, token: Token) -> HttpResponse:
    day = timezone.localtime(token.expires_at).date() if token.expires_at else None
    return confirm_page(
        request,
        EndForm(posted(request), initial={"expires_at": day}),
        save=lambda data: actions.set_end(token, expires_at=data["expires_at"], by=request.user),
        toast=lambda _row: _("Saved."),
        back=_back(),
        template="automation/confirm/end.html",
        token=token,
    )


def _revoke(request: SignedInRequest, token: Token, *, toast: str) -> HttpResponse:
    return confirm_page(
        request,
        NoteForm(posted(request)),
        save=lambda data: actions.revoke(token, by=request.user, reason=data["note"]),
        toast=lambda row: toast % {"name": row},
        back=_back(),
        template="automation/confirm/revoke.html",
        token=token,
        keys=Token.objects.upload_keys_of(token).usable(at=timezone.now()),
    )

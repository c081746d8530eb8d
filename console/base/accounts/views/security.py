"""The page “Account · Security”: how a person signs in, where they are signed in, and what happened (P-6)."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts import codes, presenters, sudo
from console.base.accounts.access import (
    SignedInRequest,
    own_address_change,
    own_entry,
    own_session,
    route,
    team_asking_for_factor,
)
from console.base.accounts.actions import safety
from console.base.accounts.authentication import has_password
from console.base.accounts.models import AddressChange, SecurityEntry, UserSession
from console.base.accounts.permissions import Permission
from console.base.accounts.sheets import security_sheet
from console.base.activity.filters import EntriesFilter
from console.base.core.pages import confirm_page, form_page, page_of, posted
from console.base.core.sheets import is_asked


def _security() -> str:
    return reverse("mfa_index")


@route(Permission.SIGNED_IN, before_factor=True)
def index(request: SignedInRequest) -> HttpResponse:
    """Signing in, sessions, and the newest of the log."""
    shows_all = request.GET.get("log") == "all"
    context = {
        "signing_in": presenters.signing_in(request.user),
        "sessions": presenters.sessions(request.user, current=request.session.session_key or ""),
        "asked": request.user.security_entries.asked_in(request.session.session_key or "").first(),
        "log": presenters.newest_entries(request.user, shows_all=shows_all),
        "log_choices": presenters.log_choices(shows_all=shows_all),
        "asking": team_asking_for_factor(request),
        "limits": presenters.limits(),
    }
    return render(request, "accounts/security.html", context)


@route(Permission.SIGNED_IN, before_factor=True)
def log(request: SignedInRequest) -> HttpResponse:
    """Everything that happened to the account, also as CSV."""
    entries = request.user.security_entries.all()
    if is_asked(request):
        return security_sheet(request, entries, name="security-log")
    filters = EntriesFilter(request.GET, entries, request=request)
    return render(request, "accounts/security_log.html", {"filter": filters, "page": page_of(request, filters.qs)})


@route(Permission.SIGNED_IN, load=own_session, methods="GET POST", sudo=True, before_factor=True)
def end_session(request: SignedInRequest, session: UserSession) -> HttpResponse:
    """End one session."""
    return _confirm(
        request,
        template="accounts/confirm/end_session.html",
        save=lambda data: safety.end_session(session, by=request.user),
        toast=_("Session ended."),
        session=presenters.session_row(session, current=request.session.session_key or ""),
    )


@route(Permission.SIGNED_IN, methods="GET POST", sudo=True, before_factor=True)
def end_others(request: SignedInRequest) -> HttpResponse:
    """End all sessions but this one."""
    key = request.session.session_key or ""
    return _confirm(
        request,
        template="accounts/confirm/end_others.html",
        save=lambda data: safety.end_other_sessions(request.user, keep=key, by=request.user),
        toast=_("You are now signed in only here."),
    )


@route(Permission.SIGNED_IN, load=own_entry, methods="POST", before_factor=True)
def mine(request: SignedInRequest, entry: SecurityEntry) -> HttpResponse:
    """“Yes, it was me.”"""
    key = request.session.session_key or ""
    return _confirm(
        request,
        template="accounts/confirm/not_mine.html",
        save=lambda data: safety.answer_sign_in(entry, mine=True, by=request.user, keep=key),
        toast=_("Thank you. We won’t ask about this sign-in again."),
        entry=entry,
    )


@route(Permission.SIGNED_IN, load=own_entry, methods="GET POST", sudo=True, before_factor=True)
def not_mine(request: SignedInRequest, entry: SecurityEntry) -> HttpResponse:
    """“No”: end the other sessions, and go on to a new password."""
    key = request.session.session_key or ""
    done = _("Your other sessions have ended."), _security()
    if has_password(request.user):
        done = _("Your other sessions have ended. Set a new password now."), reverse("account_change_password")
    return form_page(
        request,
        forms.Form(posted(request)),
        save=lambda data: safety.answer_sign_in(entry, mine=False, by=request.user, keep=key),
        success=lambda _done: done,
        template="accounts/confirm/not_mine.html",
        cancel=_security(),
        entry=entry,
    )


@route(Permission.SIGNED_IN, load=own_address_change, methods="GET POST", sudo=True, before_factor=True)
def address(request: SignedInRequest, change: AddressChange) -> HttpResponse:
    """What the link in the new mailbox opens for the person, signed in: take the new address or keep the old (P-7)."""

    def save(data: dict[str, Any]) -> None:
        decide = safety.confirm_address if "confirm" in request.POST else safety.refuse_address
        decide(change, by=request.user)

    return _confirm(
        request,
        template="accounts/confirm/address.html",
        save=save,
        toast=_("Your e-mail address is now %(email)s.") % {"email": change.email}
        if "confirm" in request.POST
        else _("Your e-mail address was not changed."),
        change=change,
    )


@route(Permission.SIGNED_IN, methods="GET POST", before_factor=True)
def recovery_codes(request: SignedInRequest) -> HttpResponse:
    """New recovery codes, to be kept elsewhere: until they are put away, or for a day."""
    return _recovery_codes(request)


@reauthentication_required(allow_get=False, enabled=sudo.needed)
def _recovery_codes(request: SignedInRequest) -> HttpResponse:
    recovery = codes.recovery_of(request.user)
    if recovery is None or not recovery.readable:
        return redirect("mfa_generate_recovery_codes" if recovery else "mfa_index")
    if request.method == "POST":
        codes.put_away(request.user)
        return redirect("mfa_index")
    context = {"unused_codes": recovery.row.wrap().get_unused_codes(), "total_count": codes.COUNT}
    answer = render(request, "mfa/recovery_codes/index.html", context)
    answer["Cache-Control"] = "no-store, no-transform"  # Not compressed, see `CompressMiddleware`.
    return answer


def _confirm(request: SignedInRequest, *, save: Any, toast: str, template: str, **context: Any) -> HttpResponse:
    """Ask in a dialog, run the verb, and go back to the page."""
    form = forms.Form(posted(request))
    return confirm_page(
        request, form, save=save, toast=lambda _done: toast, back=_security(), template=template, **context
    )

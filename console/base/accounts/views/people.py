"""The operators' pages about people: all accounts, one of them, and the security log of all (P-6, P-7, P-12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import F
from django.db.models.functions import Lower
from django.db.models.lookups import IsNull
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts import actions, authentication
from console.base.accounts.access import SignedInRequest, any_person, changeable_person, may_change, operator, route
from console.base.accounts.actions import safety
from console.base.accounts.filters import PeopleFilter, SecurityFilter
from console.base.accounts.forms import NewPersonForm, PersonAddressForm, PersonForm
from console.base.accounts.models import Invitation, SecurityEntry, User
from console.base.accounts.permissions import Permission
from console.base.accounts.presenters import people_rows
from console.base.accounts.sheets import PEOPLE, security_sheet
from console.base.core.errors import refuse_if
from console.base.core.pages import confirm_page, form_page, page_of, posted
from console.base.core.sheets import is_asked, sheet

NEWEST = 10  # entries of a person's log
SHOWN = 20  # open invitations of all teams


def _page_of(person: User) -> str:
    return reverse("platform:person", args=[person.pk])


@route(Permission.OPERATOR, load=operator)
def people(request: SignedInRequest, user: User) -> HttpResponse:
    """All accounts, and below them who was invited and has none yet."""
    filters = PeopleFilter(request.GET, User.objects.people().order_by(Lower("name"), "email"), request=request)
    if is_asked(request):
        return sheet(request, filters.rows, PEOPLE, name="people", of=people_rows)
    page = page_of(request, filters.rows, count=filters.count)
    # Those that nobody has in their mailbox first, then by when they expire.
    invitations = Invitation.objects.open().order_by(IsNull(F("emailed_at"), False), "expires_at")
    context = {
        "filter": filters,
        "page": page,
        "rows": people_rows(page.object_list),
        "invitations": invitations.select_related("team")[:SHOWN],
        "invited": invitations.count(),
        "now": timezone.now(),
    }
    return render(request, "accounts/operators/people.html", context)


@route(Permission.OPERATOR, load=any_person)
def person(request: SignedInRequest, person: User) -> HttpResponse:
    """One account: its teams, how its person signs in, and the newest of its security log."""
    may = may_change(request.user, person)
    context = {
        "person": person,
        "row": people_rows([person])[0],
        "change": person.address_changes.open(at=timezone.now()).first(),
        "entries": person.security_entries.for_operators()[:NEWEST],
        "why_not": "" if may else _("Only superusers can change operators’ accounts."),
        "why_no_link": _why_no_link(person),
    }
    return render(request, "accounts/operators/person.html", context)


def _why_no_link(person: User) -> str:
    """Return why nobody can be sent a link for a password, in words; "" when the person can."""
    if not settings.PASSWORD_SIGN_IN:
        return str(authentication.PASSWORDS_OFF)
    return "" if person.is_active else _("Account deactivated.")


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def new_person(request: SignedInRequest, user: User) -> HttpResponse:
    """Make an account without a password, and mail its person the link to set one."""

    def success(person: User) -> tuple[str, str]:
        sends = form.cleaned_data.get("send_link")
        why_not = authentication.send_password_link(request, person) if sends else ""
        if sends and not why_not:
            return _("Link sent to %(email)s.") % {"email": person.email}, _page_of(person)
        if why_not:
            messages.warning(request, why_not)
        return _("Account of %(person)s created.") % {"person": person}, _page_of(person)

    def save(data: dict[str, Any]) -> User:
        fields = {name: value for name, value in data.items() if name != "send_link"}
        return actions.create_user(by=user, **fields)

    form = NewPersonForm(posted(request), by=user)
    return form_page(
        request,
        form,
        save=save,
        success=success,
        template="accounts/operators/new_person.html",
        cancel=reverse("platform:people"),
    )


@route(Permission.OPERATOR, load=changeable_person, methods="GET POST", sudo=True)
def edit_person(request: SignedInRequest, person: User) -> HttpResponse:
    """Change the name, whether the account is active, and for superusers whether its person is an operator."""
    known = {"name": person.name, "is_active": person.is_active, "is_staff": person.is_staff}
    return confirm_page(
        request,
        PersonForm(posted(request), initial=known, by=request.user, person=person),
        save=lambda data: actions.edit_user(person, by=request.user, **data),
        toast=lambda _saved: _("Saved."),
        back=_page_of(person),
        template="accounts/operators/edit_person.html",
        person=person,
    )


@route(Permission.OPERATOR, load=changeable_person, methods="GET POST", sudo=True)
def ask_for_address(request: SignedInRequest, person: User) -> HttpResponse:
    """Ask the person to take another address (P-7)."""
    words = _("Link sent to %(email)s. The address changes when the person opens the link while signed in.")
    return confirm_page(
        request,
        PersonAddressForm(posted(request)),
        save=lambda data: safety.ask_for_address(person, email=data["email"], by=request.user),
        toast=lambda asked: words % {"email": asked.email},
        back=_page_of(person),
        template="accounts/operators/address.html",
        person=person,
    )


@route(Permission.OPERATOR, load=any_person, methods="GET POST", sudo=True)
def send_password_link(request: SignedInRequest, person: User) -> HttpResponse:
    """Mail the person a link that sets a new password and works once."""
    why_not = _why_no_link(person)

    def save(_data: dict[str, Any]) -> None:
        refuse_if(why_not)
        refuse_if(authentication.send_password_link(request, person))

    return confirm_page(
        request,
        forms.Form(posted(request)),
        save=save,
        toast=lambda _sent: _("Link sent to %(email)s.") % {"email": person.email},
        back=_page_of(person),
        template="accounts/operators/password_link.html",
        impossible=why_not,
        person=person,
    )


@route(Permission.OPERATOR, load=operator)
def security_log(request: SignedInRequest, user: User) -> HttpResponse:
    """Failed sign-ins and changes of all accounts, also as CSV of what the filters show."""
    filters = SecurityFilter(request.GET, SecurityEntry.objects.for_operators(), request=request)
    if is_asked(request):
        return security_sheet(request, filters.qs, name="security-log")
    page = page_of(request, filters.qs.select_related("user"))
    return render(request, "accounts/operators/security_log.html", {"filter": filters, "page": page})

"""The pages of one host application."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, held_by_team, route, teams_for
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import ApplicationRole, Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.activity.rehearsal import Follows
from console.base.activity.views import activity_page
from console.base.core.errors import ActionRefused, Conflict
from console.base.core.pages import NoteForm, confirm_page, form_page, posted
from console.base.hosts import actions, events, rules
from console.base.hosts.access import application_for, application_of_team, invited_for, key_for, person_for
from console.base.hosts.actions import inviting
from console.base.hosts.forms import (
    AdministratorForm,
    CreateForm,
    EditForm,
    KeyForm,
    PersonForm,
    ReviewerForm,
    RoleForm,
)
from console.base.hosts.models import ApplicationKey, ApplicationMember, HostApplication, ReviewerInvitation
from console.base.hosts.proof_words import WORDS


@route(Permission.VIEW_APPLICATION, load=application_for)
def detail(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """What it is, who may do what, and its device keys."""
    keys = application.keys.select_related("created_by")
    people = application.people.select_related("user").order_by("role", "user__name", "pk")
    administrators = actions.administrators_of(application)
    context = {
        "application": application,
        "invited": application.reviewer_invitations.open().select_related("invitation__invited_by"),
        "people": [(person, rules.why_not_leave(person, administrators)) for person in people],
        "keys": keys,
        "active_keys": [key for key in keys if key.revoked_at is None],
        "proofs": [(words, getattr(application, f"{use}_proved_since")) for use, words in WORDS.items()],
        "reviews": Permission.DECIDE in application.held,  # type: ignore[attr-defined]
        "why_not_edit": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
        "needs": Permission.EDIT_APPLICATION,
        "unled": not administrators,
        "why_not_appoint": lacking(held_by_team(request.user)[application.team_id], Permission.ADMINISTER),
    }
    return render(request, "hosts/detail.html", context)


@route(Permission.VIEW_APPLICATION, load=application_for)
def activity(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """What was done in it and for it."""
    entries = ActivityEntry.objects.of_application(application.application_id)
    return activity_page(request, entries, application=application)


@route(Permission.ADMINISTER, load=teams_for, methods="GET POST", sudo=True)
def create(request: SignedInRequest, teams: QuerySet[Team]) -> HttpResponse:
    """Create an application in a team that the user administers."""
    chosen = request.GET.get("team", "")
    form = CreateForm(posted(request), request.FILES or None, teams=teams, initial={"team": chosen})
    return form_page(
        request,
        form,
        save=lambda data: inviting.create_with_reviewer(by=request.user, **data),
        success=lambda application: (
            _("%(name)s created. Download its configuration file to connect the app.") % {"name": application},
            application.get_absolute_url(),
        ),
        template="hosts/create.html",
        cancel=reverse("hosts:list"),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST")
def edit(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Change the descriptive fields; who comes second sees what changed."""
    seen = {name: getattr(application, name) for name in (*actions.DESCRIPTIVE, "icon", "revision")}
    form = EditForm(posted(request), request.FILES or None, initial=seen)

    def save(data: dict[str, Any]) -> HostApplication:
        try:
            return actions.edit_application(application, by=request.user, **data)
        except Conflict:
            edits = ActivityEntry.objects.of_application(application.application_id)
            current = HostApplication.objects.get(pk=application.pk)
            form.show_conflict(current, edits.filter(verb=events.ApplicationEdited.name))
            raise

    return form_page(
        request,
        form,
        save=save,
        success=lambda changed: (_("Changes saved."), changed.get_absolute_url()),
        application=application,
        template="hosts/edit.html",
        cancel=application.get_absolute_url(),
    )


def _members(application: HostApplication) -> QuerySet[User]:
    """Return the members of the owning team who can sign in."""
    people = User.objects.people().filter(memberships__team=application.team, is_active=True)
    return people.order_by("name", "email")


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def add_person(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Give someone a role."""
    without_role = _members(application).exclude(application_roles__application=application)
    form = PersonForm(posted(request), candidates=without_role)
    return _dialog(
        request,
        application,
        form,
        template="hosts/confirm/add_person.html",
        save=lambda data: actions.add_person(application, by=request.user, **data),
        toast=lambda person: (
            _("%(person)s is now %(role)s.") % {"person": person.user, "role": person.get_role_display().lower()}
        ),
    )


@route(Permission.ADMINISTER, load=application_of_team, methods="GET POST", sudo=True)
def appoint_administrator(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make a member of the team application administrator, where no administrator can sign in."""
    return _dialog(
        request,
        application,
        AdministratorForm(posted(request), candidates=_members(application)),
        template="hosts/confirm/appoint_administrator.html",
        save=lambda data: actions.appoint_administrator(application, by=request.user, **data),
        toast=lambda person: (
            _("%(person)s is now %(role)s.") % {"person": person.user, "role": person.get_role_display().lower()}
        ),
        impossible=rules.why_not_appoint(application),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def invite_reviewer(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Invite someone as reviewer by e-mail (P-11)."""

    def toast(invited: ReviewerInvitation | ApplicationMember) -> str:
        if isinstance(invited, ApplicationMember):
            return _("%(person)s is already in the team and is now a reviewer.") % {"person": invited.user}
        words = (
            _("Invitation sent to %(email)s.")
            if invited.mailed
            else _("%(email)s’s open invitation now also makes them a reviewer.")
        )
        return words % {"email": invited.invitation.email}

    return _dialog(
        request,
        application,
        ReviewerForm(posted(request), initial={"email": request.GET.get("email", "")}),
        template="hosts/confirm/invite_reviewer.html",
        save=lambda data: inviting.invite_reviewer(application, by=request.user, **data),
        toast=toast,
    )


@route(Permission.EDIT_APPLICATION, load=invited_for, methods="GET POST", sudo=True)
def withdraw_reviewer(request: SignedInRequest, invited: ReviewerInvitation) -> HttpResponse:
    """Take an invitation as reviewer back (P-11)."""

    def toast(ended: bool) -> str:
        words = _("Invitation of %(email)s revoked.") if ended else _("%(email)s is no longer invited as a reviewer.")
        return words % {"email": invited.invitation.email}

    return _dialog(
        request,
        invited.application,
        forms.Form(posted(request)),
        template="hosts/confirm/withdraw_reviewer.html",
        save=lambda _data: inviting.withdraw_reviewer(invited, by=request.user),
        toast=toast,
        invitation=invited.invitation,
        ends=invited.ends_with_it,
    )


@route(Permission.EDIT_APPLICATION, load=person_for, methods="GET POST", sudo=True)
def change_role(request: SignedInRequest, person: ApplicationMember) -> HttpResponse:
    """Give a person another role."""
    other = next(role for role in ApplicationRole if role != person.role)
    return _dialog(
        request,
        person.application,
        RoleForm(posted(request), initial={"role": other}),
        template="hosts/confirm/change_role.html",
        save=lambda data: actions.change_role(person, by=request.user, **data),
        toast=lambda changed: (
            _("%(person)s is now %(role)s.") % {"person": changed.user, "role": changed.get_role_display().lower()}
        ),
        follows=_withdrawals(lambda: actions.change_role(person, role=other, by=request.user)),
        person=person,
    )


@route(Permission.EDIT_APPLICATION, load=person_for, methods="GET POST", sudo=True)
def remove_person(request: SignedInRequest, person: ApplicationMember) -> HttpResponse:
    """Take a person's role."""
    return _dialog(
        request,
        person.application,
        forms.Form(posted(request)),
        template="hosts/confirm/remove_person.html",
        save=lambda _data: actions.remove_person(person, by=request.user),
        toast=lambda _none: _("%(person)s removed.") % {"person": person.user},
        follows=_withdrawals(lambda: actions.remove_person(person, by=request.user)),
        person=person,
    )


def _withdrawals(verb: Callable[[], Any]) -> Follows:
    """Return which invitations of reviewers end; that some end as those of the team, too, needs no second line."""
    return Follows(verb, only=lambda event: isinstance(event, events.ReviewerInvitationWithdrawn))


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def add_key(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make another device key."""
    return _dialog(
        request,
        application,
        forms.Form(posted(request)),
        template="hosts/confirm/add_key.html",
        save=lambda _data: actions.add_key(application, by=request.user),
        toast=lambda key: _("Key %(key)s added.") % {"key": key},
    )


@route(Permission.EDIT_APPLICATION, load=key_for, methods="GET POST", sudo=True)
def revoke_key(request: SignedInRequest, key: ApplicationKey) -> HttpResponse:
    """End a device key; the last one too, with the consequence named."""
    application = key.application
    return _dialog(
        request,
        application,
        NoteForm(posted(request)),
        template="hosts/confirm/revoke_key.html",
        save=lambda data: actions.revoke_key(key, by=request.user, reason=data["note"]),
        toast=lambda revoked: _("Key %(key)s revoked.") % {"key": revoked},
        key=key,
        others=application.keys.active().exclude(pk=key.pk).count(),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def configuration(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Download the file that the SDK inside the application reads."""
    keys = application.keys.active()
    form = KeyForm(posted(request), keys=keys)
    if form.is_valid():
        key = form.cleaned_data["key"]
        key.application = application
        try:
            return _file(application, actions.export_configuration(key, by=request.user))
        except ActionRefused as refused:
            form.add_error(refused.field, refused.message)
    context = {
        "application": application,
        "form": form,
        "keys": keys,
        "cancel": application.get_absolute_url(),
    }
    return render(request, "hosts/configuration.html", context, status=422 if form.is_bound else 200)


def _file(application: HostApplication, content: dict[str, Any]) -> HttpResponse:
    """Return `content` as a JSON file that nothing between us and the reader keeps."""
    headers = {
        "Content-Disposition": f'attachment; filename="{application.application_id}.json"',
        "Cache-Control": "no-store",
    }
    body = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return HttpResponse(body, content_type="application/json", headers=headers)


def _dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the application's page."""
    back = application.get_absolute_url()
    return confirm_page(request, form, toast=toast, back=back, application=application, **context)

"""The operators' pages about one team: its members and invitations, and whom they would like to add (P-7, P-12)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts import actions
from console.base.accounts.access import SignedInRequest, any_member, any_team, first_invitation, operator, route
from console.base.accounts.actions import safety
from console.base.accounts.events import OF_PEOPLE, TeamEvent
from console.base.accounts.filters import MemberFilter
from console.base.accounts.forms import AddMemberForm, NewTeamForm, TeamNameForm
from console.base.accounts.models import Invitation, Membership, Team, User
from console.base.accounts.permissions import Permission
from console.base.accounts.presenters import asked_words
from console.base.activity.models import ActivityEntry
from console.base.activity.rehearsal import Follows
from console.base.core.pages import NoteForm, confirm_page, form_page, page_of, posted

RECENT = 6


def _page_of(team: Team) -> str:
    return reverse("platform:team", args=[team.pk])


@route(Permission.OPERATOR, load=operator, methods="GET POST", sudo=True)
def new_team(request: SignedInRequest, user: User) -> HttpResponse:
    """Make a team and invite its first administrator (P-11)."""
    return form_page(
        request,
        NewTeamForm(posted(request)),
        save=lambda data: safety.invite_first_administrator(by=user, **data),
        success=lambda invitation: (
            _("%(team)s created. Invitation sent to %(email)s.") % {"team": invitation.team, "email": invitation.email},
            reverse("home"),
        ),
        template="accounts/new_team.html",
        cancel=reverse("home"),
    )


@route(Permission.OPERATOR, load=any_team)
def team(request: SignedInRequest, team: Team) -> HttpResponse:
    """One team: its members, open invitations, who is proposed, and what happened lately."""
    filters = MemberFilter(request.GET, team.memberships.select_related("user").by_rank(), request=request)
    admins = list(team.memberships.acting_admins().values_list("pk", flat=True)[:2])
    led = team.has_administrator
    context = {
        "team": team,
        "filter": filters,
        "page": page_of(request, filters.qs),
        "invitations": team.invitations.open().select_related("invited_by"),
        "proposals": team.proposals.open().select_related("asked_by"),
        "entries": ActivityEntry.objects.of_team(team.pk).filter(verb__in=OF_PEOPLE)[:RECENT],
        "led": led,
        "acting": bool(admins),
        "why_not": _("Only team administrators can do this.") if led else "",
        "last_admin": admins[0] if len(admins) == 1 else None,
        "why_last": actions.LAST_ADMIN,
        "now": timezone.now(),
    }
    return render(request, "accounts/operators/team.html", context)


@route(Permission.OPERATOR, load=any_team, methods="GET POST", sudo=True)
def edit_team(request: SignedInRequest, team: Team) -> HttpResponse:
    """Rename the team; what it requires of its members is its own decision."""
    return confirm_page(
        request,
        TeamNameForm(posted(request), initial={"name": team.name}),
        save=lambda data: actions.edit_team(team, by=request.user, **data),
        toast=lambda _saved: _("Saved."),
        back=_page_of(team),
        template="accounts/edit.html",
        team=team,
    )


@route(Permission.OPERATOR, load=any_team, methods="GET POST", sudo=True)
def add_member(request: SignedInRequest, team: Team) -> HttpResponse:
    """Invite the first administrator, or propose a member to those that there are (P-7)."""
    led, acting = team.has_administrator, team.memberships.acting_admins().exists()
    return confirm_page(
        request,
        AddMemberForm(posted(request), led=led, acting=acting),
        save=lambda data: safety.add_by_operator(team, by=request.user, **data),
        toast=asked_words,
        back=_page_of(team),
        template="accounts/operators/add_member.html",
        team=team,
        led=led,
    )


@route(Permission.OPERATOR, load=any_member, methods="GET POST", sudo=True)
def remove_member(request: SignedInRequest, member: Membership) -> HttpResponse:
    """End a membership, where somebody has left the company."""
    return confirm_page(
        request,
        NoteForm(posted(request)),
        save=lambda data: actions.remove_member(member, by=request.user, reason=data["note"]),
        toast=lambda _done: _("%(person)s is no longer a member.") % {"person": member.user},
        back=_page_of(member.team),
        template="accounts/confirm/remove.html",
        follows=Follows(
            lambda: actions.remove_member(member, by=request.user), only=lambda event: isinstance(event, TeamEvent)
        ),
        team=member.team,
        member=member,
    )


@route(Permission.OPERATOR, load=first_invitation, methods="GET POST", sudo=True)
def resend_invitation(request: SignedInRequest, invitation: Invitation) -> HttpResponse:
    """Send the first administrator's invitation again, with a new link."""
    return _of_invitation(
        request,
        invitation,
        template="accounts/confirm/resend.html",
        save=lambda data: actions.resend_invitation(invitation, by=request.user),
        toast=_("New link sent to %(email)s.") % {"email": invitation.email},
        days=settings.INVITATION_DAYS,
    )


@route(Permission.OPERATOR, load=first_invitation, methods="GET POST", sudo=True)
def revoke_invitation(request: SignedInRequest, invitation: Invitation) -> HttpResponse:
    """Take the first administrator's invitation back."""
    return _of_invitation(
        request,
        invitation,
        template="accounts/confirm/revoke.html",
        save=lambda data: actions.revoke_invitation(invitation, by=request.user),
        toast=_("Invitation of %(email)s revoked.") % {"email": invitation.email},
    )


def _of_invitation(request: SignedInRequest, invitation: Invitation, *, toast: str, **context: Any) -> HttpResponse:
    return confirm_page(
        request,
        forms.Form(posted(request)),
        toast=lambda _done: toast,
        back=_page_of(invitation.team),
        team=invitation.team,
        invitation=invitation,
        **context,
    )

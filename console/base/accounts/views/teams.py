"""The pages of teams, members, invitations and the own profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import activate, get_language, gettext_lazy
from django.utils.translation import gettext as _

from console.base.accounts import actions
from console.base.accounts.access import (
    SignedInRequest,
    invitation_by_token,
    invitation_for,
    member_for,
    proposal_for,
    route,
    team_for,
)
from console.base.accounts.actions import safety
from console.base.accounts.authentication import record_sign_in
from console.base.accounts.filters import MemberFilter, MembershipFilter
from console.base.accounts.forms import DecideForm, InviteForm, NewUserForm, ProfileForm, RoleForm, TeamForm
from console.base.accounts.inviting import role_words, with_roles
from console.base.accounts.models import Invitation, Membership, MembershipProposal, SecurityEntry, Team, User
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission, TeamRole, lacking
from console.base.accounts.presenters import robots_known_to
from console.base.accounts.sheets import MEMBERS, security_sheet
from console.base.activity.catalogue import Act, acts_page, buttons
from console.base.activity.filters import EntriesFilter
from console.base.activity.models import ActivityEntry
from console.base.activity.rehearsal import Follows
from console.base.activity.views import activity_page
from console.base.core.errors import ActionRefused
from console.base.core.pages import NoteForm, form_page, page_of, posted
from console.base.core.sheets import is_asked, sheet
from console.base.core.text import listed

RECENT = 6


def _page_of(team: Team) -> str:
    return reverse("accounts:detail", args=[team.pk])


@route(Permission.SIGNED_IN)
def teams(request: SignedInRequest) -> HttpResponse:
    """The user's teams."""
    own = Membership.objects.filter(user=request.user).select_related("team")
    rows = own.annotate(people=Count("team__memberships", filter=Q(team__memberships__user__is_robot=False))).order_by(
        "team__name"
    )
    filters = MembershipFilter(request.GET, rows, request=request)
    return render(request, "accounts/teams.html", {"filter": filters, "page": page_of(request, filters.qs)})


@route(Permission.VIEW, load=team_for)
def detail(request: SignedInRequest, team: Team) -> HttpResponse:
    """One team: its members, open invitations and what happened lately."""
    filters = MemberFilter(request.GET, team.memberships.select_related("user").by_rank(), request=request)
    if is_asked(request):
        return sheet(request, filters.qs, MEMBERS, name=f"team-{team.pk}-members")
    admins = list(team.memberships.acting_admins().values_list("pk", flat=True)[:2])
    context = {
        "team": team,
        "filter": filters,
        "page": page_of(request, filters.qs),
        "invitations": with_roles(team.invitations.open().select_related("invited_by")),
        "proposals": team.proposals.open().select_related("asked_by"),
        "entries": ActivityEntry.objects.of_team(team.pk)[:RECENT],
        "why_not": lacking(TEAM_ROLE_PERMISSIONS[team.membership.role], Permission.ADMINISTER),
        "needs": Permission.ADMINISTER,
        "buttons": buttons(MEMBER_ACTS, "accounts:selected_members", team.pk),
        "last_admin": admins[0] if len(admins) == 1 else None,
        "why_last": actions.LAST_ADMIN,
        "now": timezone.now(),
    }
    return render(request, "accounts/team.html", context)


@route(Permission.VIEW, load=team_for)
def activity(request: SignedInRequest, team: Team) -> HttpResponse:
    """Everything that was done in the team."""
    entries = ActivityEntry.objects.of_team(team.pk)
    return activity_page(request, entries, team=team)


@route(Permission.ADMINISTER, load=team_for, methods="GET POST", sudo=True)
def edit(request: SignedInRequest, team: Team) -> HttpResponse:
    """Rename the team, and require a second factor of its members."""
    # The form changes its own instance while it validates; the page around it keeps the name as it is.
    instance = Team(pk=team.pk, name=team.name, requires_second_factor=team.requires_second_factor)
    instance._state.adding = False  # Its own name is not taken.
    return form_page(
        request,
        TeamForm(posted(request), instance=instance),
        save=lambda data: actions.edit_team(team, by=request.user, **data),
        success=lambda saved: (_("Saved."), _page_of(saved)),
        template="accounts/edit.html",
        team=team,
        cancel=_page_of(team),
    )


@route(Permission.ADMINISTER, load=team_for, methods="GET POST", sudo=True)
def invite(request: SignedInRequest, team: Team) -> HttpResponse:
    """Invite a person by e-mail."""
    return form_page(
        request,
        InviteForm(posted(request), initial={"role": "developer"}),
        save=lambda data: actions.invite(team, by=request.user, **data),
        success=lambda invitation: (
            _("Invitation sent to %(email)s.") % {"email": invitation.email},
            _page_of(team),
        ),
        template="accounts/invite.html",
        team=team,
        cancel=_page_of(team),
    )


@route(Permission.ADMINISTER, load=invitation_for, methods="GET POST", sudo=True)
def resend(request: SignedInRequest, invitation: Invitation) -> HttpResponse:
    """Send an invitation again, with a new link."""
    return _confirm(
        request,
        forms.Form(posted(request)),
        invitation.team,
        template="accounts/confirm/resend.html",
        save=lambda data: actions.resend_invitation(invitation, by=request.user),
        toast=_("New link sent to %(email)s.") % {"email": invitation.email},
        invitation=invitation,
        days=settings.INVITATION_DAYS,
    )


@route(Permission.ADMINISTER, load=invitation_for, methods="GET POST", sudo=True)
def revoke(request: SignedInRequest, invitation: Invitation) -> HttpResponse:
    """Take an invitation back."""
    return _confirm(
        request,
        forms.Form(posted(request)),
        invitation.team,
        template="accounts/confirm/revoke.html",
        save=lambda data: actions.revoke_invitation(invitation, by=request.user),
        toast=_("Invitation of %(email)s revoked.") % {"email": invitation.email},
        invitation=invitation,
    )


@route(Permission.ADMINISTER, load=member_for, methods="GET POST", sudo=True)
def change_role(request: SignedInRequest, member: Membership) -> HttpResponse:
    """Give a member another role."""
    return _confirm(
        request,
        RoleForm(posted(request), initial={"role": member.role}),
        member.team,
        template="accounts/confirm/change_role.html",
        save=lambda data: actions.change_role(member, role=data["role"], by=request.user),
        toast=_("Role of %(person)s changed.") % {"person": member.user},
        # Any other role ends the same: what only an administrator sends.
        follows=member.role == TeamRole.ADMIN
        and Follows(lambda: actions.change_role(member, role=TeamRole.VIEWER, by=request.user)),
        member=member,
    )


@route(Permission.ADMINISTER, load=member_for, methods="GET POST", sudo=True)
def remove(request: SignedInRequest, member: Membership) -> HttpResponse:
    """End a membership; the dialog names the robots whose token the person knows."""
    robots = robots_known_to(member)
    return _confirm(
        request,
        NoteForm(posted(request)),
        member.team,
        template="accounts/confirm/remove.html",
        save=lambda data: actions.remove_member(member, by=request.user, reason=data["note"]),
        toast=_("%(person)s is no longer a member.") % {"person": member.user},
        follows=Follows(lambda: actions.remove_member(member, by=request.user)),
        member=member,
        robots=robots,
        robot_names=listed(robots),
    )


def _person(member: Membership) -> str:
    return str(member.user)


def _role_act(role: TeamRole, icon: str) -> Act:
    def give(member: Membership, by: User) -> None:
        if member.role == role:
            raise ActionRefused(_("%(person)s has this role already.") % {"person": member.user})
        actions.change_role(member, role=role, by=by)

    return Act(
        label=format_lazy(gettext_lazy("Role: {role}"), role=role.label),
        icon=icon,
        verb=give,
        ask_one=format_lazy(gettext_lazy("New role of %(name)s: {role}"), role=role.label),
        ask=format_lazy(gettext_lazy("New role of %(count)d members: {role}"), role=role.label),
        done_one=gettext_lazy("Role of %(name)s changed."),
        done=gettext_lazy("Roles of %(count)d members changed."),
        effects=(("bolt", gettext_lazy("Takes effect immediately.")),),
        name_of=_person,
    )


# Team administrators are made one by one: who can change everything deserves a dialog of their own.
MEMBER_ACTS = {
    "license-holder": _role_act(TeamRole.LICENSE_HOLDER, "user-cog"),
    "developer": _role_act(TeamRole.DEVELOPER, "user-cog"),
    "viewer": _role_act(TeamRole.VIEWER, "user-cog"),
    "remove": Act(
        label=gettext_lazy("Remove"),
        icon="user-minus",
        verb=lambda member, by, note: actions.remove_member(member, by=by, reason=note),
        ask_one=gettext_lazy("Remove %(name)s from the team?"),
        ask=gettext_lazy("Remove %(count)d members from the team?"),
        done_one=gettext_lazy("%(name)s is no longer a member."),
        done=gettext_lazy("%(count)d people are no longer members."),
        effects=(
            ("door-exit", gettext_lazy("They immediately lose access to the team, its mini programs and host apps.")),
            ("clipboard-off", gettext_lazy("Roles in the team’s host apps end as well.")),
            ("history", gettext_lazy("Records of their actions are kept.")),
        ),
        danger=True,
        takes_note=True,
        name_of=_person,
    ),
}


@route(Permission.ADMINISTER, load=team_for, methods="GET POST", sudo=True)
def selected_members(request: SignedInRequest, team: Team, act: str) -> HttpResponse:
    """Give the ticked members a role or remove them, each by the same verb as alone; oneself is not among them."""
    others = team.memberships.people().exclude(user=request.user).select_related("user", "team")
    return acts_page(request, MEMBER_ACTS, act, others, by=request.user, url=_page_of(team))


@route(Permission.VIEW, load=team_for, methods="GET POST", sudo=True)
def leave(request: SignedInRequest, team: Team) -> HttpResponse:
    """End one's own membership."""
    return _confirm(
        request,
        forms.Form(posted(request)),
        team,
        template="accounts/confirm/leave.html",
        save=lambda data: actions.remove_member(team.membership, by=request.user),
        toast=_("You left %(team)s.") % {"team": team},
        follows=Follows(lambda: actions.remove_member(team.membership, by=request.user)),
        url=reverse("accounts:list"),
    )


def _confirm(
    request: SignedInRequest,
    form: forms.BaseForm,
    team: Team,
    *,
    save: Callable[[dict[str, Any]], Any],
    toast: str,
    url: str = "",
    **context: Any,
) -> HttpResponse:
    """Ask in a dialog, run the verb, and go back to the team (or to `url`)."""
    back = _page_of(team)
    return form_page(
        request,
        form,
        save=save,
        success=lambda _result: (toast, url or back),
        cancel=back,
        team=team,
        **context,
    )


@route(Permission.ADMINISTER, load=proposal_for, methods="GET POST", sudo=True)
def decide(request: SignedInRequest, proposal: MembershipProposal) -> HttpResponse:
    """Accept or refuse a member whom an operator would like to add (P-7)."""
    return _confirm(
        request,
        DecideForm(posted(request)),
        proposal.team,
        template="accounts/confirm/decide.html",
        save=lambda data: safety.decide_proposal(
            proposal, accept=data["decision"] == "accept", reason=data["note"], by=request.user
        ),
        toast=_("Decision about %(email)s saved.") % {"email": proposal.email},
        proposal=proposal,
    )


@route(Permission.ADMINISTER, load=team_for)
def security_log(request: SignedInRequest, team: Team) -> HttpResponse:
    """Failed sign-ins of the members since they joined, and how they changed the way they sign in; also as CSV."""
    entries = SecurityEntry.objects.of_members(team)
    if is_asked(request):
        return security_sheet(request, entries, name=f"team-{team.pk}-security-log", with_places=False)
    filters = EntriesFilter(request.GET, entries.select_related("user"), request=request)
    context = {"team": team, "filter": filters, "page": page_of(request, filters.qs)}
    return render(request, "accounts/security_log.html", context)


@route(Permission.SIGNED_IN, methods="GET POST", before_factor=True)
def profile(request: SignedInRequest) -> HttpResponse:
    """The person's own name, language and time zone; the way to password, factors, passkeys and notifications."""
    user = request.user
    own = User(pk=user.pk, name=user.name, language=user.language or get_language(), time_zone=user.time_zone)

    def save(data: dict[str, Any]) -> User:
        actions.choose_language(user, language=data["language"])
        actions.choose_time_zone(user, time_zone=data["time_zone"])
        activate(data["language"])
        return actions.edit_user(user, by=user, name=data["name"])

    return form_page(
        request,
        ProfileForm(posted(request), instance=own),
        save=save,
        success=lambda _user: (_("Saved."), reverse("accounts:profile")),
        template="accounts/profile.html",
        cancel=reverse("home"),
    )


@route(Permission.PUBLIC, load=invitation_by_token, methods="GET POST")
def accept(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """What an invitation's link opens: join with one's account, or make one with name and password."""
    if invitation is None:
        return render(request, "accounts/accept.html", {"situation": "over"}, status=404)
    user = request.user
    if user.is_authenticated and user.email == invitation.email:
        form: forms.BaseForm = forms.Form(posted(request))
        return _join(request, invitation, form, lambda data: actions.accept_invitation(invitation, by=user))
    if user.is_authenticated or User.objects.filter(email=invitation.email).exists():
        context = {
            "invitation": invitation,
            "role_words": role_words(invitation),
            "situation": "other" if user.is_authenticated else "sign_in",
        }
        return render(request, "accounts/accept.html", context, status=403 if request.method == "POST" else 200)
    if not settings.PASSWORD_SIGN_IN:
        context = {"invitation": invitation, "role_words": role_words(invitation), "situation": "by_provider"}
        return render(request, "accounts/accept.html", context, status=403 if request.method == "POST" else 200)
    form = NewUserForm(posted(request), email=invitation.email)
    return _join(request, invitation, form, lambda data: actions.accept_as_new_user(invitation, **data))


def _join(
    request: HttpRequest, invitation: Invitation, form: forms.BaseForm, save: Callable[[dict[str, Any]], Membership]
) -> HttpResponse:
    """Join the team; a new person is signed in with the password that they have just set."""

    def success(member: Membership) -> tuple[str, str]:
        if not request.user.is_authenticated:
            record_sign_in(request, member.user)
            login(request, member.user, backend="django.contrib.auth.backends.ModelBackend")
        return _("Welcome to %(team)s.") % {"team": member.team}, reverse("home")

    return form_page(
        request,
        form,
        save=save,
        success=success,
        template="accounts/accept.html",
        invitation=invitation,
        role_words=role_words(invitation),
        situation="member" if request.user.is_authenticated else "new",
    )

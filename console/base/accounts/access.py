"""From a URL to an object, and who may be there: the only way (P-1, P-4).

A route is declared once: `@route(Permission.PUBLISH, load=version_for, methods="GET POST", sudo=True)`. The decorator
loads the object through the user with that same permission, so what is declared is what is enforced:
not yours is 404, yours without the right is 403.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django_htmx.http import reswap, retarget

from console.base.accounts import sudo as sudo_mode
from console.base.accounts.asking import Asking
from console.base.accounts.authentication import has_second_factor, used_second_factor_of_provider
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.provider import configured
from console.base.accounts.models import (
    AddressChange,
    Invitation,
    Membership,
    MembershipProposal,
    SecurityEntry,
    Team,
    User,
    UserSession,
)
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission
from console.base.accounts.states import SecurityKind
from console.base.core import request_id
from console.base.core.pages import go, is_dialog, typed
from console.base.core.resend import resend_page

Loader = Callable[..., Any]
View = Callable[..., HttpResponse]
M = TypeVar("M", bound=Model)


class SignedInRequest(HttpRequest):
    """What a view behind `route` gets, for type checks: someone is signed in."""

    user: User


@dataclass(frozen=True)
class Policy:
    """What a route declares; `manage.py routes` and the walker test read it."""

    permission: Permission
    methods: tuple[str, ...]
    sudo: bool


def route(
    permission: Permission,
    *,
    load: Loader | None = None,
    methods: str = "GET",
    sudo: bool = False,
    before_factor: bool = False,
) -> Callable[[View], View]:
    """Declare a view's permission and methods, and load its object through the user.

    `load(user, permission, **url_arguments)` returns the object, which the view gets after the request; it raises
    Http404 or PermissionDenied. With `sudo` a POST asks for the password when the last proof is old. Only pages
    `before_factor` open to who still has to set up the second factor that a team of theirs requires (P-6).
    """
    allowed = tuple(methods.split())
    names = list(inspect.signature(load).parameters)[2:] if load else []

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            loaded = []
            if not (public or before_factor) and team_asking_for_factor(request):
                return go(request, reverse("mfa_index"))
            if load:
                arguments = {name: kwargs.pop(name) for name in names if name in kwargs}
                loaded.append(load(request.user, permission, **arguments))
            if request.method not in allowed and not (request.method == "HEAD" and "GET" in allowed):
                return HttpResponseNotAllowed(allowed)
            if sudo and (refusal := _sudo(request)):
                return refusal
            answer = view(request, *loaded, **kwargs)
            if not public:
                answer.setdefault("Cache-Control", "no-store")
            return answer

        public = permission is Permission.PUBLIC
        declared: View = guarded if public else _for_signed_in(guarded)
        declared.policy = Policy(permission, allowed, sudo)  # type: ignore[attr-defined]
        return declared

    return decorate


def _for_signed_in(view: View) -> View:
    """Let only who is signed in through; what somebody typed before the session ended is not lost.

    A page leads to the sign-in; htmx gets a plain 401, which session.js answers; a form that was sent is offered again.
    """

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if request.user.is_authenticated:
            request_id.note_user(request.user.pk)
            return view(request, **kwargs)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=401)
        if request.method == "POST" and (request.FILES or typed(request)):
            words = _("Not saved. Sign in again, then resubmit the form.")
            return resend_page(request, title=_("Your session has ended"), words=words, status=401, signs_in=True)
        return redirect_to_login(request.get_full_path())

    return guarded


def _sudo(request: HttpRequest) -> HttpResponse | None:
    """Ask for a fresh proof: in the dialog that is open, else on a page that carries on what was typed.

    So a dialog goes on saying what is about to happen, and keeps its files.
    """
    request.sudo_needed = sudo_mode.needed(request)  # type: ignore[attr-defined]
    if request.method != "POST" or not request.sudo_needed:  # type: ignore[attr-defined]
        return None
    if not (error := sudo_mode.prove(request)):
        request.sudo_needed = False  # type: ignore[attr-defined]
        return None
    if is_dialog(request):
        field = render(request, "core/sudo_field.html", {"error": error}, status=403)
        if sudo_mode.PASSWORD_FIELD in request.POST:
            return retarget(reswap(field, "outerHTML"), "#dialog .sudo")
        return retarget(reswap(field, "beforeend"), "#dialog .dialog-body")  # The proof grew old since it was opened.
    carried = [(name, value) for name, value in typed(request) if name != sudo_mode.PASSWORD_FIELD]
    return render(request, "accounts/sudo.html", {"error": error, "typed": carried}, status=403)


def team_asking_for_factor(request: HttpRequest) -> Team | None:
    """Return a team that requires a second factor of the user, who has none; asked anew in each request (P-3).

    One that the identity provider has asked for at this sign-in will do, where the settings let it count (P-10).
    """
    user = request.user
    if not isinstance(user, User) or user.is_robot:
        return None
    asking = next((row.team for row in user.team_roles if row.team.requires_second_factor), None)
    return asking if asking and not (used_second_factor_of_provider(request) or has_second_factor(user)) else None


def own_session(user: User, permission: Permission, session_id: int) -> UserSession:
    """Return the user's own session; 404 for any other."""
    return row_or_404(user.sessions.all(), pk=session_id)


def own_entry(user: User, permission: Permission, entry_id: int) -> SecurityEntry:
    """Return a sign-in of the user's own; 404 for any other."""
    return row_or_404(user.security_entries.filter(kind=SecurityKind.SIGNED_IN), pk=entry_id)


def identity_provider(user: User | AnonymousUser, permission: Permission, name: str) -> IdentityProvider:
    """Return the provider that the environment names; 404 for any other."""
    provider = configured(name)
    if provider is None:
        raise Http404
    return provider


def own_identity(user: User, permission: Permission, identity_id: int) -> SocialAccount:
    """Return a link of the user's own account to a provider; 404 for any other."""
    return row_or_404(SocialAccount.objects.all(), user=user, pk=identity_id)


def own_address_change(user: User, permission: Permission, token: str) -> AddressChange:
    """Return the change that the link opens now, which was mailed to the new address; 404 for anybody else."""
    open_now = AddressChange.objects.open(at=timezone.now()).select_related("asked_by")
    return row_or_404(open_now, user=user, pk=AddressChange.read_token(token))


def proposal_for(user: User, permission: Permission, team_id: int, proposal_id: int) -> MembershipProposal:
    """Return the proposal, decided or not; 404 outside the user's teams, 403 without `permission` in the team."""
    team = team_for(user, permission, team_id)
    return row_or_404(MembershipProposal.objects.select_related("asked_by"), team=team, pk=proposal_id)


def check(holds: bool) -> None:
    """Raise PermissionDenied (403) unless the right is there."""
    if not holds:
        raise PermissionDenied


def row_or_404(rows: QuerySet[M], **key: Any) -> M:
    """Return the row that `key` names, the first in their order where it names several; raises Http404 for none.

    Loaders use it. An object in `key` becomes the row's own: `mini_program=program` keeps `program.held` at hand.
    """
    row = rows.filter(**key).first()
    if row is None:
        raise Http404
    for name, value in key.items():
        if isinstance(value, Model):
            setattr(row, name, value)
    return row


def operator(user: User, permission: Permission) -> User:
    """Return the user, who is an operator; 403 for anybody else."""
    check(user.is_staff)
    return user


def team_for(user: User, permission: Permission, team_id: int) -> Team:
    """Return the team, with `team.membership` of `user`; 404 when not a member, 403 without `permission`."""
    membership = row_or_404(Membership.objects.filter(user=user).select_related("team"), team_id=team_id)
    check(membership.may(permission))
    membership.team.membership = membership
    held = TEAM_ROLE_PERMISSIONS[membership.role]
    membership.team.asking = team_asking(membership.team, held, usual=Permission.ADMINISTER)
    return membership.team


def team_asking(team: Team, held: frozenset[Permission], usual: Permission = Permission.MANAGE) -> Asking:
    """Return whom of the team somebody with `held` asks for a change."""
    url = reverse("accounts:detail", args=[team.pk])
    return Asking(of=team, held=held, usual=usual, people=lambda: team.memberships.by_rank(), url=url)


# What operators keep (P-12) -------------------------------------------------------------------------------------------


def any_team(user: User, permission: Permission, team_id: int) -> Team:
    """Return the team for an operator; 403 for anybody else, whatever the id."""
    operator(user, permission)
    return row_or_404(Team.objects.all(), pk=team_id)


def any_member(user: User, permission: Permission, team_id: int, member_id: int) -> Membership:
    """Return the membership for an operator; 404 in another team than it is of."""
    team = any_team(user, permission, team_id)
    return row_or_404(Membership.objects.people().select_related("user"), team=team, pk=member_id)


def first_invitation(user: User, permission: Permission, team_id: int, invitation_id: int) -> Invitation:
    """Return the invitation for an operator: 403 where the team has an administrator, whose business it is (P-7)."""
    team = any_team(user, permission, team_id)
    invitation = row_or_404(Invitation.objects.all(), team=team, pk=invitation_id)
    check(not team.has_administrator)
    return invitation


def any_person(user: User, permission: Permission, user_id: int) -> User:
    """Return the account for an operator."""
    operator(user, permission)
    return row_or_404(User.objects.people(), pk=user_id)


def changeable_person(user: User, permission: Permission, user_id: int) -> User:
    """Return the account for an operator who may change it: those of operators are a superuser's alone."""
    person = any_person(user, permission, user_id)
    check(may_change(user, person))
    return person


def may_change(user: User, person: User) -> bool:
    """Whether the operator may change that account."""
    return user.is_superuser or not person.is_staff


def held_by_team(user: User) -> dict[int, frozenset[Permission]]:
    """Return what `user` may do in each of their teams, by team id."""
    return {row.team_id: TEAM_ROLE_PERMISSIONS[row.role] for row in user.team_roles}


def teams_for(user: User, permission: Permission) -> QuerySet[Team]:
    """Return the teams in which `user` holds `permission`; 403 when there is none."""
    teams = Team.objects.where(user, permission)
    check(teams.exists())
    return teams


def member_for(user: User, permission: Permission, team_id: int, member_id: int) -> Membership:
    """Return the membership; 404 outside the user's teams, 403 without `permission` in the team."""
    team = team_for(user, permission, team_id)
    return row_or_404(Membership.objects.people().select_related("user"), team=team, pk=member_id)


def invitation_for(user: User, permission: Permission, team_id: int, invitation_id: int) -> Invitation:
    """Return the invitation, open or not; 404 outside the user's teams, 403 without `permission` in the team."""
    return row_or_404(Invitation.objects.all(), team=team_for(user, permission, team_id), pk=invitation_id)


def invitation_by_token(user: User | AnonymousUser, permission: Permission, token: str) -> Invitation | None:
    """Return the invitation that the link opens now; None for a link that is wrong, old, used or expired."""
    read = Invitation.read_token(token)
    if read is None:
        return None
    pk, issue = read
    usable = Invitation.objects.usable(at=timezone.now()).filter(pk=pk, issue=issue)
    return usable.select_related("team", "invited_by").first()

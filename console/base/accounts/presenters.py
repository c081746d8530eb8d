"""What the page “Account · Security” shows, and the operators' pages about people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts import codes, devices
from console.base.accounts.actions import identity
from console.base.accounts.models import (
    Invitation,
    Membership,
    MembershipProposal,
    SecurityEntry,
    Team,
    User,
    UserSession,
)
from console.base.accounts.permissions import TEAM_ROLE_PERMISSIONS, Permission, lacking
from console.base.accounts.states import SecurityKind

NEWEST = 8
METHODS = {
    "password": lambda: _("password"),
    "totp": lambda: _("authenticator app"),
    "recovery_codes": lambda: _("recovery code"),
    "webauthn": lambda: _("security key"),
    "passkey": lambda: _("passkey"),
    "password_reset": lambda: _("password link"),
    "link": lambda: _("one-time link"),
}


def method_words(method: str) -> str:
    """Return how somebody signed in, in words: “password and authenticator app”."""
    steps = [words for step in method.split("+") if (words := _step_words(step))]
    if len(steps) < 2:
        return "".join(steps)
    return _("%(first)s and %(second)s") % {"first": steps[0], "second": steps[-1]}


def _step_words(step: str) -> str:
    """Return one step in words; an identity provider by its label. "" for what a later release writes."""
    kind, _colon, name = step.partition(":")
    if kind == "provider":
        return identity.label_of(name)
    return METHODS[step]() if step in METHODS else ""


def identities(user: User) -> dict[str, Any]:
    """Return the identity providers by which `user` signs in, with why each can't be unlinked, and those to link."""
    rows = list(SocialAccount.objects.filter(user=user).order_by("pk"))
    linked = {row.provider for row in rows}
    return {
        "linked": [
            {
                "row": row,
                "label": identity.label_of(row.provider),
                "email": row.extra_data.get("email", ""),
                "icon": provider.icon if (provider := settings.IDENTITY_PROVIDERS.get(row.provider)) else "building",
                "why_not": identity.why_not_unlink(row, user),
            }
            for row in rows
        ],
        "others": [each for each in settings.IDENTITY_PROVIDERS.values() if each.name not in linked],
    }


def signing_in(user: User) -> dict[str, Any]:
    """Return the ways in: passkeys, the app, recovery codes, when the password was changed, who requires two steps."""
    rows = list(Authenticator.objects.filter(user=user).order_by("pk"))
    changed = user.security_entries.filter(kind=SecurityKind.PASSWORD).first()
    return {
        "passkeys": [row for row in rows if row.type == Authenticator.Type.WEBAUTHN],
        "app": next((row for row in rows if row.type == Authenticator.Type.TOTP), None),
        "recovery": codes.recovery_of(user),
        "of": codes.COUNT,
        "few": codes.COUNT // 4,
        "two_steps": any(row.type != Authenticator.Type.RECOVERY_CODES for row in rows),
        "password_changed": changed.at if changed else None,
        "has_password": user.has_usable_password(),
        "identities": identities(user),
        "requiring": next((row.team for row in user.team_roles if row.team.requires_second_factor), None),
    }


@dataclass(frozen=True)
class SessionRow:
    """A session in the list."""

    session: UserSession
    device: devices.Device
    method: str
    is_this: bool


def session_row(session: UserSession, *, current: str) -> SessionRow:
    """Return the session as it is listed; `current` is the key of the one that asks."""
    return SessionRow(
        session, devices.describe(session.agent), method_words(session.method), session.session_key == current
    )


def sessions(user: User, *, current: str) -> list[SessionRow]:
    """Return the live sessions, this one first, then by last use."""
    rows = [session_row(row, current=current) for row in user.sessions.live(at=timezone.now())]
    return sorted(rows, key=lambda row: not row.is_this)


def limits() -> str:
    """Return how long sessions last, as a sentence."""
    hours = ngettext("%(n)d hour", "%(n)d hours", settings.SESSION_IDLE_HOURS) % {"n": settings.SESSION_IDLE_HOURS}
    days = ngettext("%(n)d day", "%(n)d days", settings.SESSION_DAYS) % {"n": settings.SESSION_DAYS}
    return _("A session ends after %(hours)s without use, or %(days)s after sign-in.") % {
        "hours": hours,
        "days": days,
    }


def newest_entries(user: User, *, shows_all: bool) -> list[SecurityEntry]:
    """Return the newest entries of the log: all, or the important ones."""
    entries = user.security_entries.all()
    return list((entries if shows_all else entries.important())[:NEWEST])


def log_choices(*, shows_all: bool) -> list[dict[str, Any]]:
    """Return the two views of the log, as segments."""
    return [
        {"label": _("Important"), "url": "?", "current": not shows_all},
        {"label": _("All"), "url": "?log=all", "current": shows_all},
    ]


def entry_words(entry: SecurityEntry) -> dict[str, str]:
    """Return an entry in words: what happened, what exactly, and from where."""
    device = devices.describe(entry.agent) if entry.agent else None
    what = str(entry.about.words)
    if entry.kind in (SecurityKind.SIGNED_IN, SecurityKind.CONFIRMED) and (by := method_words(entry.detail)):
        words = (
            _("Signed in with %(method)s") if entry.kind == SecurityKind.SIGNED_IN else _("Confirmed with %(method)s")
        )
        what, detail = words % {"method": by}, ""
    elif entry.kind == SecurityKind.SESSIONS:
        number = int(entry.detail)
        detail = ngettext("%(n)d session", "%(n)d sessions", number) % {"n": number}
    else:
        detail = entry.detail
    if entry.count > 1:
        times = ngettext("%(n)d time", "%(n)d times", entry.count) % {"n": entry.count}
        what = _("%(what)s, %(times)s") % {"what": what, "times": times}
    where = [device.system if device else "", entry.address or ""]
    return {"what": what, "detail": detail, "where": " · ".join(part for part in where if part)}


# For operators ------------------------------------------------------------------------------------------------------


def asked_words(asked: Invitation | MembershipProposal) -> str:
    """Return what came of an operator's wish to add a person to a team, in words (P-7)."""
    if isinstance(asked, Invitation):
        words = _("Invitation sent to %(email)s.")
    elif asked.team.memberships.acting_admins().exists():
        words = _("The team administrators have been notified. One of them decides about %(email)s.")
    else:
        words = _(
            "%(email)s proposed, but no team administrator can sign in to decide. "
            "Reactivate an administrator’s account."
        )
    return words % {"email": asked.email}


@dataclass(frozen=True)
class PersonRow:
    """An account as operators see it: the kinds of its factors, never a secret of one."""

    user: User
    memberships: list[Membership]
    has_passkey: bool
    has_app: bool
    by_provider: bool
    seen_at: datetime | None

    @property
    def role(self) -> str:
        """The first role, of several teams with how many others there are."""
        if not self.memberships:
            return _("Operator") if self.user.is_staff else ""
        first = self.memberships[0]
        words = _("%(role)s, %(team)s") % {"role": first.get_role_display(), "team": first.team}
        if (others := len(self.memberships) - 1) == 0:
            return words
        return ngettext("%(role)s and %(n)d more", "%(role)s and %(n)d more", others) % {"role": words, "n": others}

    @property
    def sign_in(self) -> tuple[str, str]:
        """The strongest way in: a state that has its colour, and the words."""
        if not self.user.is_active:
            return "ended", _("Deactivated")
        if self.has_passkey:
            return "active", _("Passkey")
        if self.has_app:
            return "active", _("Authenticator app")
        if self.by_provider:
            return "active", _("Identity provider")
        if not self.user.has_usable_password():
            return "overdue", _("No password yet")
        return "ended", _("Password only")


def people_rows(users: Iterable[User]) -> list[PersonRow]:
    """Return the accounts as rows; four queries, however many they are."""
    found = list(users)
    ids = [user.pk for user in found]
    factors: dict[int, set[str]] = defaultdict(set)
    for user_id, kind in Authenticator.objects.filter(user_id__in=ids).values_list("user_id", "type"):
        factors[user_id].add(kind)
    linked = set(SocialAccount.objects.filter(user_id__in=ids).values_list("user_id", flat=True))
    memberships: dict[int, list[Membership]] = defaultdict(list)
    for row in Membership.objects.filter(user_id__in=ids).select_related("team").order_by("team__name"):
        memberships[row.user_id].append(row)
    used = UserSession.objects.filter(user_id__in=ids).order_by().values_list("user_id")
    seen = dict(used.annotate(last=Max("last_used_at")))
    return [
        PersonRow(
            user,
            memberships[user.pk],
            has_passkey=Authenticator.Type.WEBAUTHN in factors[user.pk],
            has_app=Authenticator.Type.TOTP in factors[user.pk],
            by_provider=user.pk in linked,
            seen_at=max(filter(None, (user.last_login, seen.get(user.pk))), default=None),
        )
        for user in found
    ]


@dataclass(frozen=True)
class TeamCard:
    """What a team has on a page about several, and why the reader can't change it."""

    team: Team
    why_not: str
    rows: list[Any]


def team_cards(user: User, rows: Mapping[int, list[Any]]) -> list[TeamCard]:
    """Return the teams that have rows, by their primary keys, or where the user may make some, those first."""
    cards = [
        TeamCard(
            member.team,
            lacking(TEAM_ROLE_PERMISSIONS[member.role], Permission.ADMINISTER),
            rows.get(member.team_id, []),
        )
        for member in user.team_roles
    ]
    return sorted((card for card in cards if card.rows or not card.why_not), key=lambda card: bool(card.why_not))


def robots_known_to(member: Membership) -> list[str]:
    """Return the names of the team's robots whose token the member created, or was the last to replace."""
    robots = User.objects.filter(is_robot=True, memberships__team=member.team_id)
    known = robots.filter(token_makers__contains=[member.user_id]).order_by("name")
    return [robot.name for robot in known if robot.token_makers[-1] == member.user_id]

"""The verbs of tokens (A-1). A token itself is in what `create_…` and `rotate` return, and nowhere else."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import F, Func
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.manage import events, rules
from console.api.manage.models import PREFIX, Token, digest_of
from console.api.manage.querysets import TokenQuerySet
from console.api.manage.states import ROLE_OF_SCOPE, Scope, role_of
from console.base.accounts.models import Membership, Team, User
from console.base.activity.events import emit
from console.base.core.errors import Conflict, refuse_if, refusing_duplicate
from devmgmt.keys.actions import Secret
from miniprograms.models import MiniProgram

KEY_ENDS = timedelta(days=90)
ROBOTS = "robots.invalid"  # RFC 6761: no mail is ever sent there


class Made(NamedTuple):
    """A token's row, and the token that it keeps the hash of."""

    row: Token
    secret: Secret


@transaction.atomic
def create_robot(
    team: Team,
    *,
    name: str,
    scopes: list[str],
    program: MiniProgram | None,
    addresses: list[str],
    expires_at: datetime | None,
    by: User,
    at: datetime | None = None,
) -> Made:
    """Make a robot of the team with a token; its membership has the least role that holds the scopes."""
    at = at or timezone.now()
    team = Team.objects.select_for_update(no_key=True).get(pk=team.pk)
    refuse_if(rules.why_not_scopes(scopes, offered=ROLE_OF_SCOPE), "scopes")
    refuse_if(rules.why_not_all(scopes, program), "mini_program")
    refuse_if(rules.why_not_end(expires_at, at=at), "expires_at")
    refuse_if(rules.why_no_more_robots(team))
    robot = User(email=f"{secrets.token_hex(8)}@{ROBOTS}", name=name, is_robot=True, date_joined=at)
    robot.token_makers = [by.pk]
    robot.set_unusable_password()
    robot.save(force_insert=True)
    Membership.objects.create(team=team, user=robot, role=role_of(scopes), since=at)
    taken = _("The team already has a robot with this name. Choose another one.")
    with refusing_duplicate("robot_name_once_in_team", taken, field="name"):
        return _make(
            robot, team=team, mini_program=program, name=name, scopes=scopes, addresses=addresses,
            expires_at=expires_at, by=by, at=at,
        )  # fmt: skip


@transaction.atomic
def create_upload_key(token: Token, *, at: datetime | None = None) -> Made:
    """Make a robot that uploads for the mini program of the robot whose token this is (A-5).

    It has the same networks, ends with that token or after 90 days, whichever comes first, and goes with that robot.
    Raises Conflict when the token was replaced after its request had come in.
    """
    current, at = _lock(token), at or timezone.now()
    if current.sha256 != token.sha256:
        raise Conflict(_("This token was replaced meanwhile."))
    refuse_if(rules.why_not_upload_key(token))
    assert current.team is not None  # noqa: S101 - the rule above refused otherwise
    return create_robot(
        current.team,
        name=f"{current.name[:30]} {secrets.token_hex(4)}",
        scopes=[Scope.UPLOAD],
        program=current.mini_program,
        addresses=current.addresses,
        expires_at=min(current.expires_at or at + KEY_ENDS, at + KEY_ENDS),
        by=current.holder,
        at=at,
    )


@transaction.atomic
def create_own(
    user: User,
    *,
    name: str,
    scopes: list[str],
    addresses: list[str],
    expires_at: datetime | None,
    at: datetime | None = None,
) -> Made:
    """Make a token that acts as the person, never more."""
    at = at or timezone.now()
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    refuse_if(rules.why_not_scopes(scopes), "scopes")
    refuse_if(rules.why_not_end(expires_at, at=at), "expires_at")
    refuse_if(rules.why_no_more_own(user))
    return _make(
        user, team=None, mini_program=None, name=name, scopes=scopes, addresses=addresses,
        expires_at=expires_at, by=user, at=at,
    )  # fmt: skip


@transaction.atomic
def rotate(token: Token, *, seen: str, by: User, keep_keys: bool = False, at: datetime | None = None) -> Made:
    """Replace the token, whose end was `seen`; the old one is refused from now on. Raises Conflict when it is old.

    The upload keys that the robot made end, too, unless they are kept: who had a token that leaked may have made some.
    """
    current, at = _lock(token), at or timezone.now()
    if current.hint != seen:
        raise Conflict(_("The token was replaced after you opened this page. Reload the page."))
    before, secret = {"token": current.masked}, _new()
    current.sha256, current.hint = digest_of(secret), secret[-4:]
    current.save(update_fields=["sha256", "hint"])
    _note_maker(current, by)
    if not keep_keys:
        _revoke(_locked(Token.objects.upload_keys_of(current).usable(at=at)), by=by, at=at)
    emit(events.TokenRotated(current, by=by, at=at, before=before, after={"token": current.masked}))
    return Made(current, secret)


def _note_maker(token: Token, by: User) -> None:
    """Keep that `by` knows the robot's token now, and decides nothing that it asks for (P-2)."""
    others = Func(F("token_makers"), by.pk, function="array_remove")
    makers = Func(others, by.pk, function="array_append")
    User.objects.filter(pk=token.holder_id, is_robot=True).update(token_makers=makers)


@transaction.atomic
def set_end(token: Token, *, expires_at: datetime | None, by: User, at: datetime | None = None) -> Token:
    """Change when the token expires, None: never; the upload keys that it made end with it at the latest."""
    current, at = _lock(token), at or timezone.now()
    refuse_if(rules.why_not_end(expires_at, at=at), "expires_at")
    if current.expires_at == expires_at:
        return current
    before, current.expires_at = _ends(current), expires_at
    current.save(update_fields=["expires_at"])
    if expires_at:
        for key in Token.objects.upload_keys_of(current).filter(expires_at__gt=expires_at):
            set_end(key, expires_at=expires_at, by=by, at=at)
    emit(events.TokenRenewed(current, by=by, at=at, before=before, after=_ends(current)))
    return current


@transaction.atomic
def revoke(token: Token, *, by: User, reason: str = "", at: datetime | None = None) -> Token:
    """Refuse the token from now on; a robot leaves its team and acts no more, nor do the upload keys that it made."""
    current, at = _lock(token), at or timezone.now()
    _revoke([*_locked(Token.objects.upload_keys_of(current)), current], by=by, reason=reason, at=at)
    return current


def _revoke(rows: list[Token], *, by: User, at: datetime, reason: str = "") -> None:
    """Revoke locked rows; robots leave their team."""
    Token.objects.filter(pk__in=[row.pk for row in rows]).update(revoked_at=at)
    robots = [row.holder_id for row in rows if row.team_id]
    Membership.objects.filter(user__in=robots).delete()
    User.objects.filter(pk__in=robots, is_robot=True).update(is_active=False)
    for row in rows:
        row.revoked_at = at
        emit(events.TokenRevoked(row, by=by, at=at, before={"token": row.masked}, reason=reason.strip()))


def _locked(rows: TokenQuerySet) -> list[Token]:
    """Return the rows, locked."""
    return list(rows.select_related("team", "mini_program").select_for_update(of=("self",), no_key=True))


def _lock(token: Token) -> Token:
    """Return the row, locked; raises Conflict when it was revoked meanwhile."""
    current = Token.objects.select_for_update(no_key=True).get(pk=token.pk)
    if current.revoked_at:
        raise Conflict(_("This token was revoked meanwhile. Reload the page."))
    return current


def _make(holder: User, *, by: User, at: datetime, **fields: Any) -> Made:
    secret = _new()
    row = Token.objects.create(
        holder=holder, created_by=by, created_at=at, sha256=digest_of(secret), hint=secret[-4:], **fields
    )
    after: dict[str, Any] = {"token": row.masked, "scopes": row.scopes} | _ends(row)
    if row.mini_program:
        after["mini_program"] = row.mini_program.name
    emit(events.TokenCreated(row, by=by, at=at, after=after))
    return Made(row, secret)


def _ends(token: Token) -> dict[str, str | None]:
    return {"expires": token.expires_at.isoformat() if token.expires_at else None}


def _new() -> Secret:
    return Secret(PREFIX + secrets.token_urlsafe(32))

"""Tokens as the page of automation shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.api.manage.models import Token
from console.base.accounts.models import User
from console.base.accounts.permissions import Permission
from console.base.accounts.presenters import TeamCard, team_cards

SOON = timedelta(days=14)
UNUSED = timedelta(days=90)


@dataclass(frozen=True)
class TokenRow:
    """A token, and what about it needs somebody's eyes."""

    token: Token
    has_expired: bool
    ends_soon: bool
    unused_days: int


def token_rows(tokens: Iterable[Token], *, at: datetime) -> list[TokenRow]:
    """Return the tokens as rows."""
    return [_row(token, at=at) for token in tokens]


def robot_cards(user: User, *, at: datetime) -> list[TeamCard]:
    """Return the teams with robots, or where the user may make some, those first; one query for all."""
    robots: dict[int, list[TokenRow]] = defaultdict(list)
    rows = Token.objects.of_robots_for(user, Permission.VIEW).listed()
    for token in rows.select_related("created_by", "mini_program"):
        robots[token.team_id or 0].append(_row(token, at=at))
    return team_cards(user, robots)


def _row(token: Token, *, at: datetime) -> TokenRow:
    since = at - (token.last_used_at or token.created_at)
    return TokenRow(
        token,
        has_expired=token.has_expired(at=at),
        ends_soon=bool(token.expires_at and at < token.expires_at < at + SOON),
        unused_days=since.days if since > UNUSED else 0,
    )

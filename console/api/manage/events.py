"""What happens to tokens (A-1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.api.manage.models import Token
from console.base.accounts import security
from console.base.accounts.models import User
from console.base.accounts.notifying import Notify, members_with
from console.base.accounts.permissions import Permission
from console.base.accounts.states import NotificationKind, SecurityKind
from console.base.activity.events import Event
from console.base.activity.fields import Field, Moment


class TokenEvent(Event):
    """What became of a token; of a person's own it is in their security log, too, and they are mailed (P-6).

    Not of what an operator's deactivation ends: it is about the account, and from where operators work is theirs.
    """

    fields = {
        "token": Field(_("Token")),
        "scopes": Field(_("Scopes")),
        "expires": Moment(_("Expires")),
        "mini_program": Field(_("Mini program")),
    }
    security_kind: SecurityKind | None = None

    @property
    def token(self) -> Token:
        """What it is about."""
        row: Token = self.on
        return row

    def belongs(self) -> dict[str, Any]:
        program = self.token.mini_program
        return {"team_id": self.token.team_id} | ({"mini_program_id": program.app_id} if program else {})

    def words(self) -> dict[str, Any]:
        return {"person": self.by, "robot": self.token.name, "team": self.token.team}

    def follow(self) -> None:
        if self.token.team_id is None and self.security_kind:
            holder = self.token.holder
            security.note(holder, self.security_kind, by=self.by, at=self.at, detail=self.token.name)
            if self.by == holder:
                security.mail(holder, self.security_kind, detail=self.token.name)


def _administrators(event: TokenEvent) -> Iterable[User]:
    return members_with(event.token.team, Permission.ADMINISTER) if event.token.team else ()


def _told(text: Any) -> tuple[Notify, ...]:
    url = lambda event: reverse("automation:tokens")  # noqa: E731
    return (Notify(kind=NotificationKind.KEYS, to=_administrators, text=text, url=url),)


class TokenCreated(TokenEvent):
    name, icon, colour = "token.created", "robot", "green"
    log = _("Token created")
    notify = _told(_("The robot %(robot)s of %(team)s was created"))
    security_kind = SecurityKind.TOKEN_CREATED


class TokenRotated(TokenEvent):
    name, icon, colour = "token.rotated", "refresh", "blue"
    log = _("Token replaced")
    notify = _told(_("The token of the robot %(robot)s of %(team)s was replaced"))
    security_kind = SecurityKind.TOKEN_CREATED


class TokenRenewed(TokenEvent):
    name, icon, colour = "token.renewed", "clock", "blue"
    log = _("End of a token changed")


class TokenRevoked(TokenEvent):
    name, icon, colour = "token.revoked", "x", "red"
    log = _("Token revoked")
    notify = _told(_("The robot %(robot)s of %(team)s was deleted"))
    security_kind = SecurityKind.TOKEN_REVOKED

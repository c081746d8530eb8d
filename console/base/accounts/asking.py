"""Whom to ask for a change on pages that one may only view: one banner instead of a lock at each button (P-1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from console.base.accounts.permissions import Permission, application_roles_with, lacking, team_roles_with

NAMED = 3  # people
CHANGES = frozenset(Permission) - {Permission.VIEW, Permission.VIEW_APPLICATION}
# Who holds it, as the banner says it; the roles are those of `permissions`.
SENTENCES = {
    Permission.UPLOAD: _("Team administrators, license holders and developers of %(of)s can change it."),
    Permission.DEVELOP: _("Team administrators, license holders and developers of %(of)s can change it."),
    Permission.MANAGE: _("Team administrators and license holders of %(of)s can change it."),
    Permission.ADMINISTER: _("Team administrators of %(of)s can change it."),
    Permission.EDIT_APPLICATION: _("Application administrators of %(of)s can change it."),
}


@dataclass
class ReadOnly:
    """What the banner says: who may do what the reader may not; nothing that it `stands_for`, no banner."""

    asking: Asking
    needs: Permission
    stands_for: int = 0  # buttons that are not drawn

    def hides(self, reason: str) -> bool:
        """Whether a button with this reason is one of those that the banner stands for; "" for its rows' reason."""
        hidden = not reason or reason in self._reasons
        self.stands_for += hidden
        return hidden

    @cached_property
    def _reasons(self) -> set[str]:
        reasons = {lacking(self.asking.held, permission) for permission in CHANGES}
        return reasons | {escape(reason) for reason in reasons}

    @property
    def sentence(self) -> str:
        """Which roles can change it."""
        return str(SENTENCES[self.needs]) % {"of": self.asking.of}

    @property
    def _people(self) -> QuerySet[Any]:
        roles = team_roles_with(self.needs) + application_roles_with(self.needs)
        return self.asking.people().filter(role__in=roles, user__is_active=True)

    @cached_property
    def _first(self) -> list[str]:
        return [str(row.user) for row in self._people.select_related("user")[: NAMED + 1]]

    @property
    def names(self) -> list[str]:
        """The first of those people."""
        return self._first[:NAMED]

    @cached_property
    def others(self) -> int:
        """How many there are beside them, which is counted only where there are some."""
        return self._people.count() - NAMED if len(self._first) > NAMED else 0

    @property
    def url(self) -> str:
        """Where everybody of the team or application is listed, which the reader may open."""
        return self.asking.url


@dataclass(frozen=True)
class Asking:
    """What somebody holds in `of`, a team or an application, whose roles `people` gives, the first to ask first.

    A loader leaves it at the object that it returns. `usual` is what most changes there need.
    """

    of: Any
    held: frozenset[Permission]
    usual: Permission
    people: Callable[[], QuerySet[Any]]
    url: str
    _found: dict[Permission, ReadOnly] = field(default_factory=dict)

    def read_only(self, needs: Permission | None) -> ReadOnly | None:
        """Return whom to ask on a page on which every change `needs` that; None for who may change something there.

        Without `needs` only who may change nothing at all is asked to turn to others.
        """
        if (needs in self.held) if needs else (self.held & CHANGES):
            return None
        return self._found.setdefault(needs or self.usual, ReadOnly(self, needs or self.usual))

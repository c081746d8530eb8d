"""The status of programs' secrets: the rows of the page across programs, and the facts of one program's page.

Read with the same number of queries however many programs there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.activity.events import event_of, names
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.core import times
from devmgmt.keys import rules
from devmgmt.keys.events import SecretFrozen, SecretGenerated, SecretReset, SecretUnfrozen
from devmgmt.keys.models import AccessToken, AppSecret, Refusal, SecretUse
from devmgmt.keys.states import TOKEN_LIFETIME, UNKNOWN_ADDRESS
from miniprograms.models import MiniProgram

MOVES = names([SecretGenerated, SecretReset, SecretFrozen, SecretUnfrozen])


@dataclass
class Summary:
    """One program: its current secret, older ones that still work (the one that works longest first), last uses."""

    program: MiniProgram
    at: datetime
    current: AppSecret | None = None
    old: list[AppSecret] = field(default_factory=list)
    last_uses: dict[int, SecretUse] = field(default_factory=dict)

    @property
    def state(self) -> str:
        """Active, frozen or none."""
        return rules.state_of(self.current)

    @property
    def last(self) -> SecretUse | None:
        """The last use of the current secret."""
        return self.last_uses.get(self.current.pk) if self.current else None

    @property
    def address(self) -> str:
        """From where that was; "" when nobody knows."""
        return self.last.address if self.last and self.last.address != UNKNOWN_ADDRESS else ""

    @property
    def old_until(self) -> datetime | None:
        """When the last of the older secrets ends; None when none works."""
        return self.old[0].ends_at if self.old else None

    @property
    def old_left(self) -> str:
        """How long that is, in words."""
        return span(self.old_until - self.at) if self.old_until else ""

    @property
    def old_last(self) -> SecretUse | None:
        """The last use of an older secret: somebody has not got the new one yet."""
        uses = [self.last_uses[row.pk] for row in self.old if row.pk in self.last_uses]
        return max(uses, key=lambda use: use.last_at, default=None)


def summaries(programs: Iterable[MiniProgram], *, at: datetime) -> list[Summary]:
    """Return the status of each program at the time `at`, in the order given; two queries."""
    found = {program.pk: Summary(program, at) for program in programs}
    usable = AppSecret.objects.usable(at=at).filter(mini_program__in=found).select_related("created_by")
    of_secret = {}
    for row in usable.order_by("-ends_at", "-pk"):
        summary = of_secret[row.pk] = found[row.mini_program_id]
        if row.ends_at is None:
            summary.current = row
        else:
            summary.old.append(row)
    uses = SecretUse.objects.filter(secret__in=of_secret).order_by("secret_id", "-last_at").distinct("secret_id")
    for use in uses:
        of_secret[use.secret_id].last_uses[use.secret_id] = use
    return list(found.values())


def span(length: timedelta) -> str:
    """Return “23 h 56 min”, “12 min”: what is left of an overlap."""
    minutes = max(int(length.total_seconds()) // 60, 1)
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}


# One program --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """Of today, in the console's own time zone: addresses that used the current secret, tokens, refusals by errcode."""

    addresses: int
    active: int
    issued: int
    refusals: dict[int, int]

    @property
    def refused(self) -> int:
        """How many refusals there were."""
        return sum(self.refusals.values())

    @property
    def errcodes(self) -> str:
        """By what: “40125”, “40125 × 3, 40243 × 2”."""
        if len(self.refusals) == 1:
            return str(*self.refusals)
        return ", ".join(f"{errcode} × {count:,}" for errcode, count in self.refusals.items())


def figures_of(summary: Summary) -> Figures:
    """Return the figures of the program's page; three queries."""
    program, at, current = summary.program, summary.at, summary.current
    today = times.platform_day(at)
    midnight = times.platform_midnight(at)
    counted = {"active": Count("pk", filter=Q(expires_at__gt=at, ended_at=None))}
    counted["issued"] = Count("pk", filter=Q(issued_at__gte=midnight))
    tokens = AccessToken.objects.filter(mini_program=program, issued_at__gte=midnight - TOKEN_LIFETIME)
    refusals = Refusal.objects.filter(mini_program=program, day=today).order_by("-count", "errcode")
    return Figures(
        addresses=SecretUse.objects.filter(secret=current, day=today).count() if current else 0,
        refusals=dict(refusals.values_list("errcode", "count")),
        **tokens.aggregate(**counted),
    )


# History ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """A row of the history."""

    entry: ActivityEntry
    who: User | None

    @property
    def colour(self) -> str:
        """Of its dot."""
        return event_of(self.entry.verb).colour

    @property
    def words(self) -> str:
        """What was done."""
        return event_of(self.entry.verb).title_of(self.entry)


def history_of(program: MiniProgram) -> ActivityQuerySet:
    """Return the log entries about the program's secrets, newest first."""
    return ActivityEntry.objects.of_program(program.app_id).filter(verb__in=MOVES)


def moves(entries: Iterable[ActivityEntry]) -> list[Move]:
    """Return the rows of these entries, with who did it; one query."""
    entries = list(entries)
    people = User.objects.in_bulk({entry.actor_id for entry in entries if entry.actor_id})
    return [Move(entry, people.get(entry.actor_id or 0)) for entry in entries]

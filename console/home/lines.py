"""The lines of the home page: what each row says, where it leads, and what is left out at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.hosts.models import HostApplication
from console.home.kinds import KINDS, Kind
from console.home.rows import Row
from console.home.waiting import LATE

SHOWN = 10


@dataclass(frozen=True)
class Line:
    """A row with its words."""

    row: Row

    @property
    def kind(self) -> Kind:
        """What it is."""
        return KINDS[self.row.kind]

    @property
    def thing(self) -> Model:
        """The object whose icon is at its beginning."""
        return self.row.thing

    @property
    def corner(self) -> HostApplication | None:
        """The application whose icon is in the corner of the program's."""
        return self.row.application if self.row.program else None

    @property
    def title(self) -> str:
        """The fact."""
        return str(self.kind.title) % self.kind.facts(self.row)

    @property
    def context(self) -> str:
        """What belongs to it, and where."""
        return str(self.kind.context) % self.kind.facts(self.row)

    @property
    def since(self) -> datetime | None:
        """Since when; None if the words contain the time."""
        return self.row.since if self.kind.tells_since else None

    @property
    def url(self) -> str:
        """Where it is seen to."""
        return self.kind.url(self.row)

    @property
    def is_late(self) -> bool:
        """Whether it waits for too long (V-10)."""
        return self.row.rank == LATE

    @property
    def state(self) -> str:
        """The state of its pill."""
        return "overdue" if self.is_late else self.kind.state

    @property
    def label(self) -> str:
        """What the pill says; "" for the state's own name."""
        if self.is_late:
            hours = int((timezone.now() - self.row.since).total_seconds() // 3600)
            return _("Overdue, waiting %(hours)d h") % {"hours": hours}
        return str(self.kind.label)


@dataclass(frozen=True)
class More:
    """Lines of one kind that are not shown, and where all of them are."""

    kind: Kind
    count: int

    @property
    def words(self) -> str:
        """How many more, of what."""
        return str(self.kind.more % {"count": self.count})


@dataclass(frozen=True)
class Lines:
    """What is shown of `total`, and what is not."""

    shown: list[Line]
    more: list[More]
    total: int
    at_once: int

    @property
    def first(self) -> list[Line]:
        """What is seen at once."""
        return self.shown[: self.at_once]

    @property
    def rest(self) -> list[Line]:
        """What “Show all” opens."""
        return self.shown[self.at_once :]


def lines_of(rows: list[Row], *, at_once: int) -> Lines:
    """Return the first SHOWN rows in words, `at_once` of them before “Show all”, and what there is beside them."""
    shown = rows[:SHOWN]
    totals = {row.kind: row.total for row in rows}
    left = {kind: total - sum(row.kind == kind for row in shown) for kind, total in totals.items()}
    more = [More(KINDS[kind], count) for kind, count in left.items() if count]
    return Lines([Line(row) for row in shown], more, sum(totals.values()), at_once)

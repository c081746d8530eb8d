"""Rows of many kinds in one query: each kind gives the same columns, and the database puts them into one order.

However many things wait, and of however many kinds, the home page asks once, and once more for their names: joined to
every kind, names would be most of what the database plans.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.db.models import CharField, Count, F, Func, IntegerField, Model, QuerySet, Value, Window
from django.db.models.expressions import Combinable

from console.base.accounts.models import Team
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram

EACH = 3
THINGS: dict[str, QuerySet[Any]] = {
    "program": MiniProgram.objects.select_related("team"),
    "application": HostApplication.objects.select_related("team"),
    "invited_to": Team.objects.all(),
}
NONE = 0  # the key of a thing that a row has not
NOTHING = Value("", output_field=CharField())
Column = str | Combinable


@dataclass(frozen=True)
class Row:
    """Something of a program, an application or a team, as its kind says; `total` is how many there are of the kind.

    The kind knows what `what`, `words`, `count` and `out_of` say; `ref` is the primary key.
    """

    rank: int
    kind: str
    ref: int
    since: datetime
    total: int
    program: MiniProgram | None
    application: HostApplication | None
    invited_to: Team | None
    what: str
    words: str
    count: int
    out_of: int

    @property
    def team(self) -> Team:
        """The program's team where there is one, else the application's."""
        owned = self.program or self.application
        return owned.team if owned else cast(Team, self.invited_to)

    @property
    def thing(self) -> Model:
        """What the row is about."""
        return self.program or self.application or self.team

    @property
    def app_id(self) -> str:
        """The App ID of the program; "" where there is none."""
        return self.program.app_id if self.program else ""

    @property
    def application_id(self) -> str:
        """The ID of the application; "" where there is none."""
        return self.application.application_id if self.application else ""


def part(
    kind: str,
    rows: QuerySet[Any],
    *,
    since: Column,
    rank: int | Combinable,
    program: str | None = None,
    application: str | None = None,
    invited_to: str | None = None,
    what: Column = NOTHING,
    words: Column = NOTHING,
    count: int | Combinable = 0,
    out_of: int | Combinable = 0,
) -> QuerySet[Any]:
    """Return the EACH oldest `rows` of a kind in the columns that `gather` reads.

    `program`, `application` and the team `invited_to` are the paths to them, "pk" for the row itself.
    """
    columns: dict[str, Any] = {
        "rank": _number(rank),
        "kind": Value(kind, output_field=CharField()),
        "ref": F("pk"),
        "since": _column(since),
        "total": Window(Count("pk")),
        "program": _key(program),
        "application": _key(application),
        "invited_to": _key(invited_to),
        "what": _column(what),
        "words": _column(words),
        "count": _number(count),
        "out_of": _number(out_of),
    }
    named = {f"row_{name}": column for name, column in columns.items()}
    return rows.order_by().annotate(**named).values(*named).order_by("row_since", "pk")[:EACH]


def _key(path: str | None) -> Combinable:
    return _number(NONE) if path is None else F(path)


def _column(value: Column) -> Any:
    return F(value) if isinstance(value, str) else value


def _number(value: int | Combinable) -> Combinable:
    return Value(value, output_field=IntegerField()) if isinstance(value, int) else value


def number(path: str = "") -> Func:
    """Return the number of the version at `path`, as people write it."""
    names = (f"{path}__{name}" if path else name for name in ("major", "minor", "patch"))
    return Func(Value("."), *names, function="CONCAT_WS", output_field=CharField())


def gather(parts: Iterable[QuerySet[Any]]) -> list[Row]:
    """Return the rows of all parts by rank, the oldest of each rank first; no query for no parts.

    What was deleted before its name was read is left out.
    """
    found = [*parts]
    if not found:
        return []
    first, *rest = found
    line: Any = first.union(*rest, all=True).order_by("row_rank", "row_since", "row_kind", "row_ref") if rest else first
    rows = [{name.removeprefix("row_"): value for name, value in row.items()} for row in line]
    named = {name: _by_key(things, {row[name] for row in rows} - {NONE}) for name, things in THINGS.items()}
    return [
        Row(**row | {name: things[row[name]] for name, things in named.items()})
        for row in rows
        if _is_whole(row, named)
    ]


def _by_key(things: QuerySet[Any], keys: set[int]) -> dict[int, Any]:
    return {NONE: None, **(things.in_bulk(keys) if keys else {})}


def _is_whole(row: dict[str, Any], named: dict[str, dict[int, Any]]) -> bool:
    return all(row[name] in things for name, things in named.items())

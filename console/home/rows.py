"""Rows of many kinds in one query: each kind gives the same columns, and the database puts them into one order.

However many things wait, and of however many kinds, the home page asks once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import CharField, Count, F, IntegerField, Model, QuerySet, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat

from console.base.accounts.models import Team
from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram

EACH = 3
NOTHING = Value("", output_field=CharField())
Column = str | Combinable
COLUMNS = (
    "rank",
    "kind",
    "ref",
    "since",
    "total",
    "program",
    "app_id",
    "icon",
    "team",
    "team_id",
    "host",
    "host_id",
    "host_icon",
    "what",
    "words",
    "count",
    "out_of",
)


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
    program: str
    app_id: str
    icon: str
    team: str
    team_id: int
    host: str
    host_id: str
    host_icon: str
    what: str
    words: str
    count: int
    out_of: int

    @property
    def thing(self) -> Model:
        """What the row is about, with name and icon only."""
        if self.app_id:
            return MiniProgram(app_id=self.app_id, name=self.program, icon=self.icon)
        return self.application or Team(name=self.team)

    @property
    def application(self) -> HostApplication | None:
        """The application, with name and icon only; None where there is none."""
        return HostApplication(name=self.host, icon=self.host_icon) if self.host_id else None


def part(
    kind: str,
    rows: QuerySet[Any],
    *,
    since: Column,
    rank: int | Combinable,
    program: str | None = None,
    host: str | None = None,
    team: str | None = None,
    what: Column = NOTHING,
    words: Column = NOTHING,
    count: int | Combinable = 0,
    out_of: int | Combinable = 0,
) -> QuerySet[Any]:
    """Return the EACH oldest `rows` of a kind in the columns of `Row`.

    `program`, `host` and `team` are the paths to them ("" for the row itself); the team is the program's where there
    is one, else the application's.
    """
    if team is None:
        team = _path(host or "" if program is None else program, "team")
    columns: dict[str, Any] = {
        "rank": _number(rank),
        "kind": Value(kind, output_field=CharField()),
        "ref": F("pk"),
        "since": _column(since),
        "total": Window(Count("pk")),
        "program": _of(program, "name"),
        "app_id": _of(program, "app_id"),
        "icon": _of(program, "icon"),
        "team": _of(team, "name"),
        "team_id": F(_path(team, "pk")),
        "host": _of(host, "name"),
        "host_id": _of(host, "application_id"),
        "host_icon": _of(host, "icon"),
        "what": _column(what),
        "words": _column(words),
        "count": _number(count),
        "out_of": _number(out_of),
    }
    named = {f"row_{name}": column for name, column in columns.items()}
    return rows.order_by().annotate(**named).values(*named).order_by("row_since", "pk")[:EACH]


def _path(path: str, name: str) -> str:
    return f"{path}__{name}" if path else name


def _of(path: str | None, name: str) -> Any:
    return NOTHING if path is None else Cast(_path(path, name), CharField())


def _column(value: Column) -> Any:
    return F(value) if isinstance(value, str) else value


def _number(value: int | Combinable) -> Combinable:
    return Value(value, output_field=IntegerField()) if isinstance(value, int) else value


def number(path: str = "") -> Concat:
    """Return the number of the version at `path`, as people write it."""
    major, minor, patch = (Cast(_path(path, name), CharField()) for name in ("major", "minor", "patch"))
    return Concat(major, Value("."), minor, Value("."), patch)


def gather(parts: Iterable[QuerySet[Any]]) -> list[Row]:
    """Return the rows of all parts by rank, the oldest of each rank first; one query, none for no parts."""
    found = [*parts]
    if not found:
        return []
    first, *rest = found
    line: Any = first.union(*rest, all=True).order_by("row_rank", "row_since", "row_kind", "row_ref") if rest else first
    return [Row(**{name: row[f"row_{name}"] for name in COLUMNS}) for row in line]

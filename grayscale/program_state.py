"""The status of mini programs for devices, read from the rows: what `grayscale.decision` decides from.

The update check's snapshot and the pages that explain it read the tasks here, so both always agree.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q
from django.db.models.functions import JSONObject

from console.base.hosts.states import DecisionState
from grayscale.conditions import CHOICES, LISTED
from grayscale.decision import Deliverable, ProgramState, TaskRule, Trial
from grayscale.hashed import HashedList, cached, tidy
from grayscale.matching import Conditions, Range, version_range
from grayscale.models import ApplicationCondition, GrayscaleTask, ObjectList, PlatformCondition
from grayscale.states import TaskState
from miniprograms.models import Binding, MiniProgram
from releases.models import TrialVersion, Version

RELEASE = ("major", "minor", "patch", "package__sha256", "package__size", "package__file")


def program_state(program: MiniProgram) -> ProgramState:
    """Return what the rules need to know about one program now."""
    return program_states([program])[program.pk]


def program_states(programs: Iterable[MiniProgram]) -> dict[int, ProgramState]:
    """Return what the rules need to know about some programs now, by primary key."""
    programs = list(programs)
    pks = [program.pk for program in programs]
    bindings: dict[str, dict[int, set[int]]] = {state: defaultdict(set) for state in DecisionState.values}
    rows = Binding.objects.filter(mini_program__in=pks)
    for pk, application, state in rows.values_list("mini_program_id", "application_id", "state"):
        bindings[state][pk].add(application)
    versions = Version.objects.online().filter(mini_program__in=pks)
    online = {pk: _deliverable(*release) for pk, *release in versions.values_list("mini_program_id", *RELEASE)}
    tasks, trials = task_rules(pks), trials_of(pks)
    found = {}
    for program in programs:
        bound = frozenset(bindings[DecisionState.APPROVED][program.pk])
        found[program.pk] = ProgramState(
            pk=program.pk,
            on_shelf=program.on_shelf,
            online=online.get(program.pk),
            bound=bound,
            ended=frozenset(bindings[DecisionState.ENDED][program.pk]) - bound,
            tasks=tasks.get(program.pk, ()),
            trial=trials.get(program.pk),
        )
    return found


def _deliverable(major: int, minor: int, patch: int, sha256: str, size: int, file: str) -> Deliverable:
    return Deliverable(f"{major}.{minor}.{patch}", sha256, size, file)


def trials_of(mini_programs: Iterable[int] | None = None) -> dict[int, Trial]:
    """Return the trial versions by mini program (primary keys; None: all)."""
    trials = TrialVersion.objects.order_by()
    if mini_programs is not None:
        trials = trials.filter(mini_program__in=list(mini_programs))
    columns = ("mini_program_id", "page", "query", "token", *(f"version__{name}" for name in RELEASE))
    return {
        pk: Trial(_deliverable(*release), page, query, sha256(token.encode()).digest())
        for pk, page, query, token, *release in trials.values_list(*columns)
    }


class _Row(NamedTuple):
    id: int
    mini_program: int
    state: str
    starts_at: Any
    ends_at: Any
    keeps: bool
    applications: list[dict[str, Any]]
    platforms: list[dict[str, Any]]
    lists: list[dict[str, Any]]
    major: int
    minor: int
    patch: int
    sha256: str
    size: int
    file: str
    choices: Sequence[list[str]]  # as in CHOICES


def task_rules(mini_programs: Iterable[int] | None = None) -> dict[int, tuple[TaskRule, ...]]:
    """Return the tasks that may still matter to devices, by mini program (primary keys; None: all), in G-7's order.

    Reading all also forgets the files of lists that are gone.
    """
    tasks = GrayscaleTask.objects.filter(~Q(state=TaskState.ENDED) | Q(keeps=True))
    if mini_programs is not None:
        tasks = tasks.filter(mini_program__in=list(mini_programs))
    rows = _rows(_with_conditions(tasks).order_by(F("created_at").desc(), F("id").desc()))
    found: dict[int, list[TaskRule]] = defaultdict(list)
    for row in rows:
        found[row.mini_program].append(_rule(row))
    if mini_programs is None:
        tidy({one["id"] for row in rows for one in row.lists})
    return {pk: tuple(sorted(rules, key=lambda rule: rule.parts, reverse=True)) for pk, rules in found.items()}


def rules_of(tasks: Any) -> dict[int, TaskRule]:
    """Return the rules of a queryset's tasks, also of those that matter to no device any more, by primary key."""
    return {row.id: _rule(row) for row in _rows(_with_conditions(tasks))}


def _rows(tasks: Any) -> list[_Row]:
    """The columns of CHOICES come last, and are kept together."""
    own = len(_Row._fields) - 1
    return [_Row._make((*row[:own], row[own:])) for row in tasks]


def _with_conditions(tasks: Any) -> Any:
    """Read tasks and conditions in one statement, so that an edit is seen whole or not at all."""

    def chosen(model: Any, **columns: str) -> ArraySubquery:
        return ArraySubquery(
            model.objects.filter(task=OuterRef("pk")).order_by("id").values(condition=JSONObject(**columns))
        )

    own = ("id", "mini_program_id", "state", "starts_at", "ends_at", "keeps")
    return tasks.values_list(
        *own,
        chosen(ApplicationCondition, of="application_id", lowest="lowest", highest="highest"),
        chosen(PlatformCondition, of="platform", lowest="lowest", highest="highest"),
        chosen(ObjectList, id="id", kind="kind", key="key"),
        *(f"version__{name}" for name in RELEASE),
        *(one.of_task for one in CHOICES),
    )


def _rule(row: _Row) -> TaskRule:
    return TaskRule(
        id=row.id,
        release=_deliverable(row.major, row.minor, row.patch, row.sha256, row.size, row.file),
        parts=(row.major, row.minor, row.patch),
        state=sys.intern(row.state),
        starts_at=row.starts_at.timestamp(),
        ends_at=row.ends_at.timestamp(),
        keeps=row.keeps,
        conditions=Conditions(
            applications=_ranges(row.applications),
            platforms=_ranges(row.platforms),
            objects=_objects(row.lists),
            choices=tuple(
                (one.of_device, _chosen(*chosen)) for one, chosen in zip(CHOICES, row.choices, strict=True) if chosen
            ),
        ),
    )


def _ranges(conditions: list[dict[str, Any]]) -> dict[Any, Range]:
    return {condition["of"]: _range(condition["lowest"], condition["highest"]) for condition in conditions}


# Thousands of conditions have the same few ranges and values.
_range = lru_cache(maxsize=4096)(version_range)


@lru_cache(maxsize=4096)
def _chosen(*values: str) -> frozenset[str]:
    return frozenset(values)


def _objects(lists: list[dict[str, Any]]) -> dict[str, tuple[HashedList, ...]]:
    """Return the lists by kind, in the order of the form."""
    found: dict[str, tuple[HashedList, ...]] = {}
    for row in lists:
        key = bytes.fromhex(row["key"].removeprefix("\\x"))
        found[row["kind"]] = (*found.get(row["kind"], ()), hashed_list(row["id"], key))
    return {kind: found[kind] for kind in LISTED if kind in found}


def hashed_list(pk: int, key: bytes) -> HashedList:
    """Return a list; its hashes are read only where this machine has no file of them yet."""
    return cached(pk, key, partial(_hashes, pk))


def _hashes(pk: int) -> bytes:
    """A list that was removed just now lets nobody in."""
    return bytes(ObjectList.objects.values_list("hashes", flat=True).filter(pk=pk).first() or b"")

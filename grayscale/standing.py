"""Where mini programs stand for devices, read from the rows: what `grayscale.decision` decides from.

The update check's snapshot and the pages that explain it read the tasks here, so both always agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import F, Q

from console.hosts.states import DecisionState
from grayscale.decision import Deliverable, ProgramState, TaskRule
from grayscale.hashed import HashedList
from grayscale.matching import Conditions, version_range
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.states import TaskState
from miniprograms.models import MiniProgram
from releases.models import Version

FACTS = ("version__package",)


def program_state(program: MiniProgram) -> ProgramState:
    """Return what the rules need to know about one program now."""
    bound = frozenset(program.bindings.bound().values_list("application_id", flat=True))
    ended = program.bindings.filter(state=DecisionState.ENDED).values_list("application_id", flat=True)
    online = program.versions.online().select_related("package").first()
    return ProgramState(
        on_shelf=program.on_shelf,
        online=deliverable(online) if online else None,
        bound=bound,
        ended=frozenset(ended) - bound,
        tasks=task_rules([program.pk]).get(program.pk, ()),
    )


def deliverable(version: Version) -> Deliverable:
    """Return what the rules need to know about a version."""
    package = version.package
    return Deliverable(version.number, package.sha256, package.size, str(package.file))


def task_rules(mini_programs: Iterable[int] | None = None) -> dict[int, tuple[TaskRule, ...]]:
    """Return the tasks that may still matter to devices, by mini program (primary keys; None: all), in G-7's order."""
    tasks = GrayscaleTask.objects.filter(~Q(state=TaskState.ENDED) | Q(keeps=True))
    if mini_programs is not None:
        tasks = tasks.filter(mini_program__in=list(mini_programs))
    tasks = tasks.select_related("version__package").prefetch_related("applications", "platforms")
    found: dict[int, list[TaskRule]] = defaultdict(list)
    rows = list(tasks.order_by(F("created_at").desc(), F("id").desc()))
    objects = _objects(rows)
    for task in rows:
        found[task.mini_program_id].append(_rule(task, objects.get(task.pk, {})))
    return {pk: tuple(sorted(rules, key=lambda rule: rule.parts, reverse=True)) for pk, rules in found.items()}


def _rule(task: GrayscaleTask, objects: dict[str, tuple[HashedList, ...]]) -> TaskRule:
    return TaskRule(
        id=task.pk,
        release=deliverable(task.version),
        parts=task.version.parts,
        state=task.state,
        starts_at=task.starts_at.timestamp(),
        ends_at=task.ends_at.timestamp(),
        keeps=task.keeps,
        conditions=Conditions(
            applications={
                row.application_id: version_range(row.lowest, row.highest) for row in task.applications.all()
            },
            platforms={row.platform: version_range(row.lowest, row.highest) for row in task.platforms.all()},
            networks=frozenset(task.networks),
            objects=objects,
        ),
    )


def _objects(tasks: list[GrayscaleTask]) -> dict[int, dict[str, tuple[HashedList, ...]]]:
    found: dict[int, dict[str, tuple[HashedList, ...]]] = defaultdict(dict)
    for row in ObjectList.objects.filter(task__in=tasks):
        hashes = memoryview(bytes(row.hashes)).cast("Q")
        lists = found[row.task_id].get(row.kind, ())  # type: ignore[index]
        found[row.task_id][row.kind] = (*lists, HashedList(bytes(row.key), hashes))  # type: ignore[index]
    return found

"""What devices report of a version's errors, for a decision about it (G-13).

Where a guardrail has looked, its own figures: pages and the rule never disagree. Else the same figures are read now,
within the log store's time limit, and kept for a while.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from devmgmt.logs.criteria import Criteria, StoreAway, TooSlow
from devmgmt.logs.store import log_store
from devmgmt.states import Level
from grayscale.error_rates import Counting, seen_now
from grayscale.guardrail import Guardrail, Seen, error_rate, online_rate
from grayscale.models import GrayscaleTask
from grayscale.states import TaskState
from grayscale.stats import kept
from grayscale.watch import WINDOW
from releases.field.errors import Commonest, Evidence
from releases.models import Version
from releases.states import VersionState

GROUPS = 100  # of errors, that are added up


def evidence_of(version: Version, *, online: Version | None, at: datetime) -> Evidence | None:
    """Return what devices report of a version that may be released; None where no device is meant to have it yet."""
    tasks = GrayscaleTask.objects.running(at=at).filter(version=version).prefetch_related("applications").order_by("pk")
    started = [task for task in tasks if task.state_at(at) != TaskState.PENDING]
    watched = [task for task in started if task.guardrail and task.seen]
    if watched:
        found = evidence_of_look(max(watched, key=_weight), number=version.number)
    elif started:
        guardrail = next((task.guardrail for task in started if task.guardrail), None)
        found = _evidence(version, guardrail, Counting.of(*started), online, at=at)
    elif version.state == VersionState.RETIRED:
        found = _evidence(version, None, Counting(version), online, at=at)
    else:
        return None
    if found and found.ours.figures.bad and found.has_logs:
        key = f"grayscale-commonest-1-{version.pk}"
        found = replace(found, commonest=kept(key, lambda: _commonest(version, at=at)))
    return found


def evidence_of_look(task: GrayscaleTask, *, number: str) -> Evidence | None:
    """Return what a task's guardrail saw when it looked last; None before that. `number`: of the task's version."""
    if (seen := task.seen) is None:
        return None
    return Evidence(
        ours=error_rate(number, task.guardrail, seen),
        online=online_rate(seen),
        looked_at=task.guard_looked_at,
        has_logs=seen.logs,
    )


def evidence_now(task: GrayscaleTask, *, at: datetime) -> Evidence:
    """Return what a task's guardrail would see now, or would with one; the task with its version and program."""
    online = task.mini_program.versions.online().first()
    return _evidence(task.version, task.guardrail, Counting.of(task), online, at=at)


def _weight(task: GrayscaleTask) -> tuple[bool, int]:
    """What is over its limit comes first, then what most devices run."""
    return task.exceeds is not None, task.seen.ours.devices if task.seen else 0


def _evidence(
    version: Version, guardrail: Guardrail | None, counting: Counting, online: Version | None, *, at: datetime
) -> Evidence:
    key = f"grayscale-seen-1-{version.pk}-{online.pk if online else 0}-{'-'.join(map(str, counting.tasks or ()))}"
    seen: Seen = kept(key, lambda: seen_now(counting, online, at=at, window=WINDOW))
    return Evidence(
        ours=error_rate(version.number, guardrail, seen),
        online=online_rate(seen),
        has_logs=seen.logs,
    )


def _commonest(version: Version, *, at: datetime) -> Commonest | None:
    """Return the commonest error that the version logged in the last hour; None where there is none, or no answer."""
    criteria = Criteria(version.mini_program_id, at - WINDOW, at, level=Level.ERROR, version=version.number)
    try:
        groups = log_store().errors(criteria, limit=GROUPS)
    except (TooSlow, StoreAway):
        return None
    if not groups:
        return None
    total = sum(group.entries for group in groups)
    first = groups[0]
    return Commonest(first.error, first.entries, total, more=len(groups) == GROUPS, is_new=first.is_new)

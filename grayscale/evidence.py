"""What devices tell of a version's errors, for whoever is about to decide on it (G-13).

Where a guardrail has looked, its own figures: pages and the rule never disagree. Else the same figures are read now,
within the log store's time limit, and kept for a while.
"""

from __future__ import annotations

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
    """Return what devices tell of a version that may be released; None where no device is meant to have it yet."""
    tasks = GrayscaleTask.objects.running(at=at).filter(version=version).prefetch_related("applications").order_by("pk")
    started = [task for task in tasks if task.state_at(at) != TaskState.PENDING]
    watched = [task for task in started if task.guardrail and task.seen]
    if watched:
        task = max(watched, key=_weight)
        return _evidence(version, task.guardrail, task.seen, looked_at=task.guard_looked_at, at=at)
    if started:
        seen = _seen_now(version, Counting.of(*started), online, at=at)
        guardrail = next((task.guardrail for task in started if task.guardrail), None)
        return _evidence(version, guardrail, seen, at=at)
    if version.state == VersionState.RETIRED:
        return _evidence(version, None, _seen_now(version, Counting(version), online, at=at), enrolled=False, at=at)
    return None


def evidence_of_task(task: GrayscaleTask, *, at: datetime) -> Evidence:
    """Return the same of a task whose guardrail does not look now; the task with its version and program."""
    seen = _seen_now(task.version, Counting.of(task), task.mini_program.versions.online().first(), at=at)
    return _evidence(task.version, task.guardrail, seen, at=at)


def _weight(task: GrayscaleTask) -> tuple[bool, int]:
    """What is over its limit comes first, then what most devices run."""
    return task.broken is not None, task.seen.ours.devices if task.seen else 0


def _seen_now(version: Version, counting: Counting, online: Version | None, *, at: datetime) -> Seen:
    key = f"grayscale-seen-1-{version.pk}-{online.pk if online else 0}-{'-'.join(map(str, counting.tasks or ()))}"
    found: Seen = kept(key, lambda: seen_now(counting, online, at=at, window=WINDOW))
    return found


def _evidence(
    version: Version,
    guardrail: Guardrail | None,
    seen: Seen | None,
    *,
    at: datetime,
    looked_at: datetime | None = None,
    enrolled: bool = True,
) -> Evidence:
    seen = seen or Seen(since=at.isoformat())
    return Evidence(
        ours=error_rate(version.number, guardrail, seen),
        online=online_rate(seen),
        looked_at=looked_at,
        has_logs=seen.logs,
        enrolled=enrolled,
        commonest=kept(f"grayscale-commonest-1-{version.pk}", lambda: _commonest(version, at=at))
        if seen.ours.bad and seen.logs
        else None,
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

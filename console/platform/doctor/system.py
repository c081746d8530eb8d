"""What the status page knows, in the same words: services, schema, clock, processes, queues, periodic tasks, backup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db import ProgrammingError

from console.platform import services
from console.platform.doctor.findings import Finding, error, ok, unknown, warning
from console.platform.parts import TaskState
from console.platform.status import Status, status
from console.platform.trouble import Level, Trouble

LEAST_POSTGRES, LEAST_REDIS = 15, (7, 2)


def everything() -> Iterator[Finding]:
    """Ask all that the status page asks. Raises DatabaseError."""
    database = services.ask_postgres()
    major = int(database.version.split(".")[0])
    if major < LEAST_POSTGRES:
        yield error(f"PostgreSQL is version {major}.", f"Upgrade it to {LEAST_POSTGRES} or newer.")
    try:
        found = status()
    except ProgrammingError:  # no tables, or older ones
        yield from _of_services(services.services(database))
        yield unknown("Processes, queues, periodic tasks and backups: migrations are pending.", "manage.py migrate")
        return
    yield from _of_services(found.services)
    yield from _of_status(found)


def _of_services(found: Iterable[services.Service]) -> Iterator[Finding]:
    for service in found:
        words = f"{service.name}: {', '.join(map(str, service.facts))}"
        if service.trouble:
            yield finding(service.trouble)
        elif service.key == "backup" and not service.is_known:
            yield unknown(words, "manage.py backup FOLDER, every day, unless you back up in another way.")
        elif service.is_known:  # The mail server is asked by a check of its own.
            yield ok(words)


def _of_status(found: Status) -> Iterator[Finding]:
    known = [service.trouble for service in found.services if service.trouble]
    yield from (finding(trouble) for trouble in found.troubles if trouble not in known)
    for queue in found.queues:
        if queue.workers and not queue.is_stuck:
            yield ok(f"Queue {queue.name}: workers {len(queue.workers)}, waiting {queue.waiting}")
    on_time = sum(task.state is TaskState.ON_TIME for task in found.tasks)
    if on_time:
        yield ok(f"{on_time} of {len(found.tasks)} periodic tasks are on time.")


def finding(trouble: Trouble) -> Finding:
    """Return what the status page says of a trouble."""
    said = f" ({trouble.said})" if trouble.said else ""
    since = f" since {trouble.since:%Y-%m-%d %H:%M %Z}" if trouble.since else ""
    kind = error if trouble.level is Level.WRONG else warning
    run = f" Run: {'; '.join(trouble.commands)}" if trouble.commands else ""
    return kind(f"{trouble.title}{since}{said}", f"{trouble.mend}{run}")

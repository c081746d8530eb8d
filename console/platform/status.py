"""The status page: everything that is known of every part, and above it what needs somebody now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.activity import retention
from console.base.activity.retention import Fact
from console.base.core.text import listed
from console.celery import QUEUES
from console.platform import backups, heartbeats, mail, parts, receiving
from console.platform.parts import Process, Task
from console.platform.queues import Queue, queues_of, start_worker, troubles_of
from console.platform.services import Postgres, Service, ask_postgres, of_database, services
from console.platform.trouble import Level, Trouble
from console.version import VERSION


@dataclass(frozen=True)
class Status:
    """What was found `at` a moment by the database's clock. No clock of another machine decides what is late."""

    at: datetime
    services: list[Service]
    processes: list[Process]
    queues: list[Queue]
    tasks: list[Task]
    kept: list[Fact]
    closed: Trouble | None
    version: str = VERSION

    @property
    def workers(self) -> list[Process]:
        """The processes without the scheduler."""
        return [process for process in self.processes if not process.is_scheduler]

    @cached_property
    def troubles(self) -> list[Trouble]:
        """What an operator has to see to, the worst first; what follows from something else is left out."""
        found = [trouble for trouble in (*(service.trouble for service in self.services), self.closed) if trouble]
        if nothing := parts.nothing_ran(self.processes):
            found.append(nothing)
        else:
            found += self._of_parts()
        return sorted(found, key=lambda trouble: trouble.level)

    def _of_parts(self) -> Iterator[Trouble]:
        yield from parts.process_troubles(self.processes)
        if not self.workers:
            mend = _("Nothing is delivered, mailed or checked until a worker runs.")
            yield Trouble(_("No worker is running"), mend, (start_worker([]),))
        slow = self._slow
        yield from troubles_of(self.queues, missed=self._missed, slow=slow)
        yield from parts.task_troubles(self.tasks, slow=slow)
        if self._is_scheduled:
            yield from parts.not_known(self.tasks)
        if behind := [fact.label for fact in self.kept if fact.behind and fact.ran_at]:
            title = _("Old data is not deleted in time: %(kinds)s") % {"kinds": listed(behind)}
            mend = _("Deletion continues every few minutes. If this lasts for hours, check the worker’s log.")
            yield Trouble(title, mend, level=Level.NOTE)
        yield from parts.versions_differ(self.processes)

    @property
    def _is_scheduled(self) -> bool:
        return any(process.is_scheduler and not process.is_late for process in self.processes)

    @property
    def _missed(self) -> set[str]:
        """The queues whose worker is missed already, under its own name."""
        if not self.workers:
            return set(QUEUES)
        return {queue for worker in self.workers if worker.is_late for queue in worker.queues}

    @property
    def _slow(self) -> set[str]:
        """The queues in which things wait for a reason that has a sentence of its own."""
        broken = {service.key for service in self.services if not service.works}
        if "valkey" in broken or not self._is_scheduled:
            return set(QUEUES)
        return {queue.name for queue in self.queues if not queue.workers} | (broken & {"mail"})

    @property
    def wrong(self) -> int:
        """How many parts don't do what they should."""
        return sum(trouble.level is Level.WRONG for trouble in self.troubles)

    @property
    def icon(self) -> str:
        """The picture beside the headline."""
        return self.troubles[0].icon if self.troubles else "circle-check"

    @property
    def colour(self) -> str:
        return self.troubles[0].colour if self.troubles else "green"

    @property
    def headline(self) -> str:
        """The one sentence at the top; it reassures only where nothing is missing."""
        if not self.troubles:
            return _("All systems are working")
        if len(self.troubles) == 1:
            return self.troubles[0].title
        if self.wrong:
            words = ngettext("%(count)d problem needs attention", "%(count)d problems need attention", self.wrong)
            return words % {"count": self.wrong}
        if self.troubles[0].level is Level.UNKNOWN:
            return _("Some states are unknown")
        return _("All systems are working. See the notes below.")


def status() -> Status:
    """Ask everything; takes about three seconds when a service is silent. Raises DatabaseError."""
    return _status(services)


def known() -> Status:
    """Return what is known from the database alone, in some queries: no other service is used. Raises DatabaseError."""
    return _status(of_database)


def _status(ask: Callable[[Postgres], list[Service]]) -> Status:
    database = ask_postgres()
    now, signs = database.now, list(heartbeats.signs())
    return Status(
        at=now,
        services=[*ask(database), mail.server(at=now), *receiving.receivers(at=now), backups.last(at=now)],
        processes=parts.processes_of(signs),
        queues=queues_of(signs, now=now),
        tasks=parts.tasks_of(signs),
        kept=retention.facts(now),
        closed=mail.closed(at=now),
    )

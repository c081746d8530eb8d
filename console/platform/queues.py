"""The queues: what waits in each, since when, and which workers take it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.api.hooks import delivery as hooks
from console.base.core.outbox.leases import MANY
from console.celery import QUEUES
from console.platform import labels, mail
from console.platform.models import Heartbeat, Part
from console.platform.trouble import Trouble
from messaging import leases
from releases.report import writing

STUCK = timedelta(minutes=10)  # beyond which work that could be done immediately doesn't wait by chance
BUSY_OR_STUCK = gettext_lazy(
    "A worker serves this queue and sends heartbeats, so it is busy or stuck. Read its log, then restart it."
)
BACKLOGS: dict[str, Callable[..., tuple[int, datetime | None]]] = {
    "deliver": leases.backlog,
    "webhooks": hooks.backlog,
    "mail": mail.backlog,
    "reports": writing.backlog,
}


@dataclass(frozen=True)
class Queue:
    """How many rows wait, since when the first of them does, and the names of the living workers that take them."""

    name: str
    label: str | Promise
    waiting: int
    since: datetime | None
    workers: list[str]
    is_stuck: bool

    @property
    def has_many(self) -> bool:
        """Whether nobody counted to the end."""
        return self.waiting > MANY


def queues_of(signs: Iterable[Heartbeat], *, now: datetime) -> list[Queue]:
    """Return all queues; two queries for messages, as many for webhooks, one for reports, and those of the mails.

    Raises DatabaseError.
    """
    rows = list(signs)
    found = []
    for name in QUEUES:
        waiting, since = BACKLOGS[name](at=now) if name in BACKLOGS else _sent(rows, name)
        workers = [
            row.name
            for row in rows
            if row.part == Part.WORKER and not row.is_late and name in row.facts.get("queues", ())
        ]
        is_stuck = since is not None and since < now - STUCK
        found.append(Queue(name, labels.QUEUES[name], waiting, since, workers, is_stuck))
    return found


def _sent(rows: list[Heartbeat], queue: str) -> tuple[int, datetime | None]:
    """A queue without rows of its own: its periodic tasks that were sent, and that no worker has begun."""
    sent = [
        row.sent_at
        for row in rows
        if row.queue == queue and row.is_sent and row.sent_at and not (row.started_at and row.started_at >= row.sent_at)
    ]
    return len(sent), min(sent, default=None)


def troubles_of(queues: Iterable[Queue], *, missed: Collection[str], slow: Collection[str]) -> Iterator[Trouble]:
    """Yield what is wrong with each queue.

    What has a reason that is shown elsewhere is left out: the queues of `missed` workers, and what makes others `slow`.
    """
    for queue in queues:
        if not queue.workers and queue.name not in missed:
            title = _("No worker serves the queue %(queue)s") % {"queue": queue.name}
            yield Trouble(title, _("Start a worker."), (start_worker([queue.name]),), since=queue.since)
        elif queue.is_stuck and queue.name not in slow:
            title = _("The queue %(queue)s is stuck") % {"queue": queue.name}
            yield Trouble(title, BUSY_OR_STUCK, since=queue.since)


def start_worker(queues: Iterable[str]) -> str:
    """Return the command that starts a worker of these queues."""
    named = ",".join(queues)
    return f"manage.py start worker --queues {named}" if named else "manage.py start worker"

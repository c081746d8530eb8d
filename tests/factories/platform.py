"""Signs of life."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from console.celery import QUEUES, SCHEDULE
from console.platform.heartbeats import Clock
from console.platform.models import Heartbeat, Part
from console.version import VERSION


def make_sign(name: str, part: Part, *, seconds: int = 10, ago: float | None = 0, **fields: Any) -> Heartbeat:
    """The row of a part that showed its last sign `ago` seconds ago by the database's clock; None: never."""
    seen = None if ago is None else Clock() - timedelta(seconds=ago)
    return Heartbeat.objects.create(name=name, part=part, seconds=seconds, seen_at=seen, **fields)


def make_worker(name: str = "all@one", *, queues: tuple[str, ...] = QUEUES, ago: float = 0, **facts: Any) -> Heartbeat:
    """A worker."""
    facts = {"version": VERSION, "machine": name.partition("@")[2], "process": 1, "queues": list(queues), **facts}
    return make_sign(f"worker:{name}", Part.WORKER, ago=ago, facts=facts)


def make_beat(*, ago: float | None = 0, **facts: Any) -> Heartbeat:
    """The scheduler."""
    return make_sign("beat", Part.BEAT, ago=ago, facts={"version": VERSION, "machine": "one", "process": 2, **facts})


def make_task_sign(name: str, *, ago: float | None = 0, sent: float = 0, seconds: int = 10, **fields: Any) -> Heartbeat:
    """A periodic task that was sent `sent` seconds ago, and begun at that moment unless `started_at` is given."""
    sent_at = Clock() - timedelta(seconds=sent)
    fields = {"started_at": sent_at, "queue": SCHEDULE[name].queue if name in SCHEDULE else "periodic", **fields}
    return make_sign(name, Part.TASK, ago=ago, seconds=seconds, sent_at=sent_at, **fields)


def make_signs() -> None:
    """Everything on time."""
    make_beat()
    make_worker()
    for name, periodic in SCHEDULE.items():
        make_task_sign(name, seconds=periodic.seconds or 10)

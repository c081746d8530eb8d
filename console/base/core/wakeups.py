"""Waking a Celery worker once the transaction is through: PUBLISH_SECONDS at most, but for the look-up of a name."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from typing import Any

from celery import Task, current_app, current_task
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers

from console.base.core import request_id, tracing
from console.base.core.outage import Outage

logger = logging.getLogger(__name__)

PUBLISH_SECONDS = 0.2
WAKE_SECONDS = 0.5  # between two wake-ups by a Waker
PERIODIC = "periodic"  # the header of what beat sends
# A broker that is down must cost a person's request nothing: no second try, no longer wait.
OPTIONS = {"socket_timeout": PUBLISH_SECONDS, "socket_connect_timeout": PUBLISH_SECONDS, "max_retries": 0}


def wake(task: Task | str, *ids: Any) -> None:
    """Send `task`, or the one of that name, after commit.

    A broker that is down costs only time: a periodic task finds the same rows.
    """
    transaction.on_commit(lambda: publish(task, *ids), robust=True)


def publish(task: Task | str, *ids: Any, periodic: bool = False) -> bool:
    """Send `task` now, in at most about PUBLISH_SECONDS; False when the broker took nothing.

    After a failure nothing is tried for a few seconds, so that a person who saves ten things waits for one. `periodic`
    marks what beat sends, which is a heartbeat.
    """
    named = current_app.tasks[task] if isinstance(task, str) else task
    headers: dict[str, Any] = {PERIODIC: True} if periodic else {}
    # What goes on by waking itself, such as a delivery, is soon about other requests than the one that began it.
    if not (current_task and current_task.name == named.name) and (following := request_id.current()):
        headers[request_id.TASK_HEADER] = following
    with tracing.span(f"send {named.name}", "producer"):
        return _publisher().publish(named, ids, headers | tracing.following())


def empty(queues: Sequence[str]) -> list[str]:
    """Return those in which no task waits for a worker; none while the broker does not say."""
    return _publisher().empty(queues)


class Waker:
    """Wakes a task once the transaction is through, at most once in WAKE_SECONDS and process.

    Sending a wake-up takes longer than accepting a message, and in a burst they would keep a worker busy. A run of a
    delivery goes on looking for at least a second after the last row that it found, and without rows, unless another
    wake-up waits. So what comes within the pause is found as well; whatever is missed yet, the sweep finds.
    """

    def __init__(self, task: Task | str) -> None:
        self._task = task
        self._last = -WAKE_SECONDS

    def __call__(self) -> None:
        transaction.on_commit(self._wake, robust=True)

    def _wake(self) -> None:
        now = time.monotonic()
        if now - self._last >= WAKE_SECONDS:
            self._last = now
            publish(self._task)


class Publisher:
    """The connection of this process to the broker, apart from those that wait for tasks for as long as it takes."""

    def __init__(self, url: str) -> None:
        self.process = os.getpid()
        self.url = url
        self._connection = Connection(url, transport_options=OPTIONS, connect_timeout=PUBLISH_SECONDS)
        self._outage = Outage()

    def publish(self, task: Task, ids: tuple[Any, ...], headers: dict[str, Any]) -> bool:
        """Send one task, unless the broker was away a moment ago."""
        was_away = bool(self._outage)
        if not self._outage.begin_try():
            return False
        try:
            with producers[self._connection].acquire(block=True, timeout=PUBLISH_SECONDS) as producer:
                task.apply_async(ids, producer=producer, retry=False, headers=headers)
        except (OperationalError, LimitExceeded, OSError) as error:
            if not was_away:
                logger.warning("the broker accepts no wake-ups; periodic tasks will find the work: %s", error)
            self._outage.goes_on()
            return False
        self._outage.ends()
        return True

    def empty(self, queues: Sequence[str]) -> list[str]:
        """Ask how long the queues are, unless the broker was away a moment ago."""
        if self._outage.is_pausing:
            return []
        try:
            with producers[self._connection].acquire(block=True, timeout=PUBLISH_SECONDS) as producer:
                with producer.channel.conn_or_acquire() as client:
                    return [queue for queue in queues if not client.llen(queue)]
        except (*self._connection.connection_errors, *self._connection.channel_errors, OperationalError, LimitExceeded):
            return []


_current: Publisher | None = None


def _publisher() -> Publisher:
    """Return this process's publisher: a child of a fork does not speak on its parent's connection."""
    global _current
    if _current is None or (_current.process, _current.url) != (os.getpid(), settings.CELERY_BROKER_URL):
        _current = Publisher(settings.CELERY_BROKER_URL)
    return _current

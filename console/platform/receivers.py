"""Signs of life of workers, and of each task that beat sent."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any, LiteralString

import psycopg
from celery import Task
from celery.signals import (
    beat_init,
    task_failure,
    task_prerun,
    task_success,
    worker_process_init,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from django.db import DatabaseError, connection

from console.base.core.wakeups import PERIODIC, publish
from console.platform import exposition, heartbeats
from console.platform.models import WORKER_NAME, Part
from console.platform.tasks import notify_late
from console.version import VERSION

logger = logging.getLogger(__name__)

SIGN_SECONDS = 10
LEAVE_SECONDS = 3
PR_SET_PDEATHSIG = 1  # prctl(2)
WATCH_QUEUE = "periodic"  # of `notify_late`


def _is_periodic(task: Task) -> bool:
    """Whether beat sent it: what was only woken may run many times a second, and tells nothing of beat."""
    return bool((task.request.headers or {}).get(PERIODIC))


def _note(write: Any, task: Task, **how: Any) -> None:
    """Write a sign; the work itself does not depend on it."""
    if _is_periodic(task):
        try:
            write(task.name, **how)
        except DatabaseError as error:
            connection.close()
            logger.warning("the heartbeat of %s can't be written: %s", task.name, error)


@task_prerun.connect
def note_begun(sender: Any, *, task: Task, **kwargs: Any) -> None:
    """Note when it began."""
    _note(heartbeats.begun, task)


@task_success.connect
def note_success(sender: Task, **kwargs: Any) -> None:
    """Note that it ended well."""
    _note(heartbeats.ended, sender)


@task_failure.connect
def note_failure(sender: Task, *, exception: BaseException, **kwargs: Any) -> None:
    """Note what went wrong."""
    _note(heartbeats.ended, sender, error=f"{type(exception).__name__}: {exception}")


class WorkerSigns(threading.Thread):
    """The thread of a worker's main process that shows that it lives, and that wakes the watch when beat does not.

    On connections of its own: the main process is forked for each child, and a pool does not live through that.
    """

    def __init__(self, name: str, facts: dict[str, Any]) -> None:
        super().__init__(name="signs-of-life", daemon=True)
        self.name_of_row = f"{WORKER_NAME}{name}"
        self.facts = facts
        self.stopping = threading.Event()

    def run(self) -> None:
        """Show signs until the worker ends; one that ends in order is not missed."""
        self._ask(heartbeats.EXPECT_BEAT, [SIGN_SECONDS])
        while not self.stopping.is_set():
            self._ask(heartbeats.SHOW, [self.name_of_row, Part.WORKER, SIGN_SECONDS, json.dumps(self.facts)])
            # Who doesn't take the watch's queue would only pile it up.
            if WATCH_QUEUE in self.facts["queues"] and self._ask(heartbeats.BEAT_IS_LATE):
                publish(notify_late)
            self.stopping.wait(SIGN_SECONDS)
        self._ask(heartbeats.LEAVE, [self.name_of_row, self.facts["process"]])

    def _ask(self, query: LiteralString, values: Sequence[Any] = ()) -> bool:
        """Return whether the query gave a row."""
        try:
            with psycopg.connect(**connection.get_connection_params(), autocommit=True) as own:
                return own.execute(query, values).rowcount > 0
        except psycopg.Error as error:
            logger.warning("the worker's heartbeat can't be written: %s", error)
            return False


signs: list[WorkerSigns] = []


@worker_process_init.connect
def end_with_the_worker(**kwargs: Any) -> None:
    """Let the kernel kill this child when its worker is killed: it would hold locks and leases beside the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@worker_ready.connect
def start_signs(sender: Any, **kwargs: Any) -> None:
    """Show signs from now on; `sender` is the worker's consumer."""
    queues = sorted(queue.name for queue in sender.app.amqp.queues.consume_from.values())
    facts = {"version": VERSION, "machine": socket.gethostname(), "process": os.getpid(), "queues": queues}
    thread = WorkerSigns(sender.hostname, facts)
    signs.append(thread)
    thread.start()
    exposition.listen()


@beat_init.connect
def show_metrics(**kwargs: Any) -> None:
    """Answer Prometheus."""
    exposition.listen()


@worker_shutting_down.connect
def stop_signs(**kwargs: Any) -> None:
    """End in order."""
    for thread in signs:
        thread.stopping.set()


@worker_shutdown.connect
def wait_for_signs(**kwargs: Any) -> None:
    """Let it be written that the worker has left: the process ends without waiting for its threads."""
    for thread in signs:
        thread.join(LEAVE_SECONDS)

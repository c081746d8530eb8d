"""Beat: sends the periodic tasks that the database says are due, so that no machine's clock decides."""

from __future__ import annotations

import logging
import os
import socket
import time
from typing import Any

from celery import current_app
from celery.beat import Scheduler as CeleryScheduler
from django.conf import settings
from django.db import DatabaseError, connection

from console.base.core import metrics
from console.base.core.wakeups import empty, publish
from console.celery import QUEUES, SCHEDULE
from console.platform import heartbeats, watch
from console.platform.models import Part
from console.version import VERSION

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
SIGN_SECONDS = 10


class Scheduler(CeleryScheduler):
    """Celery's place for a scheduler of one's own; it keeps no file.

    Several may run: each task is sent once. While the database is away nothing is sent, as nothing could be done.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.tasks = {
            name: (periodic.queue, periodic.seconds or settings.SWEEP_SECONDS) for name, periodic in SCHEDULE.items()
        }
        self._away = False
        self._sign_at = 0.0

    def tick(self, *arguments: Any, **options: Any) -> float:
        """Send what is due; return how many seconds until the next look."""
        try:
            self._send_due()
            self._show_sign()
            if self._away:
                logger.warning("beat reaches the database again")
            self._away = False
        except DatabaseError as error:
            if not self._away:
                logger.warning("beat can't read due tasks from the database: %s", error)
            self._away = True
        finally:
            connection.close()
        return TICK_SECONDS

    def _send_due(self) -> None:
        due = heartbeats.take_due(self.tasks, empty=empty(QUEUES))
        if untaken := [name for name in due if not publish(current_app.tasks[name], periodic=True)]:
            heartbeats.not_sent(untaken)
        for name in set(due) - set(untaken):
            metrics.tasks_sent.labels(name).inc()

    def _show_sign(self) -> None:
        if time.monotonic() >= self._sign_at:
            self._sign_at = time.monotonic() + SIGN_SECONDS
            facts = {"version": VERSION, "machine": socket.gethostname(), "process": os.getpid()}
            heartbeats.show("beat", Part.BEAT, seconds=SIGN_SECONDS, facts=facts)
            watch.notify_late()

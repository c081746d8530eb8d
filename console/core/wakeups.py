"""Waking a Celery worker once the transaction is through."""

import logging
from typing import Any

from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def wake(task: Task, *ids: Any) -> None:
    """Send `task` after commit. A broker that is down costs only time: the sweep finds the same rows."""

    def send() -> None:
        try:
            task.delay(*ids)
        except OperationalError:
            logger.warning("the broker is down; the sweep will do what %s would have done", task.name)

    transaction.on_commit(send, robust=True)

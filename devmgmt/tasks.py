"""Sweeps of development management."""

from celery import shared_task

from console.base.core import times
from devmgmt.logs import volume
from devmgmt.logs.store import log_store


@shared_task(name="devmgmt.keep_logs")
def keep_logs() -> int:
    """Make room for the logs of the next days and drop what is too old."""
    at = times.of_the_database()
    volume.prune(at=at)
    return log_store().keep(at=at)

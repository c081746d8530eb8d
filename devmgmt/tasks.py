"""Sweeps of development management."""

from celery import shared_task

from console.base.core import times
from devmgmt import expiry
from devmgmt.logs.store import log_store


@shared_task(name="devmgmt.keep_logs", time_limit=6 * 3600)  # Seconds: the index of a large day takes hours.
def keep_logs() -> int:
    """Make room for the logs of the next days and drop what is too old."""
    return log_store().keep(at=times.of_the_database())


@shared_task(name="devmgmt.end_expired")
def end_expired() -> int:
    """Write down which grants have expired, and notify; devices knew at that moment (D-10)."""
    return expiry.end_expired(at=times.of_the_database())


@shared_task(name="devmgmt.remind_of_expiry")
def remind_of_expiry() -> int:
    """Notify of grants that end soon (D-10)."""
    return expiry.remind(at=times.of_the_database())

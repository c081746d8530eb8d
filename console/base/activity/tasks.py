"""The sweep that deletes what is old enough."""

from celery import shared_task

from console.base.activity import retention
from console.base.core import times
from console.base.core.wakeups import wake


@shared_task(name="activity.keep_retention")
def keep_retention() -> int:
    """Delete what is old of each kind, as far as the time goes; what is left, as soon as other tasks had their turn."""
    run = retention.keep(at=times.of_the_database())
    if run.is_behind:
        wake(keep_retention)
    return run.deleted

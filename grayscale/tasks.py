"""Sweeps of grayscale release."""

from celery import shared_task

from console.base.core import times
from grayscale import importing, lifecycle, watch


@shared_task(name="grayscale.keep_time")
def keep_time() -> int:
    """Write down what the clock has decided."""
    return lifecycle.keep_time(at=times.of_the_database())


@shared_task(name="grayscale.discard_old_drafts")
def discard_old_drafts() -> int:
    """Delete object lists that no task took in."""
    return importing.discard_old_drafts(at=times.of_the_database())


@shared_task(name="guardrail.keep_watch")
def keep_watch() -> int:
    """Suspend the tasks whose version does harm; its name is that of an earlier release."""
    return watch.keep_watch(at=times.of_the_database())

"""Sweeps of grayscale release."""

from celery import shared_task

from console.core import times
from grayscale import importing, lifecycle, sightings


@shared_task(name="grayscale.keep_time")
def keep_time() -> int:
    """Write down what the clock has decided."""
    return lifecycle.keep_time(at=times.of_the_database())


@shared_task(name="grayscale.discard_old_drafts")
def discard_old_drafts() -> int:
    """Delete object lists that no task took in."""
    return importing.discard_old_drafts(at=times.of_the_database())


@shared_task(name="grayscale.prune_sightings")
def prune_sightings() -> int:
    """Delete devices that were not seen for long."""
    return sightings.prune(at=times.of_the_database())

"""The sweep of devices that are gone."""

from celery import shared_task

from console.base.core import times
from releases.field import seen


@shared_task(name="grayscale.prune_sightings")
def prune_seen_devices() -> int:
    """Delete devices that were not seen for long; its name is that of an earlier release."""
    return seen.prune(at=times.of_the_database())

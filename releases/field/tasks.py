"""The sweep of devices that are gone."""

from celery import shared_task

from console.base.core import retention, times


@shared_task(name="grayscale.prune_sightings")
def prune_seen_devices() -> int:
    """Delete devices that were not seen for long. Sent by the scheduler of the previous release only."""
    return retention.delete("seen_devices", at=times.of_the_database())

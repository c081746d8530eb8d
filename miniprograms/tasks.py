"""Sweeps of what mini programs and applications show."""

from celery import shared_task
from django.utils import timezone

from miniprograms import storage


@shared_task(name="miniprograms.sweep_icons", time_limit=300)  # Seconds, for a storage that hangs.
def sweep_icons() -> int:
    """Delete icons that a crash left."""
    return storage.sweep(at=timezone.now())

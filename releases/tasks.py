"""Sweeps of the storage of packages, and the job that writes review reports."""

from celery import shared_task
from django.utils import timezone

from console.base.core import times
from releases import storage
from releases.report import writing


@shared_task(name="releases.sweep_packages", time_limit=300)  # Seconds: it looks for one minute, then deletes.
def sweep_packages() -> int:
    """Delete files that a crash left."""
    return storage.sweep(at=timezone.now())


@shared_task(name="reviews.write_reports")
def write_reports() -> int:
    """Write the reports that were asked for; its name is that of an earlier release, whose workers may still run."""
    return writing.write_waiting(at=times.of_the_database())

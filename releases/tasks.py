"""Sweeps of the storage of packages."""

from celery import shared_task
from django.utils import timezone

from releases import storage


@shared_task(name="releases.sweep_packages")
def sweep_packages() -> int:
    """Delete files that a crash left."""
    return storage.sweep(at=timezone.now())

"""Wake-ups of the device API."""

from celery import shared_task

from console.api.device import changes


@shared_task(name="device.prune_changes")
def prune_changes() -> int:
    """Delete the notes of changes that every process has read."""
    return changes.prune()

"""The watch over all other parts."""

from celery import shared_task

from console.platform import watch


@shared_task(name="platform.notify_late")
def notify_late() -> int:
    """Notify operators of what has shown no heartbeat."""
    return watch.notify_late()

"""The watch over all other parts, and over their sizes."""

from celery import shared_task

from console.base.core import times
from console.platform import sizes, watch


@shared_task(name="platform.notify_late")
def notify_late() -> int:
    """Notify operators of what has shown no heartbeat."""
    return watch.notify_late()


@shared_task(name="platform.sample_sizes")
def sample_sizes() -> bool:
    """Keep how large everything is, once a day."""
    return sizes.take_sample(at=times.of_the_database())

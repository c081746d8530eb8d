"""The guardrail's sweep."""

from celery import shared_task

from console.core import times
from console.guardrail import lifecycle


@shared_task(name="guardrail.keep_watch")
def keep_watch() -> int:
    """Suspend the tasks whose version does harm."""
    return lifecycle.keep_watch(at=times.of_the_database())

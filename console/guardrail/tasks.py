"""The guardrail's sweep."""

from celery import shared_task
from django.utils import timezone

from console.guardrail import lifecycle


@shared_task(name="guardrail.keep_watch")
def keep_watch() -> int:
    """Suspend the tasks whose version does harm."""
    return lifecycle.keep_watch(at=timezone.now())

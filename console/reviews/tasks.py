"""Sweeps of the review inbox."""

from celery import shared_task
from django.utils import timezone

from console.reviews import reminders


@shared_task(name="reviews.remind")
def remind() -> int:
    """Tell reviewers again of overdue decisions."""
    return reminders.remind(at=timezone.now())

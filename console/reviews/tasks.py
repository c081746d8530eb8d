"""Sweeps of the review inbox."""

from celery import shared_task
from django.utils import timezone

from console.reviews import reminders, reporting


@shared_task(name="reviews.remind")
def remind() -> int:
    """Tell reviewers again of overdue decisions."""
    return reminders.remind(at=timezone.now())


@shared_task(name="reviews.write_reports")
def write_reports() -> int:
    """Write the reports that were asked for."""
    return reporting.write_waiting(at=timezone.now())

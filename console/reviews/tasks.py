"""Sweeps of the review inbox."""

from celery import shared_task

from console.core import times
from console.reviews import reminders, reporting


@shared_task(name="reviews.remind")
def remind() -> int:
    """Tell reviewers again of overdue decisions."""
    return reminders.remind(at=times.of_the_database())


@shared_task(name="reviews.write_reports")
def write_reports() -> int:
    """Write the reports that were asked for."""
    return reporting.write_waiting(at=times.of_the_database())

"""The sweep of the review inbox."""

from celery import shared_task

from console.base.core import times
from console.reviews import reminders


@shared_task(name="reviews.remind")
def remind() -> int:
    """Notify reviewers again of overdue decisions."""
    return reminders.remind(at=times.of_the_database())

"""The sweep that deletes what is old enough."""

from celery import shared_task

from console.base.activity import retention
from console.base.core import times


@shared_task(name="activity.keep_retention")
def keep_retention() -> int:
    """Delete old sessions, notifications, activity, messages, reports and enrolments, as far as the time goes."""
    return retention.keep(at=times.of_the_database())

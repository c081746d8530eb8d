"""The Celery application: wake-ups and sweeps; what is to be done stands in PostgreSQL rows."""

import os
from typing import Any

from celery import Celery, Task
from django.conf import settings

from console.activity.middleware import Source, source

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")


class Job(Task):
    """A task: the activity log says that a job did what it does."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work."""
        token = source.set(Source("job"))
        try:
            return super().__call__(*args, **kwargs)
        finally:
            source.reset(token)


app = Celery("console", task_cls=Job)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

SWEEPS = (
    "accounts.send_notifications",
    "accounts.send_invitations",
    "reviews.remind",
    "reviews.write_reports",
    "device.prune_changes",
    "grayscale.keep_time",
    "guardrail.keep_watch",
    "grayscale.discard_old_drafts",
    "grayscale.prune_sightings",
    "devmgmt.keep_logs",
    "keys.prune",
    "messaging.sweep",
)


@app.on_after_configure.connect
def sweep(sender: Celery, **kwargs: Any) -> None:
    """Let beat send every sweep each SWEEP_SECONDS; one that no worker took in time is dropped for the next."""
    for name in SWEEPS:
        seconds = settings.SWEEP_SECONDS
        sender.add_periodic_task(seconds, sender.signature(name), name=name, expires=seconds)

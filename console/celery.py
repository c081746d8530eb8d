"""The Celery application: wake-ups and periodic tasks; what is to be done is in PostgreSQL rows."""

import os
from typing import Any, NamedTuple

from celery import Celery, Task
from kombu import Queue

from console.base.activity.middleware import Source, source
from console.base.core import metrics, request_id, tracing

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")


class Job(Task):
    """A task: the activity log says that a job did what it does, and for which request."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the work."""
        token = source.set(Source("job"))
        headers = self.request.headers or {}
        job = request_id.begin_job(headers.get(request_id.TASK_HEADER))
        try:
            with (
                metrics.timed(metrics.task_seconds, str(self.name)),
                tracing.span(str(self.name), "consumer", headers=headers, console__request_id=request_id.current()),
            ):
                return super().__call__(*args, **kwargs)
        finally:
            request_id.end(job)
            source.reset(token)


app = Celery("console", task_cls=Job)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


class Periodic(NamedTuple):
    """How often beat sends a task, in seconds, and by which queue; None: each SWEEP_SECONDS, to find lost wake-ups."""

    seconds: int | None
    queue: str


MINUTE, HOUR = 60, 3600
# One slow or silent thing stops one queue: messages, webhooks, mails, reports, and all else.
QUEUES = ("deliver", "webhooks", "mail", "reports", "periodic")
SCHEDULE = {
    # Woken by what has to be delivered; sent each minute all the same, which shows that its queue is worked on.
    "messaging.deliver": Periodic(MINUTE, "deliver"),
    "webhooks.deliver": Periodic(MINUTE, "webhooks"),
    "accounts.send_mail": Periodic(None, "mail"),
    "reviews.write_reports": Periodic(None, "reports"),
    "messaging.sweep": Periodic(None, "periodic"),
    "webhooks.sweep": Periodic(None, "periodic"),
    "grayscale.keep_time": Periodic(None, "periodic"),
    "guardrail.keep_watch": Periodic(30, "periodic"),
    "activity.keep_retention": Periodic(10 * MINUTE, "periodic"),
    "platform.sample_sizes": Periodic(HOUR, "periodic"),
    "device.prune_changes": Periodic(MINUTE, "periodic"),
    "reviews.remind": Periodic(10 * MINUTE, "periodic"),
    "devmgmt.keep_logs": Periodic(5 * MINUTE, "periodic"),
    "devmgmt.end_expired": Periodic(MINUTE, "periodic"),
    "devmgmt.remind_of_expiry": Periodic(10 * MINUTE, "periodic"),
    "accounts.seal_factors": Periodic(HOUR, "periodic"),
    "keys.prune": Periodic(10 * MINUTE, "periodic"),
    "grayscale.discard_old_drafts": Periodic(HOUR, "periodic"),
    "releases.sweep_packages": Periodic(24 * HOUR, "periodic"),
    # Not together with the one before: a storage that hangs would hold both processes of the queue.
    "miniprograms.sweep_icons": Periodic(25 * HOUR, "periodic"),
}
app.conf.task_default_queue = "periodic"
app.conf.task_queues = [Queue(name) for name in QUEUES]  # The queues of a worker without --queues.
app.conf.task_routes = {name: {"queue": periodic.queue} for name, periodic in SCHEDULE.items()}

app.conf.worker_consumer = "console.platform.consumer:Consumer"
app.conf.beat_scheduler = "console.platform.scheduler:Scheduler"

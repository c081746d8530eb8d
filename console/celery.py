"""The Celery application: wake-ups and sweeps; what is to be done stands in PostgreSQL rows."""

import os
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")

app = Celery("console")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

SWEEPS = ("accounts.send_notifications", "accounts.send_invitations", "reviews.remind", "device.prune_changes")


@app.on_after_configure.connect
def sweep(sender: Celery, **kwargs: Any) -> None:
    """Let beat send every sweep each SWEEP_SECONDS; one that no worker took in time is dropped for the next."""
    for name in SWEEPS:
        seconds = settings.SWEEP_SECONDS
        sender.add_periodic_task(seconds, sender.signature(name), name=name, expires=seconds)

"""`manage.py start ROLE` for the previous release, which had no such command: what its docs said to run.

Put into that release's tree by test_upgrade.py, so that the units can start it.
"""

import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Becomes the server, a worker or the scheduler."""

    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("role")
        for name in ("host", "port", "workers", "queues", "concurrency"):
            parser.add_argument(f"--{name}")

    def handle(self, *, role: str, **options: Any) -> None:
        if role in ("web", "runtime"):
            where = ["--host", options["host"], "--port", options["port"], "--workers", options["workers"]]
            given = ["granian", "--interface", "wsgi", "--no-ws", *where, "--blocking-threads", "4"]
            given.append("console.served:application")
        elif role == "worker":
            given = ["celery", "-A", "console", "worker", "--concurrency", options["concurrency"]]
            given += ["--hostname", f"{options['queues']}@%h"]
        else:
            given = ["celery", "-A", "console", "beat", "--schedule", "/var/cache/console/beat"]
        os.execv(sys.executable, [sys.executable, "-m", *given])

"""`manage.py start ROLE`: one process of an installation, with the options that were tried."""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console import roles
from console.celery import QUEUES
from console.local import addresses
from console.platform import configuration, pooler, serving


class Command(BaseCommand):
    """Becomes the server, a worker or the scheduler: signals reach it directly."""

    help = "Start one process of the console: web (pages), runtime (devices, servers), all (both), worker, beat."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=list(roles.ROLES))
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: this machine only")
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument("--workers", type=int, default=1, help="server processes; one per core is enough")
        parser.add_argument("--threads", type=int, default=0, help="threads per process; default: web 8, runtime 4")
        parser.add_argument(
            "--queues", default=",".join(QUEUES), help="queues of a worker, comma-separated; default: all"
        )
        parser.add_argument(
            "--concurrency", type=int, default=len(QUEUES), help="how many tasks a worker runs at the same time"
        )

    def handle(self, *, role: str, **options: Any) -> None:
        """Replace this process by it."""
        if missing := configuration.missing():
            raise CommandError("The console can't start.\n" + "\n".join(f"- {sentence}" for sentence in missing))
        if unknown := set(options["queues"].split(",")) - set(QUEUES):
            raise CommandError(f"There is no queue {', '.join(sorted(unknown))}. Choose from {', '.join(QUEUES)}.")
        if settings.DEBUG and role in roles.SERVING and not addresses.is_loopback(options["host"]):
            raise CommandError(f"The console can't listen on {options['host']}. {addresses.ONLY_HERE}")
        if sentence := pooler.why_not(role):
            raise CommandError(f"The console can't start. {sentence}")
        command = serving.command_of(role, **options)
        try:
            environment = serving.environment(role)
        except OSError as error:  # Devices need no disk.
            words = f"The console can't write temporary files: {error}. Set TMPDIR to a folder with free space."
            self.stderr.write(f"{words} Until then uploads fail, and each process only knows its own metrics.")
            environment = {roles.VARIABLE: role}
        os.execve(sys.executable, command, {**os.environ, **environment})  # noqa: S606 - our own words, no shell

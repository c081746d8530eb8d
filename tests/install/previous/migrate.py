"""`manage.py migrate` of the previous release, which knew no --lock-timeout. See start.py."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.commands import migrate


class Command(migrate.Command):
    """Migrates an empty database, where nobody is to be waited for."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--lock-timeout")

    def handle(self, *args: Any, lock_timeout: str, **options: Any) -> None:
        super().handle(*args, **options)

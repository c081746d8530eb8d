"""`manage.py packages verify`: whether the storage holds what the database says."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from releases.models import SourceMaps
from releases.storage import fault_of, packages, strays

TOLD_EVERY = 1000  # packages


class Command(BaseCommand):
    """Compare files and rows; exit status 1 when a package's file is missing or differs."""

    help = "Check the files of all packages against the database, for example after a restore."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(required=True, dest="action", metavar="action")
        verify = actions.add_parser("verify", help="check every package's file, and list files without a package")
        verify.add_argument("--quick", action="store_true", help="compare sizes only, not the bytes")

    def handle(self, *, quick: bool, **options: Any) -> None:
        """Check each package and print what is wrong."""
        count = faults = maps = 0
        for count, package in enumerate(packages(), 1):
            maps += isinstance(package, SourceMaps)
            if fault := fault_of(package, quick=quick):
                faults += 1
                self.stdout.write(f"{package.file.name}: {fault}")
            if count % TOLD_EVERY == 0:
                self.stderr.write(f"{count} packages checked, {faults} faulty")
        without = 0
        for name in strays():
            without += 1
            self.stdout.write(f"{name}: belongs to no package")
        checked = f"{count - maps} packages" + (f", {maps} × source maps" if maps else "")
        self.stdout.write(f"{checked}, {faults} faulty; {without} files belong to no package")
        if faults:
            sys.exit(1)

"""`manage.py backup FOLDER`: a backup of database and files, of one moment, verified."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.platform.backup.folder import BackupError
from console.platform.backup.making import back_up


class Command(BaseCommand):
    """Writes a folder that has its name only when it is whole; exit status 1 when files are missing in the storage."""

    help = "Back up the database, packages and icons, consistent to one moment. The console keeps running."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where backups are kept; each gets a folder of its own in it")
        parser.add_argument(
            "--keep",
            type=int,
            default=0,
            metavar="N",
            help="then remove all but the newest N, and the newest N that lack no file; default: keep all",
        )
        parser.add_argument("--pg-bin", type=Path, metavar="FOLDER", help="where pg_dump and pg_restore are")

    def handle(self, *, folder: Path, keep: int, pg_bin: Path | None, **options: Any) -> None:
        """Back up and print where to."""
        if keep < 0:
            raise CommandError("Set --keep to 1 or more.")
        try:
            made, faults = back_up(folder, keep=keep, pg_bin=pg_bin, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Written and verified: {made}")
        self.stdout.write("SECRET_KEY is not in it. Keep it elsewhere: without it, sealed data can't be opened.")
        if faults:
            self.stderr.write("\n".join([f"The backup lacks {len(faults)} files:", *faults]))
            sys.exit(1)

"""`manage.py restore BACKUP`: a backup into an empty database and empty storages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from console.platform.backup import restoring
from console.platform.backup.folder import BackupError


class Command(BaseCommand):
    """Checks everything first, and overwrites nothing."""

    help = "Restore a backup into an empty database and empty storages. Nothing is ever overwritten."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("backup", type=Path, help="the folder console-…Z that `backup` wrote")
        parser.add_argument("--check", action="store_true", help="only check that every byte is as it was written")
        parser.add_argument(
            "--other-key", action="store_true", help="restore although the SECRET_KEY of the backup is lost"
        )
        parser.add_argument("--pg-bin", type=Path, metavar="FOLDER", help="where pg_restore is")

    def handle(self, *, backup: Path, check: bool, other_key: bool, pg_bin: Path | None, **options: Any) -> None:
        """Restore, verify, and print what is to be done next."""
        try:
            if check:
                manifest = restoring.verified(backup)
                self.stdout.write(f"Whole: {_summary(manifest)}")
                return
            restored = restoring.restore(backup, other_key=other_key, pg_bin=pg_bin, say=self.stdout.write)
        except BackupError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(["", f"Restored: {_summary(restored.manifest)}", *_next(restored)]))
        call_command("packages", "verify", stdout=self.stdout, stderr=self.stderr)


def _summary(manifest: dict[str, Any]) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in manifest["counts"].items())
    return f"{manifest['moment']}, release {manifest['version']}, {counts}"


def _next(restored: restoring.Restored) -> list[str]:
    manifest, steps = restored.manifest, []
    if restored.pending:
        steps.append(f"Run `manage.py migrate`: this release is newer ({len(restored.pending)} migrations).")
    if manifest["faults"]:
        steps.append(f"These files were missing when the backup was made: {', '.join(manifest['faults'])}.")
    if manifest["logs_elsewhere"]:
        steps.append("Device logs were in ClickHouse and are not in the backup. Restore them with its own tools.")
    steps += [
        "Everybody signs in again: sessions are not in the backup.",
        "What was done after that moment is lost. Messages and e-mails that were waiting then are sent (again).",
        "Start the console, then run `manage.py doctor`.",
    ]
    return ["Next:", *(f"{number}. {step}" for number, step in enumerate(steps, 1))]

"""`manage.py inspect FILE…`: what the console would say of a package, for people's CI and for us."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from releases.package import Inspection, inspect


class Command(BaseCommand):
    """Read packages with the reader that uploads pass; exit status 1 when one of them is refused."""

    help = "Check packages as an upload would be checked, without storing anything."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, and how to print."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--app-id", help="the mini program that the packages are meant for")
        parser.add_argument("--json", action="store_true", help="one JSON object per file, each on a line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Inspect each file and print what was found."""
        refused = 0
        for path in options["files"]:
            try:
                with path.open("rb") as file:
                    inspection = inspect(file, app_id=options["app_id"])
            except OSError as error:
                raise CommandError(f"{path}: {error.strerror}") from error
            refused += not inspection.accepted
            if options["json"]:
                self.stdout.write(json.dumps({"file": str(path), **inspection.as_dict()}, ensure_ascii=False))
            else:
                self._tell(path, inspection)
        if refused:
            sys.exit(1)

    def _tell(self, path: Path, inspection: Inspection) -> None:
        verdict = f"accepted, {inspection.size} bytes, {inspection.sha256}" if inspection.accepted else "refused"
        self.stdout.write(f"{path}: {verdict}")
        for finding in inspection.findings:
            place = " · ".join(part for part in (finding.where, finding.detail) if part)
            self.stdout.write(f"  {finding.severity}: {finding.title}{f' [{place}]' if place else ''}")
            if finding.hint:
                self.stdout.write(f"    {finding.hint}")

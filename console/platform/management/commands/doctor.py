"""`manage.py doctor`: is this installation as it should be, and how is what is not mended?"""

from __future__ import annotations

import json
import sys
from itertools import groupby
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from console.platform.doctor.examine import ROLES, Result, checks, examine, worst
from console.platform.doctor.findings import Level
from console.version import VERSION

STYLES = {Level.ERROR: "ERROR", Level.WARNING: "WARNING", Level.UNKNOWN: "NOTICE", Level.OK: "SUCCESS"}
WIDTH = max(map(len, Level))


class Command(BaseCommand):
    """Exit status 1 when there is an error; warnings and what could not be checked are no failure."""

    help = "Check this installation: settings, connections, storage, processes, mail, proxy, backups."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", choices=ROLES, default="", help="only what a machine of this role needs")
        parser.add_argument("--json", action="store_true", help="for programs")
        parser.add_argument("--send-mail", default="", metavar="ADDRESS", help="also send one test e-mail")

    def handle(self, *, role: str, send_mail: str, **options: Any) -> None:
        """Check and print."""
        try:
            if send_mail:
                validate_email(send_mail)
        except ValidationError:
            raise CommandError(f"{send_mail} is not an e-mail address.") from None
        results = examine(checks(role=role, send_mail=send_mail))
        counts = worst(results)
        (self._as_json if options["json"] else self._as_text)(results, counts)
        if counts[Level.ERROR]:
            sys.exit(1)

    def _as_json(self, results: list[Result], counts: dict[Level, int]) -> None:
        found = [
            {"check": result.check.name, "level": finding.level, "words": finding.words, "mend": finding.mend}
            for result in results
            for finding in result.findings
        ]
        content = {"version": VERSION, "ok": not counts[Level.ERROR], "counts": counts, "findings": found}
        self.stdout.write(json.dumps(content, indent=1))

    def _as_text(self, results: list[Result], counts: dict[Level, int]) -> None:
        for title, group in groupby(results, key=lambda result: result.check.title):
            self.stdout.write(title)
            for finding in (finding for result in group for finding in result.findings):
                style = getattr(self.style, STYLES[finding.level])
                self.stdout.write(f"  {style(f'{finding.level:{WIDTH}}')}  {finding.words}")
                if finding.mend:
                    self.stdout.write(f"  {'':{WIDTH}}  → {finding.mend}")
        self.stdout.write(f"\n{', '.join(_counted(level, count) for level, count in counts.items())}")


def _counted(level: Level, count: int) -> str:
    plural = "s" if level in (Level.ERROR, Level.WARNING) and count != 1 else ""
    return f"{count} {level}{plural}"

"""`manage.py inspect FILE…`: what the console would say of a package, for people's CI and for us."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from releases.inspection import is_ours, package_limits
from releases.package import ERROR, Finding, Inspection, container, inspect


class Command(BaseCommand):
    """Read packages with the reader that uploads pass; exit status 1 when one of them is refused."""

    help = "Check packages as an upload would be checked, without storing anything."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, and how to print."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--app-id", help="the mini program that the packages are meant for")
        parser.add_argument("--archive", action="store_true", help="judge the zip alone, not what a mini program needs")
        parser.add_argument("--json", action="store_true", help="one JSON object per file, each on a line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Inspect each file and print what was found."""
        refused = False
        for path in options["files"]:
            verdict = _verdict(path, archive=options["archive"], app_id=options["app_id"])
            refused |= not verdict["accepted"]
            if options["json"]:
                self.stdout.write(json.dumps({"file": str(path), **verdict}, ensure_ascii=False))
            else:
                self._tell(path, verdict)
        if refused:
            sys.exit(1)

    def _tell(self, path: Path, verdict: dict[str, Any]) -> None:
        self.stdout.write(f"{path}: {'accepted' if verdict['accepted'] else 'refused'}")
        if verdict.get("sha256"):
            self.stdout.write(f"  {verdict['size']} bytes, SHA-256 {verdict['sha256']}")
        for finding in verdict["findings"]:
            place = " · ".join(part for part in (finding["where"], finding["detail"]) if part)
            self.stdout.write(f"  {finding['severity']}: {finding['title']}{f' [{place}]' if place else ''}")
            if finding["hint"]:
                self.stdout.write(f"    {finding['hint']}")


def _verdict(path: Path, *, archive: bool, app_id: str | None) -> dict[str, Any]:
    """Judge one file; one that can't be read is refused like any other, and the next ones are still judged."""
    try:
        with path.open("rb") as file:
            if archive:
                return _archive(file)
            return inspect(file, limits=package_limits(), app_id=app_id, is_ours=_is_ours).as_dict()
    except OSError as error:
        finding = Finding("unreadable", ERROR, "The file can't be read.", detail=error.strerror or "")
        return Inspection(accepted=False, findings=[finding], upload_size=0).as_dict()


def _archive(file: BinaryIO) -> dict[str, Any]:
    """Judge the container alone."""
    _container, findings = container.read(file)
    found: Iterable[Finding] = findings.listed()
    return {"accepted": not findings.errors, "findings": [asdict(finding) for finding in found]}


def _is_ours(app_id: str) -> bool:
    """Ask the console's database, where the command has one; in other people's CI every other App ID is foreign."""
    try:
        return is_ours(app_id)
    except DatabaseError:
        return False

"""`manage.py inspect FILE…`: what the console would say of a package, for people's CI and for us."""

import json
import sys
import zipfile
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from miniprograms.privacy.states import DATA_OF_API, data_of
from releases.inspection import package_limits
from releases.package import ERROR, Finding, Inspection, container, inspect
from releases.scan import Place, Use
from releases.scan.facts import HOWS
from releases.scan.scanning import scan

SHOWN_PLACES = 3


class Command(BaseCommand):
    """Read packages with the reader that uploads pass; exit status 1 when one of them is refused."""

    help = "Check packages as an upload would be checked, without storing anything."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Files, what to look at, and how to print."""
        parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
        parser.add_argument("--app-id", help="App ID of the mini program that the packages are for")
        parser.add_argument(
            "--other-app-id",
            action="append",
            default=[],
            metavar="APP_ID",
            help="another mini program of yours, whose packages are refused; may be given several times",
        )
        parser.add_argument(
            "--archive", action="store_true", help="check the zip archive only, not the mini program in it"
        )
        parser.add_argument(
            "--report", action="store_true", help="also list what the code uses, as in the review report"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object per file, each on its own line")

    def handle(self, *args: Any, **options: Any) -> None:
        """Inspect each file and print what was found."""
        if options["archive"] and options["report"]:
            raise CommandError("--report needs the code, which --archive does not read. Use one of them.")
        refused = False
        for path in options["files"]:
            verdict = _verdict(path, options)
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
        for heading, lines in _sections(verdict["report"]) if verdict.get("report") else ():
            self.stdout.write(f"  {heading}: {len(lines)}")
            for line in lines:
                self.stdout.write(f"    {line}")


def _verdict(path: Path, options: dict[str, Any]) -> dict[str, Any]:
    """Judge one file; one that can't be read is refused like any other, and the next ones are still judged.

    No database is asked, as other people's CI has none: it knows the App IDs that it is given.
    """
    is_ours = options["other_app_id"].__contains__
    try:
        with path.open("rb") as file, TemporaryFile() as canonical:
            if options["archive"]:
                return _archive(file)
            found = inspect(file, limits=package_limits(), app_id=options["app_id"], is_ours=is_ours, out=canonical)
            if not options["report"]:
                return found.as_dict()
            return {**found.as_dict(), "report": _report(found, canonical) if found.accepted else None}
    except OSError as error:
        finding = Finding("unreadable", ERROR, "The file can't be read.", detail=error.strerror or "")
        return Inspection(accepted=False, findings=[finding], upload_size=0).as_dict()


def _archive(file: BinaryIO) -> dict[str, Any]:
    """Judge the container alone."""
    _container, findings = container.read(file)
    found: Iterable[Finding] = findings.listed()
    return {"accepted": not findings.errors, "findings": [finding.as_dict() for finding in found]}


# The facts of the report ------------------------------------------------------------------------------------------


def _report(found: Inspection, canonical: BinaryIO) -> dict[str, Any]:
    """Return what the code of an accepted package uses, as plain values with the keys that docs/packages.md names.

    It is what a report holds without an installation: nothing on grants, domains or agreements.
    """
    facts = scan(_files(canonical))
    return {
        "pages": found.pages,
        "apis": [{"name": use.name, **_use(use)} for use in facts.apis],
        "addresses": [
            {"origin": origin.use.name, "called": origin.is_called, "kind": origin.kind, **_use(origin.use)}
            for origin in facts.origins
        ],
        "secrets": [{"kind": secret.kind, "hint": secret.hint, **_place(secret.place)} for secret in facts.secrets],
        "data_types": _data_types(facts.apis),
        "open": [
            {
                "reason": each.reason,
                "detail": each.detail,
                "framework": each.framework,
                "file": each.path,
                "line": each.line,
            }
            for each in facts.open
        ],
        "unread": [{"why": each.why, "by_patterns": each.by_patterns, "file": each.path} for each in facts.unread],
        "frameworks": facts.frameworks,
        "script_bytes": facts.script_size,
        "followed_bytes": facts.followed_size,
        "left_out": facts.left_out,
    }


def _files(canonical: BinaryIO) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(canonical) as archive:
        for entry in archive.infolist():
            yield entry.filename, archive.read(entry)


def _use(use: Use) -> dict[str, Any]:
    places = [_place(place) for place in use.places]
    return {"how": use.how, "through": use.through, "count": use.count, "places": places}


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.path, "line": place.line}


def _data_types(apis: list[Use]) -> list[dict[str, Any]]:
    """Return the types of personal data with the APIs that give each; the surest of them says how sure it is."""
    rows = []
    for data_type in data_of([use.name for use in apis]):
        uses = [use for use in apis if DATA_OF_API.get(use.name) == data_type]
        places = [_place(place) for use in uses for place in use.places]
        how = min((use.how for use in uses), key=HOWS.index)
        count = sum(use.count for use in uses)
        names = [use.name for use in uses]
        rows.append({"type": data_type, "apis": names, "how": how, "count": count, "places": places})
    return rows


def _sections(report: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the report in words: headings, each with its lines."""
    called = [row for row in report["addresses"] if row["called"]]
    mentioned = [row for row in report["addresses"] if not row["called"]]
    yield "pages", report["pages"]
    yield "APIs", [_line(row["name"], row["how"], *_through(row), *_places(row)) for row in report["apis"]]
    for heading, rows in (("called addresses", called), ("mentioned addresses", mentioned)):
        yield heading, [_line(row["origin"], row["kind"], row["how"], *_through(row), *_places(row)) for row in rows]
    yield "secrets", [_line(row["kind"], row["hint"], _spot(row)) for row in report["secrets"]]
    yield "data types", [_line(row["type"], row["how"], *row["apis"], *_places(row)) for row in report["data_types"]]
    yield "not followed", [_line(row["reason"], row["detail"], row["framework"], _spot(row)) for row in report["open"]]
    yield "not read", [_line(row["file"], row["why"], row["by_patterns"] and "patterns") for row in report["unread"]]
    if report["left_out"]:
        yield "beyond the limits", [_line(name, str(count)) for name, count in report["left_out"].items()]


def _line(*words: str) -> str:
    return "  ".join(word for word in words if word)


def _through(row: dict[str, Any]) -> list[str]:
    return [f"through {', '.join(row['through'])}"] if row["through"] else []


def _places(row: dict[str, Any]) -> list[str]:
    shown = [_spot(place) for place in row["places"][:SHOWN_PLACES]]
    more = row["count"] - len(shown)
    return [*shown, f"and {more} more"] if more > 0 else shown


def _spot(place: dict[str, Any]) -> str:
    return f"{place['file']}:{place['line']}" if place["line"] else str(place["file"])

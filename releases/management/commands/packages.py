"""`manage.py packages`: whether the storage holds what the database says, and a copy of it in a bucket."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, TextIO, cast

from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import StorageHandler
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from console import storage_url
from console.base.core.files import KeptStorage
from miniprograms.storage import fault_of_copy as fault_of_icon
from miniprograms.storage import in_use
from releases.models import Package, SourceMaps
from releases.storage import fault_of, fault_of_copy, is_young, packages, strays

TOLD_EVERY = 1000  # packages


class Command(BaseCommand):
    """Compare files and rows, or copy the files; exit status 1 when one is missing or differs."""

    help = "Check the files of all packages against the database, or copy packages and icons to a bucket."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(required=True, dest="action", metavar="action")
        verify = actions.add_parser("verify", help="check every package's file, and list old files without one")
        verify.add_argument("--quick", action="store_true", help="compare sizes only, not the bytes")
        copy = actions.add_parser("copy", help="copy what is not there yet, and read it back")
        to = copy.add_mutually_exclusive_group(required=True)
        to.add_argument("--to", metavar="URL", help="a bucket, as in STORAGE_URL, without keys")
        to.add_argument(
            "--to-file",
            type=argparse.FileType(),
            metavar="FILE",
            help="its URL, with keys or without, in the first line; - is standard input",
        )

    def handle(self, *, action: str, **options: Any) -> None:
        """Do what was asked for, and print what is wrong."""
        faults = self._verify(options["quick"]) if action == "verify" else self._copy(_url(**options))
        if faults:
            sys.exit(1)

    def _verify(self, quick: bool) -> int:
        checked, faults = self._each(lambda package: fault_of(package, quick=quick), "checked")
        without = young = 0
        for name in strays():
            if is_young(name, at=timezone.now()):
                young += 1
                continue
            without += 1
            self.stdout.write(f"{name}: belongs to no package")
        uploading = f", {young} younger than a day may be uploads under way" if young else ""
        self.stdout.write(f"{checked}, {faults} faulty; {without} files belong to no package{uploading}")
        return faults

    def _copy(self, url: str) -> int:
        to = _storages(url)
        copied, faults = self._each(lambda package: fault_of_copy(package, to=to["packages"]), "copied")
        icons = dict.fromkeys(in_use())
        for name in icons:
            if fault := fault_of_icon(name, to=to["default"]):
                faults += 1
                self.stdout.write(f"{name}: {fault}")
        self.stdout.write(f"{copied}, {len(icons)} icons, {faults} faulty")
        return faults

    def _each(self, fault_in: Callable[[Package | SourceMaps], str], done: str) -> tuple[str, int]:
        """Go through everything that has a file; return how much that is, in words, and how much of it is faulty."""
        count = faults = maps = 0
        for count, package in enumerate(packages(), 1):
            maps += isinstance(package, SourceMaps)
            if fault := fault_in(package):
                faults += 1
                self.stdout.write(f"{package.file.name}: {fault}")
            if count % TOLD_EVERY == 0:
                self.stderr.write(f"{count} packages {done}, {faults} faulty")
        return f"{count - maps} packages" + (f", {maps} × source maps" if maps else ""), faults


def _url(to: str | None, to_file: TextIO | None, **_others: Any) -> str:
    if to_file:
        with to_file:
            return to_file.readline().strip()
    if not to or "@" in to:
        raise CommandError("Others on this machine see a command's options. Write the URL to a file: --to-file")
    return to


def _storages(url: str) -> dict[str, KeptStorage]:
    try:
        found: dict[str, Any] = storage_url.bucket(url)
    except ImproperlyConfigured as error:
        raise CommandError(str(error).replace("STORAGE_URL", "--to")) from None
    handler = StorageHandler(found)
    return {alias: cast(KeptStorage, handler[alias]) for alias in found}

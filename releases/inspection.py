"""From uploaded bytes to a stored package: read, repack, keep under the hash (V-3, V-6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from tempfile import TemporaryFile
from typing import BinaryIO

from django.conf import settings
from django.core.files import File
from django.utils.translation import ngettext

from console.base.core.errors import ActionRefused
from console.base.core.files import refusing_unwritable
from releases.models import Package, package_path, package_storage
from releases.package import Inspection, Limits, inspect
from releases.storage import take_turns


class PackageRefused(ActionRefused):
    """The reader found errors; `inspection` holds all of them."""

    def __init__(self, inspection: Inspection) -> None:
        count = len(inspection.errors)
        words = ngettext(
            "The package was refused: %(count)d finding.", "The package was refused: %(count)d findings.", count
        )
        super().__init__(words % {"count": count}, field="file")
        self.inspection = inspection


def package_limits() -> Limits:
    """Return the limits of V-2 as the settings say."""
    return Limits(**settings.PACKAGE_LIMITS)


@contextmanager
def inspected(file: BinaryIO, *, app_id: str) -> Iterator[tuple[Inspection, BinaryIO]]:
    """Read an upload and give what was found with the canonical package, which is gone after the block.

    Raises PackageRefused with all findings, ActionRefused when there is no room for the canonical package.
    """
    with refusing_unwritable("file"):
        canonical = TemporaryFile()  # noqa: SIM115 - closed below: what is buffered would fail again there
    try:
        with refusing_unwritable("file"):
            inspection = inspect(file, limits=package_limits(), app_id=app_id, out=canonical)
            canonical.flush()
        if not inspection.accepted:
            raise PackageRefused(inspection)
        yield inspection, canonical
    finally:
        with suppress(OSError):
            canonical.close()


@contextmanager
def kept(inspection: Inspection, canonical: BinaryIO) -> Iterator[Package]:
    """Store an accepted package; inside the caller's transaction. The same content is stored once.

    The lock makes uploads of one content take turns until their transactions end. When the block fails, a file that
    was written here goes while the lock is still held, so it can't be another upload's. A file without a row is left
    from a crash and is written anew. Raises ActionRefused when the storage fails.
    """
    package = _described(inspection)
    take_turns(package.sha256)
    if there := Package.objects.filter(sha256=package.sha256).first():
        yield there
        return
    path = package_path(package, "")
    with refusing_unwritable("file"):
        package_storage().delete(path)
        canonical.seek(0)
        package.file.save("", File(canonical), save=False)
    try:
        package.save()
        yield package
    except BaseException:
        with suppress(OSError):  # The sweep finds it.
            package_storage().delete(path)
        raise


def _described(inspection: Inspection) -> Package:
    assert inspection.sha256 and inspection.size  # noqa: S101 - an accepted package has both
    return Package(
        sha256=inspection.sha256,
        size=inspection.size,
        unpacked_size=inspection.unpacked_size,
        files=[[file.path, file.size, file.sha256] for file in inspection.files],
        pages=inspection.pages,
        entry_page=inspection.entry_page,
        subpackages=[asdict(subpackage) for subpackage in inspection.subpackages],
        warnings=[finding.as_dict() for finding in inspection.findings],
    )

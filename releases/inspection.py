"""From uploaded bytes to a stored package: read, repack, write under the hash (V-3, V-6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import BinaryIO, TypeVar

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import ngettext

from console.base.core.errors import ActionRefused
from console.base.core.files import refusing_unwritable, temporary
from console.base.core.uploads import bare
from miniprograms.models import MiniProgram
from releases import turns
from releases.models import FileTurn, Package, SourceMaps, package_path, package_storage, source_maps_path
from releases.package import Inspection, Limits, inspect

Row = TypeVar("Row", Package, SourceMaps)


class PackageRefused(ActionRefused):
    """The reader found errors; `inspection` holds all of them."""

    def __init__(self, inspection: Inspection) -> None:
        count = len(inspection.errors)
        words = ngettext(
            "Upload failed: %(count)d problem in the package.",
            "Upload failed: %(count)d problems in the package.",
            count,
        )
        super().__init__(words % {"count": count}, field="file")
        self.inspection = inspection


def package_limits() -> Limits:
    """Return the limits of V-2 as the settings say."""
    return Limits(**settings.PACKAGE_LIMITS)


def is_ours(app_id: str) -> bool:
    """Return whether a mini program of this console has the App ID."""
    return MiniProgram.objects.filter(app_id=app_id).exists()


def scratch() -> AbstractContextManager[BinaryIO]:
    """Give a file that is gone after the block unless it was stored; raises ActionRefused when there is no room."""
    return temporary("file", package_storage().scratch)


@contextmanager
def inspected(
    file: BinaryIO, *, app_id: str, source_maps: BinaryIO | None = None
) -> Iterator[tuple[Inspection, BinaryIO]]:
    """Read an upload and give what was found with the canonical package, which is gone after the block.

    The archive of its source maps, if it has any, goes into `source_maps`. Raises PackageRefused with all findings,
    ActionRefused when there is no room.
    """
    with scratch() as canonical:
        with refusing_unwritable("file"):
            inspection = inspect(
                bare(file),
                limits=package_limits(),
                app_id=app_id,
                is_ours=is_ours,
                out=canonical,
                source_maps_out=source_maps,
                hash_upload=False,
                threaded=True,
            )
            for written in filter(None, (canonical, source_maps)):
                written.flush()
        if not inspection.accepted:
            raise PackageRefused(inspection)
        yield inspection, canonical


@contextmanager
def written(inspection: Inspection, canonical: BinaryIO) -> Iterator[Callable[[], Package]]:
    """Write the file of an accepted package, outside of any transaction; the same content is written once.

    What it gives stores the row and returns it, or the row that has this content: inside the block's own transaction.
    """
    with _written_once(_described(inspection), package_path, canonical) as keep:
        yield keep


@contextmanager
def source_maps_written(inspection: Inspection, source_maps: BinaryIO) -> Iterator[Callable[[], SourceMaps | None]]:
    """Write the source maps of an accepted package in the same way, after the package; no row when it has none."""
    if inspection.source_maps_sha256 is None or inspection.source_maps_size is None:
        yield lambda: None
        return
    row = SourceMaps(
        sha256=inspection.source_maps_sha256,
        size=inspection.source_maps_size,
        files=[[file.path, file.size, file.sha256] for file in inspection.source_maps],
    )
    with _written_once(row, source_maps_path, source_maps) as keep:
        yield keep


@contextmanager
def _written_once(row: Row, path_of: Callable[[Row, str], str], content: BinaryIO) -> Iterator[Callable[[], Row]]:
    """Write the file of a row, which is there already where a crash left it, or another upload writes it now.

    When the block fails the file goes, unless it has become somebody else's. Raises ActionRefused when the storage
    fails.
    """
    if there := type(row).objects.filter(sha256=row.sha256).first():
        yield lambda: there
        return
    path = path_of(row, "")
    row.file = path  # A name stands for a file that was saved.
    with turns.writing(row.sha256) as turn:
        with refusing_unwritable("file"):
            package_storage().put(path, content)
        try:
            yield partial(_kept, row, turn)
        except BaseException:
            with suppress(OSError, DatabaseError):  # The sweep finds it.
                turns.discard(path, beside=turn)
            raise


def _kept(row: Row, turn: FileTurn) -> Row:
    turns.end(turn)
    if there := type(row).objects.filter(sha256=row.sha256).first():
        return there
    row.save(force_insert=True)
    return row


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
    )

"""The storage of packages and the rows that name its files: files without a row, rows without a file, copies.

Source maps lie in it beside packages, and everything here is for both. Uploads and the sweep take turns (`turns.py`):
a file without a row that is being written now is not there to be swept.
"""

from __future__ import annotations

import logging
import random
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, TypeVar, cast

from django.core.files.storage import Storage

from console.base.core.files import UNFINISHED, KeptStorage, is_older
from console.base.core.holding import are_held
from releases import turns
from releases.models import Package, SourceMaps, package_storage

logger = logging.getLogger(__name__)

KEPT = timedelta(days=1)  # of a file without a row
SWEEP_SECONDS = 60
BATCH = 1000
FOLDER = re.compile(r"[0-9a-f]{2}")
NAME = re.compile(r"[0-9a-f]{64}\.(?:apkg|maps)")
Stored = TypeVar("Stored", Package, SourceMaps)


# Files without a row ----------------------------------------------------------------------------------------------


def strays() -> Iterator[str]:
    """Yield the names of files that no package has, folder by folder; anything in another folder is not looked at.

    In no order, so that a sweep which runs out of time sees other folders the next day.
    """
    try:
        folders, files = package_storage().listdir("")
    except FileNotFoundError:  # Nothing was uploaded so far.
        return
    yield from files
    random.shuffle(folders)
    for folder in filter(FOLDER.fullmatch, folders):
        names = [f"{folder}/{name}" for name in package_storage().listdir(folder)[1]]
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            contents = [PurePosixPath(name).stem for name in batch]
            known = {name for kind in turns.KINDS for name in turns.known(kind, contents)}
            yield from (name for name in batch if name not in known)


def sweep(*, at: datetime) -> int:
    """Delete files older than a day that the console wrote and no package has; return how many.

    A minute at most. Whole files stay when there are more of them than packages: then this is the database of another
    installation, or one that is still being restored. One that was never finished is nobody's.
    """
    deadline = time.monotonic() + SWEEP_SECONDS
    found = []
    for name in strays():
        if time.monotonic() > deadline:
            break
        if _is_ours(name) and not is_young(name, at=at):
            found.append(name)
    whole = [name for name in found if not _is_unfinished(name)]
    if len(whole) > Package.objects.count():
        setting = package_storage().setting
        logger.error(
            "%d files in %s belong to no package, more than there are packages, so none of them was deleted: "
            "check that %s belongs to this database",
            len(whole),
            setting,
            setting,
        )
        found = [name for name in found if _is_unfinished(name)]
    turns.forget()
    return sum(map(_swept, found))


def is_young(name: str, *, at: datetime) -> bool:
    """Return whether a file may still get its package: it is gone again, or was written less than a day before `at`."""
    return not is_older(package_storage(), name, than=at - KEPT)


def _is_ours(name: str) -> bool:
    path = PurePosixPath(name)
    return _is_unfinished(name) or bool(path.parent.name and NAME.fullmatch(path.name))


def _is_unfinished(name: str) -> bool:
    return bool(UNFINISHED.fullmatch(PurePosixPath(name).name))


def _swept(name: str) -> bool:
    """Delete the file unless its content is being uploaded now, or has been meanwhile; or a backup runs."""
    if are_held() or not turns.discard(name):
        return False
    logger.info("deleted %s, which belongs to no package", name)
    return True


# Rows without a file ----------------------------------------------------------------------------------------------


def packages() -> Iterator[Package | SourceMaps]:
    """Yield everything that has a file here with what it is checked by, a batch at a time.

    No transaction stays open meanwhile.
    """
    yield from _in_batches(Package)
    yield from _in_batches(SourceMaps)


def _in_batches(kind: type[Stored]) -> Iterator[Stored]:
    last = 0
    while batch := list(
        kind._default_manager.only("sha256", "file", "size").filter(pk__gt=last).order_by("pk")[:BATCH]
    ):
        yield from batch
        last = batch[-1].pk


def fault_of(package: Package | SourceMaps, *, quick: bool, storage: Storage | None = None) -> str:
    """Return what is wrong with the file, in English, or nothing; its bytes are read unless `quick`."""
    storage, name = storage or package_storage(), str(package.file.name)
    try:
        if (size := storage.size(name)) != package.size:
            return f"{size} bytes instead of {package.size}"
        if quick:
            return ""
        digest = sha256()
        with storage.open(name) as file:
            for chunk in file.chunks():
                digest.update(chunk)
    except FileNotFoundError:
        return "missing"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    return "" if digest.hexdigest() == package.sha256 else f"the SHA-256 differs: {digest.hexdigest()}"


# Copies in another storage ----------------------------------------------------------------------------------------


def fault_of_copy(package: Package | SourceMaps, *, to: KeptStorage) -> str:
    """Copy the file to another storage unless it is there, read it back, and return what is wrong, or nothing."""
    name = str(package.file.name)
    try:
        if not to.exists(name):
            if fault := fault_of(package, quick=False):
                return fault
            with package_storage().open(name) as file:
                to.put(name, cast(BinaryIO, file))
    except OSError as error:
        return f"can't be copied: {error.strerror}"
    return fault_of(package, quick=False, storage=to)

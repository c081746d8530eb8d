"""What is kept in files: rights, and free space. S3 is tried in the same way, by writing a file."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.template.defaultfilters import filesizeformat

from console.base.core.files import LEAST_FREE, PROBED, kept_storage
from console.platform.doctor.findings import Finding, error, ok, warning

SCARCE = 0.1  # of a disk
FOLDER_PREFIX, BUCKET_PREFIX = "/packages/", "/object-storage/"  # in the shipped nginx's configuration


def shared() -> Iterator[Finding]:
    """The storages of packages and icons, which all processes share."""
    for alias in PROBED:
        storage, setting = storages[alias], kept_storage(alias).setting
        if isinstance(storage, FileSystemStorage):
            yield from _of_folder(Path(storage.path("")), setting, max(LEAST_FREE, settings.UPLOAD_BYTES))
        else:
            yield _of_storage(storage, alias)


def downloads() -> Iterator[Finding]:
    """Whether nginx, if it sends the packages, looks for them where they are."""
    prefix, is_bucket = settings.PACKAGE_ACCEL_PREFIX, bool(settings.STORAGE_URL)
    if prefix == (FOLDER_PREFIX if is_bucket else BUCKET_PREFIX):
        where = "in a bucket (STORAGE_URL)" if is_bucket else "in a folder (PACKAGE_ROOT)"
        right = BUCKET_PREFIX if is_bucket else FOLDER_PREFIX
        yield warning(
            f"Packages are {where}, and PACKAGE_ACCEL_PREFIX is {prefix}: downloads are nginx's 404.",
            f"Set PACKAGE_ACCEL_PREFIX={right}, or leave it empty (docs/object-storage.md).",
        )


def own() -> Iterator[Finding]:
    """The folders of this machine."""
    yield from _of_folder(Path(settings.OBJECT_LIST_CACHE), "OBJECT_LIST_CACHE", LEAST_FREE)
    yield from _of_temporary_files()


def _of_temporary_files() -> Iterator[Finding]:
    """The folder that is set; Python silently takes another where that one is full or can't be written."""
    wanted = os.environ.get("TMPDIR") or "/tmp"  # noqa: S108 - looked at, not written to
    try:
        taken = tempfile.gettempdir()
    except FileNotFoundError:
        taken = ""
    if taken and Path(wanted).resolve() == Path(taken).resolve():
        yield from _of_folder(Path(taken), "TMPDIR", settings.UPLOAD_BYTES)
        return
    mend = f"Free up space there, or let this user ({os.getuid()}) write to it; then restart the processes."
    yield error(f"TMPDIR ({wanted}) can't be written: temporary files go to {taken or 'no folder at all'}.", mend)


def _of_folder(root: Path, setting: str, needed: int) -> Iterator[Finding]:
    try:
        root.mkdir(parents=True, exist_ok=True)
        _try(root)
    except OSError as problem:
        mend = f"Let this user ({os.getuid()}) write to the folder, or change {setting}."
        yield error(f"{setting} ({root}) can't be used: {problem.strerror}", mend)
        return
    disk = shutil.disk_usage(root)
    words = f"{setting} ({root}): {filesizeformat(disk.free)} of {filesizeformat(disk.total)} free"
    if disk.free < needed:
        yield error(words, f"Free up space: {filesizeformat(needed)} are needed for an upload.")
    elif disk.free < SCARCE * disk.total:
        yield warning(words, "Free up space, or enlarge the disk.")
    else:
        yield ok(f"{words}; write, fsync and rename work.")


def _try(root: Path) -> None:
    """Write, sync, rename, read and remove a file, as an upload does. Raises OSError."""
    part, whole = (root / f".{secrets.token_hex(8)}.part" for _ in range(2))
    content = b"doctor"
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(whole)
        if whole.read_bytes() != content:
            raise OSError(0, "a file that was written has another content")
    finally:
        for path in (part, whole):
            with suppress(OSError):
                path.unlink()


def _of_storage(storage: Storage, alias: str) -> Finding:
    """An object storage: whatever it raises belongs on the screen."""
    name, content = f"doctor-{secrets.token_hex(8)}", b"doctor"
    try:
        kept = storage.save(name, ContentFile(content))
        try:
            with storage.open(kept) as file:
                same = file.read() == content
        finally:
            storage.delete(kept)
    except Exception as problem:
        mend = "Correct STORAGE_URL, or the rights of its key (docs/object-storage.md)."
        return error(f"The object storage of {alias} can't be used: {problem}", mend)
    if not same:
        return error(f"The object storage of {alias} returns other bytes than were written.", "Change STORAGE_URL.")
    return ok(f"The object storage of {alias}: write, read and delete work.")

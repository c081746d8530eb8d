"""Where the files that people upload are kept: folders, or a bucket (`object_storage.py`), and what is wrong with it.

A storage of ours fails with OSError alone, whatever is behind it: FileNotFoundError for a file that is not there.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from threading import Lock, Thread
from typing import Any, BinaryIO, Protocol, cast

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from console.base.core.errors import TemporarilyRefused

logger = logging.getLogger(__name__)

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
AWAY = {errno.ETIMEDOUT, errno.EHOSTDOWN}  # what a storage that is asked over the network says of itself
CHUNK = 128 * 1024  # bytes
STEP = (
    256 * 1024
)  # bytes of a copy: Django's own, a quarter, take twice the time; larger ones leave the processor's cache
SYNCED = 4 * 1024 * 1024  # bytes of a file that may wait for the disk while more are written
# A file while it is written: what a crash left can be distinguished from other files.
UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.part")


def _unfinished() -> str:
    return f".{secrets.token_hex(8)}.part"


# Probing ----------------------------------------------------------------------------------------------------------
PROBED = ("packages", "default")
LEAST_FREE = 64 * 1024 * 1024  # bytes
ANSWER_COUNTS = 5.0  # seconds; a probe comes every few seconds, and from several sides
LONGEST_PROBE = 2.0  # seconds; on a network file system that is away a call may last for ever


class Part(Protocol):
    """Some bytes of a file, read as they are sent; closed by whoever sends them, also when the reader went away."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class KeptStorage(Storage):
    """What a storage of ours does beside Django's own."""

    setting: str  # the variable that says where it is
    links = False  # whether files have addresses of their own

    def scratch(self) -> BinaryIO:
        """Return an empty file for content whose name is not known yet; closing drops what was not `put`."""
        return cast(BinaryIO, TemporaryFile())

    def put(self, name: str, content: BinaryIO) -> None:
        """Write a file whose name says its content, whole or not at all; one that is there already is the same.

        A `scratch` of this storage may become the file itself: then it is written no more.
        """
        raise NotImplementedError

    def part(self, name: str, part: range) -> Part:
        """Return these bytes of a file, opened. Raises OSError where the file has not all of them."""
        raise NotImplementedError

    def check(self, name: str, size: int) -> None:
        """Raise OSError for a file that is missing or has not `size` bytes; what was seen a moment ago counts."""
        raise NotImplementedError

    def link(self, name: str, *, seconds: int, public: bool) -> str:
        """Return a signed address of the file that is good for so long. Raises OSError.

        `public`: for devices; else for a proxy of ours, which may know the storage by another name.
        """
        raise NotImplementedError

    def fault(self) -> str:
        """Return what is wrong, in plain English, or nothing when files can be written. Raises OSError."""
        raise NotImplementedError


class SyncedStorage(FileSystemStorage, KeptStorage):
    """A file system on which a file that a committed row names is whole, also after a power cut.

    A file is written under another name, in its folder or (a `scratch`) in the first one, synced and renamed; then its
    folder and those above it are synced, up to the first that was there before. What can't be written leaves nothing
    behind and raises OSError.
    """

    def __init__(self, *args: Any, setting: str = "MEDIA_ROOT", **options: Any) -> None:
        super().__init__(*args, **options)
        self.setting = setting

    def _save(self, name: str, content: File[Any]) -> str:
        path = Path(self.path(name))
        top = self._top()
        self._write(name, content)
        try:
            _sync_folders(path, top)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return name

    def scratch(self) -> BinaryIO:
        """As KeptStorage: beside the files, so that 20 MB need not be copied to become one."""
        top, root = self._top(), Path(self.location)
        if top != root:
            root.mkdir(parents=True, exist_ok=True)
            _sync_folders(root / "scratch", top)
        return _Scratch(root / _unfinished())

    def put(self, name: str, content: BinaryIO) -> None:
        """As KeptStorage; a file that a crash left is replaced, and one that a row may name by now stays."""
        top, path = self._top(), Path(self.path(name))
        if isinstance(content, _Scratch) and content.path.parent == Path(self.location):
            path.parent.mkdir(parents=True, exist_ok=True)
            content.become(path, mode=self.file_permissions_mode)
        else:
            content.seek(0)
            file = File(content)
            file.DEFAULT_CHUNK_SIZE = STEP
            self._write(name, file)
        _sync_folders(path, top)

    def _top(self) -> Path:
        """Return the first folder above files that is there already."""
        top = Path(self.location)
        while not top.exists():
            top = top.parent
        return top

    def _write(self, name: str, content: File[Any]) -> None:
        part = str(PurePosixPath(name).with_name(_unfinished()))
        unfinished = Path(self.path(part))
        try:
            super()._save(part, content)  # type: ignore[misc]  # the stubs leave it out
            _sync(unfinished)
            unfinished.replace(self.path(name))
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise

    def part(self, name: str, part: range) -> Part:
        """As KeptStorage."""
        file = self.open(name)
        if file.size < part.stop:
            file.close()
            raise OSError(errno.EIO, f"{file.size} bytes instead of {part.stop}")
        return _FilePart(file, part)

    def check(self, name: str, size: int) -> None:
        """As KeptStorage."""
        if (found := self.size(name)) != size:
            raise OSError(errno.EIO, f"{found} bytes instead of {size}")

    def fault(self) -> str:
        """As KeptStorage: a few bytes can be written, and there is room for one upload and for 64 MB."""
        root = Path(self.path(""))
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=root) as file:
            file.write(b"probe")
            file.flush()
        state = os.statvfs(root)
        free, needed = state.f_bavail * state.f_frsize, max(LEAST_FREE, settings.UPLOAD_BYTES)
        return f"{self.setting} is full: {free >> 20} MB free, {needed >> 20} MB needed" if free < needed else ""


class _Scratch(io.BufferedRandom):
    """A file beside those of a storage, which goes when it is closed unless it has become one of them."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path, "x+"))
        self.path = path
        self._unsynced = 0

    def write(self, data: Any) -> int:
        """Write, and wait for the disk now and then: in the end there is little left to wait for."""
        self._unsynced += len(data)
        if self._unsynced > SYNCED:
            self._unsynced = 0
            self.flush()
            os.fdatasync(self.fileno())
        return super().write(data)

    def become(self, path: Path, *, mode: int | None) -> None:
        """Have the name from now on, with everything on the disk."""
        self.flush()
        if mode is not None:
            os.fchmod(self.fileno(), mode)
        os.fsync(self.fileno())
        self.path.replace(path)

    def close(self) -> None:
        """Close it, and drop it unless it has another name by now."""
        try:
            super().close()
        finally:
            self.path.unlink(missing_ok=True)


class _FilePart:
    def __init__(self, file: File[bytes], part: range) -> None:
        self.file = file
        self.part = part

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.start)
        left = len(self.part)
        while left and (chunk := self.file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        self.file.close()


def _sync_folders(path: Path, top: Path) -> None:
    for folder in path.parents:
        _sync(folder)
        if folder == top:
            break


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # CIFS and some other network file systems sync no folders: their server sees to that.
        if error.errno != errno.EINVAL or not path.is_dir():
            raise
    finally:
        os.close(descriptor)


def kept_storage(alias: str) -> KeptStorage:
    """Return a storage of the settings, which is one of ours."""
    return cast(KeptStorage, storages[alias])


def attachment(part: Part, *, size: int, name: str) -> StreamingHttpResponse:
    """Return a file of `size` bytes as a download that nothing between us and the reader keeps."""
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": str(content_disposition_header(True, name)),
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(part, content_type="application/octet-stream", headers=headers)


def is_older(storage: Storage, name: str, *, than: datetime) -> bool:
    """Return whether a file was last written before `than`; one that is gone meanwhile was not."""
    try:
        return storage.get_modified_time(name) < than
    except FileNotFoundError:
        return False


def why_not_kept(error: OSError) -> str:
    """Return the sentence for an upload that could not be written."""
    if error.errno in FULL:
        return _("Nothing was saved: the storage is full. Contact an operator, then choose the file again.")
    if error.errno in AWAY:
        return _("Nothing was saved: the storage isn’t responding. Try again in a minute, or contact an operator.")
    return _("Nothing was saved: the storage isn’t writable. Try again later, or contact an operator.")


@contextmanager
def refusing_unwritable(field: str) -> Iterator[None]:
    """Raise `TemporarilyRefused` beside the file's `field` when the storage fails (OSError); why is in the log."""
    try:
        yield
    except OSError as error:
        logger.exception("an upload can't be stored")
        raise TemporarilyRefused(why_not_kept(error), field=field) from error


@contextmanager
def temporary(field: str, make: Callable[[], BinaryIO]) -> Iterator[BinaryIO]:
    """Give a new file that is closed after the block; raises `TemporarilyRefused` when there is no room for one."""
    with refusing_unwritable(field):
        file = make()  # Closed below: what is buffered would fail again there.
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()


# What the readiness probe asks ------------------------------------------------------------------------------------


class _Probe:
    """Tries a storage in a thread of its own: only that one is stuck when the storage does not answer."""

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self.thread: Thread | None = None
        self.fault = ""

    def start(self) -> None:
        """Begin, unless the last one is still stuck."""
        if self.thread is None or not self.thread.is_alive():
            self.thread = Thread(target=self._run, daemon=True)
            self.thread.start()

    def found(self, deadline: float) -> str:
        """Return what is wrong, or nothing, by `deadline` of the monotonic clock."""
        assert self.thread is not None  # noqa: S101 - it was started
        self.thread.join(max(deadline - time.monotonic(), 0))
        return f"{kept_storage(self.alias).setting} does not answer" if self.thread.is_alive() else self.fault

    def _run(self) -> None:
        storage = kept_storage(self.alias)
        try:
            self.fault = storage.fault()
        except OSError as error:
            self.fault = f"{storage.setting} can't be written: {error.strerror or error}"


class _Answer:
    """The last answer of this process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.probes = [_Probe(alias) for alias in PROBED]
        self.faults: list[str] = []
        self.counts_until = 0.0

    def get(self) -> list[str]:
        """Return it while it counts, else ask; who comes meanwhile waits for the same answer."""
        with self.lock:
            if time.monotonic() >= self.counts_until:
                # A bucket is one for both.
                probes = {kept_storage(probe.alias).setting: probe for probe in self.probes}.values()
                for probe in probes:
                    probe.start()
                deadline = time.monotonic() + LONGEST_PROBE
                self.faults = [fault for probe in probes if (fault := probe.found(deadline))]
                self.counts_until = time.monotonic() + ANSWER_COUNTS
            return self.faults


_answer = _Answer()


def storage_faults() -> list[str]:
    """Return what is wrong with where packages and icons are kept, in plain English; nothing when uploads are kept.

    Takes 2 seconds at most, also while a storage does not answer; an answer counts for 5 seconds in its process.
    """
    return _answer.get()

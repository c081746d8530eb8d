"""Files that people upload, on disk: whole and synced or not there, and what is wrong with where they are kept."""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile
from threading import Lock, Thread
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.translation import gettext as _

from console.base.core.errors import ActionRefused

logger = logging.getLogger(__name__)

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# A file while it is written: what a crash left can be told from all else.
UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.part")

# Probing ----------------------------------------------------------------------------------------------------------
PROBED = {"packages": "PACKAGE_ROOT", "default": "MEDIA_ROOT"}
LEAST_FREE = 64 * 1024 * 1024  # bytes
ANSWER_COUNTS = 5.0  # seconds; a probe comes every few seconds, and from several sides
LONGEST_PROBE = 2.0  # seconds; on a network file system that is away a call may last for ever


class SyncedStorage(FileSystemStorage):
    """A file system on which a file that a committed row names is whole, also after a power cut.

    A file is written under another name in its folder, synced and renamed; then its folder and those above it are
    synced, up to the first that was there before. What can't be written leaves nothing behind and raises OSError.
    """

    def _save(self, name: str, content: File[Any]) -> str:
        path, top = Path(self.path(name)), Path(self.location)
        while not top.exists():
            top = top.parent
        part = PurePosixPath(name).with_name(f".{secrets.token_hex(8)}.part")
        unfinished = Path(self.path(str(part)))
        try:
            super()._save(str(part), content)  # type: ignore[misc]  # the stubs leave it out
            _sync(unfinished)
            unfinished.replace(path)
        except BaseException:
            with suppress(OSError):
                unfinished.unlink()
            raise
        try:
            for folder in path.parents:
                _sync(folder)
                if folder == top:
                    break
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return name


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


def is_older(storage: Storage, name: str, *, than: datetime) -> bool:
    """Tell whether a file was last written before `than`; one that is gone meanwhile was not."""
    try:
        return storage.get_modified_time(name) < than
    except FileNotFoundError:
        return False


def why_not_kept(error: OSError) -> str:
    """Return the sentence for whoever uploaded what could not be written."""
    if error.errno in FULL:
        return _("Nothing was saved: the storage is full. Contact an operator, then choose the file again.")
    return _("Nothing was saved: the storage isn't writable. Try again later, or contact an operator.")


@contextmanager
def refusing_unwritable(field: str) -> Iterator[None]:
    """Raise `ActionRefused` beside the file's `field` when the storage fails (OSError); why stands in the log."""
    try:
        yield
    except OSError as error:
        logger.exception("an upload can't be stored")
        raise ActionRefused(why_not_kept(error), field=field) from error


# What the readiness probe asks ------------------------------------------------------------------------------------


class _Probe:
    """Tries a storage in a thread of its own: only that one is stuck when the file system does not answer."""

    def __init__(self, alias: str, setting: str) -> None:
        self.alias, self.setting = alias, setting
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
        return f"{self.setting} does not answer" if self.thread.is_alive() else self.fault

    def _run(self) -> None:
        try:
            self.fault = _fault_of(Path(storages[self.alias].path("")), self.setting)
        except OSError as error:
            self.fault = f"{self.setting} can't be written: {error.strerror or error}"


def _fault_of(root: Path, setting: str) -> str:
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryFile(dir=root) as file:
        file.write(b"probe")
        file.flush()
    state = os.statvfs(root)
    free, needed = state.f_bavail * state.f_frsize, max(LEAST_FREE, settings.UPLOAD_BYTES)
    return f"{setting} is full: {free >> 20} MB free, {needed >> 20} MB needed" if free < needed else ""


class _Answer:
    """The last answer of this process."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.probes = [_Probe(alias, setting) for alias, setting in PROBED.items()]
        self.faults: list[str] = []
        self.counts_until = 0.0

    def get(self) -> list[str]:
        """Return it while it counts, else ask; who comes meanwhile waits for the same answer."""
        with self.lock:
            if time.monotonic() >= self.counts_until:
                for probe in self.probes:
                    probe.start()
                deadline = time.monotonic() + LONGEST_PROBE
                self.faults = [fault for probe in self.probes if (fault := probe.found(deadline))]
                self.counts_until = time.monotonic() + ANSWER_COUNTS
            return self.faults


_answer = _Answer()


def storage_faults() -> list[str]:
    """Return what is wrong with the folders of packages and icons, in plain English; nothing when uploads are kept.

    Writes a few bytes to each, and asks for as much room as one upload may take, at least 64 MB. Takes 2 seconds at
    most, also while a file system does not answer; an answer counts for 5 seconds in its process.
    """
    return _answer.get()

"""Storages that fail for real: a disk that is full, can't be written or says nothing, a folder that can't be made."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.files.storage import default_storage

from releases.models import Package, package_storage

MOUNT = ["sh", "-c", 'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec cat', "mount"]
# A file system of a process that answers nothing, as one is whose server is away.
SILENT = """
import ctypes, os, sys
number = os.open("/dev/fuse", os.O_RDWR)
options = f"fd={number},rootmode=40000,user_id=0,group_id=0".encode()
if ctypes.CDLL(None, use_errno=True).mount(b"silent", sys.argv[1].encode(), b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
sys.stdin.read()
"""


@contextmanager
def disk(options: str) -> Iterator[Path]:
    """Give a tmpfs with mount `options`."""
    with _mounted(*MOUNT, options) as path:
        yield path


@contextmanager
def silent_disk() -> Iterator[Path]:
    """A disk of which each question waits, until the block ends."""
    with _mounted(sys.executable, "-c", SILENT) as path:
        yield path


@contextmanager
def _mounted(*command: str) -> Iterator[Path]:
    """Give a folder on which the command mounts something, which only it has; it goes with that process.

    Skips the test where the machine lets nobody mount.
    """
    with TemporaryDirectory() as folder:
        apart = ["unshare", "--user", "--map-root-user", "--mount", "--"]
        with subprocess.Popen(
            [*apart, *command, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as holder:
            try:
                assert holder.stdout is not None and holder.stderr is not None
                if not holder.stdout.readline():
                    pytest.skip(f"no file system can be mounted here: {holder.stderr.read().strip()}")
                yield Path(f"/proc/{holder.pid}/root{folder}")
            finally:
                holder.kill()


@contextmanager
def full_disk() -> Iterator[Path]:
    """A disk of 64 kB: the first blocks of a larger file fit."""
    with disk("size=64k,mode=1777") as path:
        yield path


@contextmanager
def read_only_disk() -> Iterator[Path]:
    """A disk that can't be written."""
    with disk("ro,mode=1777") as path:
        yield path


@contextmanager
def no_folder() -> Iterator[Path]:
    """A folder that can't be made, as there is a file where its parent should be."""
    with TemporaryDirectory() as folder:
        Path(folder, "file").touch()
        yield Path(folder, "file", "folder")


FILLER = "filler"


def fill(root: Path) -> None:
    """Leave no room for a single byte on a disk that has some."""
    with suppress(OSError), (root / FILLER).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


FAILING = {"full": full_disk, "can't be written": read_only_disk, "no folder": no_folder}


def move_packages(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Keep packages in `root` from now on."""
    for storage in (package_storage(), Package._meta.get_field("file").storage):
        monkeypatch.setitem(storage.__dict__, "location", str(root))


def move_icons(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    """Keep icons in `root` from now on."""
    assert default_storage.path("")
    monkeypatch.setitem(default_storage._wrapped.__dict__, "location", str(root))


def files_in(root: Path) -> set[str]:
    """The files below `root`, hidden ones, too."""
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

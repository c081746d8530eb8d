"""Storages that fail for real: a disk that is full, one that can't be written, a folder that can't be made."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.core.files.storage import default_storage

from releases.models import Package, package_storage

MOUNT = 'mount -t tmpfs -o "$1" tmpfs "$2" && echo mounted && exec cat'


@contextmanager
def disk(options: str) -> Iterator[Path]:
    """Give a tmpfs with mount `options`, which only a process of ours has; it goes with that process.

    Skips the test where the machine lets nobody mount.
    """
    with TemporaryDirectory() as folder:
        command = ["unshare", "--user", "--map-root-user", "--mount", "--", "sh", "-c", MOUNT, "mount", options, folder]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
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

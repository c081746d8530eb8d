"""Files of uploads on disk: whole and synced, or not there; and what the readiness probe learns of them."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from console.base.core import files
from console.base.core.errors import ActionRefused
from console.base.core.files import UNFINISHED, SyncedStorage, refusing_unwritable, storage_faults
from tests.disks import FAILING, files_in, full_disk, move_icons, move_packages, no_folder, read_only_disk

FULL = "Nothing was saved: the storage is full. Contact an operator, then choose the file again."
UNWRITABLE = "Nothing was saved: the storage isn’t writable. Try again later, or contact an operator."
LARGE = os.urandom(200_000)


def test_a_file_is_kept_under_its_name_and_others_may_read_it(tmp_path: Path) -> None:
    storage = SyncedStorage(tmp_path)
    assert storage.save("ab/file", ContentFile(LARGE)) == "ab/file"
    assert files_in(tmp_path) == {"ab/file"}
    assert (tmp_path / "ab/file").read_bytes() == LARGE
    assert stat.S_IMODE((tmp_path / "ab/file").stat().st_mode) == 0o644


def test_a_name_is_never_overwritten(tmp_path: Path) -> None:
    storage = SyncedStorage(tmp_path)
    names = [storage.save("ab/file", ContentFile(content)) for content in (b"first", b"second")]
    assert [(tmp_path / name).read_bytes() for name in names] == [b"first", b"second"]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Where `fsync` was called, in this order; the real one is called, too."""
    places: list[Path] = []
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        places.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    return places


def test_the_file_and_then_each_folder_that_was_made_are_synced(tmp_path: Path, synced: list[Path]) -> None:
    root = tmp_path / "new" / "packages"
    SyncedStorage(root).save("ab/file", ContentFile(b"content"))
    unfinished, *folders = synced
    assert (unfinished.parent, bool(UNFINISHED.fullmatch(unfinished.name))) == (root / "ab", True)
    assert folders == [root / "ab", root, tmp_path / "new", tmp_path]


def test_of_folders_that_were_there_only_the_storages_own_are_synced(tmp_path: Path, synced: list[Path]) -> None:
    """Another process may have made them a moment ago."""
    SyncedStorage(tmp_path).save("ab/first", ContentFile(b"content"))
    del synced[:]
    SyncedStorage(tmp_path).save("ab/second", ContentFile(b"content"))
    assert synced[1:] == [tmp_path / "ab", tmp_path]


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_what_can_not_be_written_leaves_nothing(failing) -> None:
    with failing() as root:
        with pytest.raises(OSError):
            SyncedStorage(root).save("ab/file", ContentFile(LARGE))
        assert files_in(root) == set()


def test_a_file_whose_folder_can_not_be_synced_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int) -> None:
        if Path(f"/proc/self/fd/{descriptor}").readlink().is_dir():
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="Input/output error"):
        SyncedStorage(tmp_path).save("ab/file", ContentFile(b"content"))
    assert files_in(tmp_path) == set()


def test_a_scratch_becomes_the_file_without_being_copied(tmp_path: Path, synced: list[Path]) -> None:
    root = tmp_path / "packages"
    storage = SyncedStorage(root)
    with storage.scratch() as scratch:
        (unfinished,) = files_in(root)
        assert UNFINISHED.fullmatch(unfinished)
        scratch.write(LARGE)
        written = os.fstat(scratch.fileno()).st_ino
        storage.put("ab/file", scratch)
    assert files_in(root) == {"ab/file"}
    assert (root / "ab/file").read_bytes() == LARGE
    state = (root / "ab/file").stat()
    assert (state.st_ino, stat.S_IMODE(state.st_mode)) == (written, 0o644)
    assert synced == [root, tmp_path, root / unfinished, root / "ab", root]


def test_a_scratch_that_is_not_put_or_put_elsewhere_goes(tmp_path: Path) -> None:
    here, there = SyncedStorage(tmp_path / "here"), SyncedStorage(tmp_path / "there")
    with here.scratch() as scratch:
        scratch.write(LARGE)
        there.put("ab/file", scratch)
        assert len(files_in(tmp_path / "here")) == 1
    assert (files_in(tmp_path / "here"), files_in(tmp_path / "there")) == (set(), {"ab/file"})
    assert (tmp_path / "there/ab/file").read_bytes() == LARGE


def test_a_long_scratch_does_not_leave_all_its_bytes_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda descriptor: sizes.append(os.fstat(descriptor).st_size))
    with SyncedStorage(tmp_path).scratch() as scratch:
        for _piece in range(5):
            scratch.write(bytes(files.SYNCED // 2))
    assert sizes == [files.SYNCED]


@pytest.mark.parametrize("failing", [full_disk, read_only_disk])
def test_a_scratch_that_can_not_be_written_leaves_nothing(failing) -> None:
    with failing() as root:
        storage = SyncedStorage(root)
        with pytest.raises(OSError), storage.scratch() as scratch:
            scratch.write(LARGE)
            storage.put("ab/file", scratch)
        assert files_in(root) == set()


ALLOWED_ONLY_A_LITTLE = """
import resource, sys
from django.conf import settings
from django.core.files.base import ContentFile
settings.configure()
from console.base.core.files import SyncedStorage
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    SyncedStorage(sys.argv[1]).save("ab/file", ContentFile(bytes(5000)))
except OSError as error:
    print(error.errno)
"""


def test_a_limit_of_the_process_leaves_nothing_either(tmp_path: Path) -> None:
    """As a quota would, on every machine."""
    command = [sys.executable, "-c", ALLOWED_ONLY_A_LITTLE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) == errno.EFBIG
    assert files_in(tmp_path) == set()


@pytest.mark.parametrize(
    ("number", "words"),
    [(number, FULL) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]
    + [(number, UNWRITABLE) for number in (errno.EROFS, errno.EACCES, errno.EIO, errno.ENOTDIR)],
)
def test_words_for_who_uploads(number: int, words: str) -> None:
    with pytest.raises(ActionRefused) as refused, refusing_unwritable("icon"):
        raise OSError(number, os.strerror(number))
    assert (refused.value.field, refused.value.message) == ("icon", words)


# What is wrong, for the readiness probe ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_answer", files._Answer())


def test_nothing_is_wrong_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    move_packages(monkeypatch, tmp_path / "packages")
    move_icons(monkeypatch, tmp_path / "media")
    assert storage_faults() == []
    assert [path.name for path in sorted(tmp_path.rglob("*"))] == ["media", "packages"]


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.UPLOAD_BYTES = 1024
    with full_disk() as root:
        move_packages(monkeypatch, root)
        assert storage_faults() == ["PACKAGE_ROOT is full: 0 MB free, 64 MB needed"]


def test_room_for_one_upload_is_needed(monkeypatch: pytest.MonkeyPatch, settings) -> None:
    settings.UPLOAD_BYTES = 1 << 60
    assert [fault.partition(":")[0] for fault in storage_faults()] == ["PACKAGE_ROOT is full", "MEDIA_ROOT is full"]


def test_a_disk_that_can_not_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with read_only_disk() as root:
        move_icons(monkeypatch, root)
        assert storage_faults() == ["MEDIA_ROOT can't be written: Read-only file system"]


def test_a_folder_that_can_not_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_folder() as root:
        move_packages(monkeypatch, root)
        assert storage_faults() == ["PACKAGE_ROOT can't be written: Not a directory"]


def test_an_answer_counts_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ANSWER_COUNTS", 1000)
    assert storage_faults() == []
    with no_folder() as root:
        move_packages(monkeypatch, root)
        assert storage_faults() == []
        files._answer.counts_until = 0
        assert len(storage_faults()) == 1


class Stuck(SyncedStorage):
    """Answers when it is released, as a network file system whose server is away."""

    def __init__(self) -> None:
        super().__init__(setting="PACKAGE_ROOT")
        self.released = Event()

    def path(self, name: str) -> str:
        self.released.wait()
        return super().path(name)


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    storage = Stuck()
    monkeypatch.setitem(storages._storages, "packages", storage)
    yield storage
    storage.released.set()


def test_a_storage_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, stuck: Stuck) -> None:
    monkeypatch.setattr(files, "LONGEST_PROBE", 0.05)
    monkeypatch.setattr(files, "ANSWER_COUNTS", 0)
    assert [storage_faults() for _ in range(2)] == [["PACKAGE_ROOT does not answer"]] * 2
    thread = files._answer.probes[0].thread
    stuck.released.set()
    assert thread is not None
    thread.join(60)
    monkeypatch.setattr(files, "LONGEST_PROBE", 60)
    assert storage_faults() == []

"""A backup on disk: one folder, which has its name only when it is whole.

    database.dump        pg_dump's custom format
    packages/, media/    the files of each storage, under the names that the rows have for them
    SHA256SUMS           of all these; `sha256sum --check` reads it, too
    manifest.json        what the backup is of, the hash of SHA256SUMS, and its own

Until then it is called `.NAME.part`. Files that an earlier backup has are hard links to it: they never change.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

DUMP, SUMS, MANIFEST = "database.dump", "SHA256SUMS", "manifest.json"
FOLDERS = {"packages": "packages", "default": "media"}  # by the storage's name in STORAGES
FORMAT = 1
NAME = re.compile(r"console-\d{8}T\d{6}Z")
UNFINISHED = ".part"
CHUNK = 1 << 20
_LINE = re.compile(r"([0-9a-f]{64})  ([^\0\n]+)")


class BackupError(Exception):
    """What can't be done, and why, in a sentence or two for the operator."""


def name_at(moment: datetime) -> str:
    """Return the folder's name for a backup of this moment."""
    return f"console-{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keep other backups out of the folder, and remove what a killed one left. Raises BackupError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BackupError(f"Another backup is being written to {folder}. Wait until it ends.") from None
        for left in folder.glob(f".*{UNFINISHED}"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def whole(folder: Path) -> list[Path]:
    """Return the finished backups in the folder that can be read, the newest first."""
    found = [path for path in folder.iterdir() if NAME.fullmatch(path.name) and _is_whole(path)]
    return sorted(found, key=lambda path: path.name, reverse=True)


def unreadable(folder: Path) -> list[Path]:
    """Return the backups in the folder that can't be read, as those of another user."""
    return sorted(path for path in folder.iterdir() if NAME.fullmatch(path.name) and _is_whole(path) is None)


def _is_whole(path: Path) -> bool | None:
    """Whether a backup is finished; None where that can't be read."""
    try:
        return (path / MANIFEST).is_file()
    except OSError:
        return None


def prune(folder: Path, *, keep: int) -> list[str]:
    """Remove old backups; return their names. One that is half removed has no backup's name.

    Kept are the newest `keep`, and the newest `keep` that lack no file: nights with faults don't push these out.
    """
    there = whole(folder)
    kept = {*there[:keep], *[path for path in there if _lacks_nothing(path)][:keep]}
    old = [path for path in there if path not in kept]
    for path in old:
        path.rename(gone := folder / f".{path.name}{UNFINISHED}")
        shutil.rmtree(gone)
    return [path.name for path in old]


def _lacks_nothing(backup: Path) -> bool:
    """Whether the storage had all files when it was made; False where its manifest can't be read."""
    try:
        return not read_manifest(backup)["faults"]
    except BackupError:
        return False


# Hashes -------------------------------------------------------------------------------------------------------------


def digest(path: Path) -> str:
    """Return the SHA-256 of a file. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_sums(backup: Path, sums: dict[str, str]) -> None:
    """Write the hashes by path, in the backup."""
    text = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    write(backup / SUMS, text)


def read_sums(backup: Path) -> dict[str, str]:
    """Return the hashes by path. Raises BackupError."""
    try:
        lines = [_LINE.fullmatch(line) for line in (backup / SUMS).read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise BackupError(f"{backup / SUMS} can't be read: {error}") from None
    if not all(line and _is_ours(line[2]) for line in lines):
        raise BackupError(f"{backup / SUMS} is damaged.")
    return {line[2]: line[1] for line in lines if line}


def _is_ours(name: str) -> bool:
    """Whether a backup may have a file of this name: it is read, and restored, nowhere else."""
    top, *rest = name.split("/")
    return name == DUMP or (top in FOLDERS.values() and bool(rest) and not {"", ".", ".."} & set(rest))


def write_manifest(backup: Path, content: dict[str, Any]) -> None:
    """Write what the backup is of. Comes last: with it the backup is whole but for its name."""
    content = {"format": FORMAT, **content, "sums": digest(backup / SUMS)}
    write(backup / MANIFEST, _sealed(content))


def read_manifest(backup: Path) -> dict[str, Any]:
    """Return what it is of. Raises BackupError for a folder that is no whole backup, and for one that was changed."""
    if backup.name.endswith(UNFINISHED) or not (backup / MANIFEST).is_file():
        raise BackupError(f"{backup} is not a finished backup. Choose a folder named console-…Z.")
    try:
        text = (backup / MANIFEST).read_text()
        content: dict[str, Any] = json.loads(text)
        is_whole = text == _sealed({name: value for name, value in content.items() if name != "digest"})
    except (OSError, ValueError, AttributeError):
        is_whole = False
    if not is_whole:
        raise BackupError(f"{backup / MANIFEST} is damaged.")
    if content["format"] != FORMAT:
        raise BackupError(f"{backup} was written by a newer console. Install release {content['version']} or newer.")
    return content


def _sealed(content: dict[str, Any]) -> str:
    """Return it with its hash, which has no key: it finds accidents. Whoever can write to a backup can renew it."""
    plain = json.dumps(content, sort_keys=True)
    return json.dumps({**content, "digest": hashlib.sha256(plain.encode()).hexdigest()}, sort_keys=True, indent=1)


def damage(backup: Path, manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what differs from what was written: files that are damaged, missing or not from the backup."""
    if digest(backup / SUMS) != manifest["sums"]:
        yield f"{SUMS} is damaged"
        return
    sums = read_sums(backup)
    for name, expected in sums.items():
        try:
            if digest(backup / name) != expected:
                yield f"{name} is damaged"
        except OSError as error:
            yield f"{name}: {error.strerror}"
    there = {str(path.relative_to(backup)) for path in backup.rglob("*") if not path.is_dir()}
    yield from (f"{name} is not from the backup" for name in sorted(there - sums.keys() - {SUMS, MANIFEST}))


# Writing ------------------------------------------------------------------------------------------------------------


def write(path: Path, text: str) -> None:
    """Write a file that is on the disk when this returns. Raises OSError."""
    with path.open("x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def sync_folders(top: Path) -> None:
    """Sync the folder and those in it: a file's name is safe only then. Raises OSError."""
    for folder in (top, *(path for path in top.rglob("*") if path.is_dir())):
        sync(folder)


def sync(folder: Path) -> None:
    """Sync one folder."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)

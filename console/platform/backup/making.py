"""Makes a backup: rows and files of one moment, whatever is written meanwhile.

First all deletions of files are held off, then a snapshot of the database is taken. So each file that the snapshot's
rows name is there until it is copied; packages, source maps and icons never change under their names.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
from django.conf import settings
from django.core.files.storage import storages
from django.db import DatabaseError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from console.base.core.holding import files_held
from console.base.hosts.models import HostApplication
from console.platform.backup import folder as folders
from console.platform.backup import keys
from console.platform.backup.folder import DUMP, FOLDERS, UNFINISHED, BackupError
from console.platform.backup.tools import Tools, tools
from console.platform.models import Backup
from console.version import VERSION
from miniprograms.models import MiniProgram
from releases.models import Package, SourceMaps

REMEMBERED = timedelta(days=366)

Say = Callable[[str], object]


class Kept(NamedTuple):
    """A file that a row names: its storage, its name there, its SHA-256 if the row knows it."""

    storage: str
    name: str
    sha256: str | None

    @property
    def path(self) -> str:
        """Where it lies in a backup."""
        return f"{FOLDERS[self.storage]}/{self.name}"


@dataclass(frozen=True)
class Snapshot:
    """What the database holds at one moment of its clock."""

    key: str
    moment: datetime
    server: str
    migrations: list[str]
    files: list[Kept]
    counts: dict[str, int]


def back_up(folder: Path, *, keep: int = 0, pg_bin: Path | None = None, say: Say) -> tuple[Path, list[str]]:
    """Write a backup into a new folder inside `folder`; return it, and what the storage lacks of its files.

    `keep`: how many are kept, older ones are removed; 0 keeps all. Raises BackupError; nothing is left then.
    """
    programs = tools(pg_bin)
    try:
        with folders.alone_in(folder):
            for path in folders.unreadable(folder):
                say(f"{path.name} can't be read by this user: it is neither linked to nor removed.")
            made, faults = _make(folder, programs, say)
            if keep:
                _prune(folder, keep, say)
    except OSError as error:
        raise BackupError(f"The backup can't be written: {error}") from error
    except (DatabaseError, psycopg.Error) as error:
        raise BackupError(f"The database can't be read: {str(error).strip()}") from error
    return made, faults


def _prune(folder: Path, keep: int, say: Say) -> None:
    try:
        for name in folders.prune(folder, keep=keep):
            say(f"Removed {name}.")
    except OSError as error:
        say(f"The backup is whole, but older ones can't be removed: {error}")


def _make(folder: Path, programs: Tools, say: Say) -> tuple[Path, list[str]]:
    with contextlib.ExitStack() as stack:
        with files_held():  # It raises if files could be deleted meanwhile, so before the backup has its name.
            with _snapshot() as snapshot:
                made = folder / folders.name_at(snapshot.moment)
                if made.exists():
                    raise BackupError(f"{made} exists. A backup is never overwritten; wait a second and try again.")
                part = folder / f".{made.name}{UNFINISHED}"
                part.mkdir(mode=0o700)
                stack.callback(shutil.rmtree, part, ignore_errors=True)
                say(f"Dumping the database as of {snapshot.moment:%Y-%m-%d %H:%M:%S %Z}.")
                programs.dump(part / DUMP, snapshot=snapshot.key)
            say(f"Copying {len(snapshot.files)} files.")
            copying = _Copying(part, folders.whole(folder))
            for file in snapshot.files:
                copying.copy(file)
        say(f"Copied {copying.copied}, linked {copying.linked} to the previous backup.")
        _finish(part, made, snapshot, copying, programs)
    try:
        _remember(made, snapshot, copying)
    except DatabaseError as error:
        say(f"The backup is whole, but System status doesn't know of it: {error}")
    return made, copying.faults


@contextlib.contextmanager
def _snapshot() -> Iterator[Snapshot]:
    """Open it, for as long as the block lasts; everything that is asked in it is of one moment."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # It only waits for pg_dump.
        cursor.execute("SELECT pg_export_snapshot(), now(), current_setting('server_version')")
        key, moment, server = cursor.fetchone()
        packages, maps = (
            [Kept("packages", name, sha256) for name, sha256 in rows.order_by("pk").values_list("file", "sha256")]
            for rows in (Package.objects.all(), SourceMaps.objects.all())
        )
        icons = [
            Kept("default", name, None)
            for rows in (MiniProgram.objects.all(), HostApplication.objects.exclude(icon=""))
            for name in rows.order_by("pk").values_list("icon", flat=True)
        ]
        migrations = sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())
        counts = {"packages": len(packages), "source maps": len(maps), "icons": len(icons)}
        yield Snapshot(key, moment, server, migrations, list(dict.fromkeys([*packages, *maps, *icons])), counts)


class _Copying:
    """Copies files into a backup, or links those that the newest of the `others` has; each is read again afterwards."""

    def __init__(self, part: Path, others: list[Path]) -> None:
        self.part = part
        self.earlier, self.known = _newest(others)
        self.sums: dict[str, str] = {}
        self.faults: list[str] = []
        self.copied = self.linked = 0

    def copy(self, file: Kept) -> None:
        """Bring one file. What the storage has not, or has with other bytes, is a fault; anything else raises."""
        target = self.part / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if self._link(file, target):
            self.linked += 1
            return
        try:
            self._copy(file, target)
        except FileNotFoundError:
            target.unlink(missing_ok=True)
            self.faults.append(f"{file.path} is missing in the storage")
            return
        found = folders.digest(target)
        if file.sha256 and found != file.sha256:
            target.unlink()
            self.faults.append(f"{file.path} is damaged in the storage")
            return
        self.sums[file.path] = found
        self.copied += 1

    def _link(self, file: Kept, target: Path) -> bool:
        """Whether the earlier backup has it, unchanged; disks forget, so it is read."""
        known = self.known.get(file.path)
        if self.earlier is None or known is None or (file.sha256 or known) != known:
            return False
        try:
            os.link(self.earlier / file.path, target)
        except OSError:  # Not there, or a file system without links.
            return False
        if folders.digest(target) != known:
            target.unlink()
            return False
        self.sums[file.path] = known
        return True

    def _copy(self, file: Kept, target: Path) -> None:
        with storages[file.storage].open(file.name) as source, target.open("xb") as written:
            for chunk in source.chunks(folders.CHUNK):
                written.write(chunk)
            written.flush()
            os.fsync(written.fileno())


def _newest(others: list[Path]) -> tuple[Path | None, dict[str, str]]:
    """Return the newest backup whose list of hashes can be read, and these; a damaged one is no reason to have none."""
    for backup in others:
        with contextlib.suppress(BackupError):
            return backup, folders.read_sums(backup)
    return None, {}


def _finish(part: Path, made: Path, snapshot: Snapshot, copying: _Copying, programs: Tools) -> None:
    """Verify the dump, write hashes and manifest, and give the backup its name when all is on the disk."""
    programs.read(part / DUMP)
    with (part / DUMP).open("rb") as dump:
        os.fsync(dump.fileno())
    folders.write_sums(part, {**copying.sums, DUMP: folders.digest(part / DUMP)})
    content = {
        "version": VERSION,
        "moment": snapshot.moment.isoformat(),
        "postgresql": snapshot.server,
        "key": keys.current(),
        "former_keys": keys.former(),
        "migrations": snapshot.migrations,
        "counts": snapshot.counts,
        "faults": copying.faults,
        "logs_elsewhere": bool(settings.LOG_STORE_URL),
    }
    folders.write_manifest(part, content)
    folders.sync_folders(part)
    part.rename(made)
    folders.sync(made.parent)


def _remember(made: Path, snapshot: Snapshot, copying: _Copying) -> None:
    """Note it for System status and `doctor`. Raises DatabaseError."""
    size = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    place = f"{socket.gethostname()}:{made.resolve()}"[:1000]
    Backup.objects.filter(finished_at__lt=snapshot.moment - REMEMBERED).delete()
    Backup.objects.create(taken_at=snapshot.moment, place=place, size=size, faults=len(copying.faults))

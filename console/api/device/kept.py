"""The snapshot as a file of this machine, for a process that starts while the database is away.

It lies beside the object lists (OBJECT_LIST_CACHE). One process of the machine writes it, whoever has the lock: the
content when it has changed, and every KEEP_SECONDS a stamp that says when the database was last read and which content
that was. So a process that starts knows how old the content is, and answers from it no longer than one that never
stopped: SNAPSHOT_SECONDS after that look. The stamp is signed with SECRET_KEY, for one release and one database: nobody
else may say what devices run, and another release may mean something else by it.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
import time
from contextlib import suppress
from hashlib import blake2b
from hmac import compare_digest
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from django.conf import settings
from django.utils.crypto import salted_hmac

from console.api.device.credentials import Application
from console.api.device.snapshot import Snapshot, of_parts
from console.version import VERSION
from grayscale.decision import ProgramState
from grayscale.hashed import UNFINISHED, HashedList, held_file

KEEP_SECONDS = 2.0
LOCK, STAMP, CONTENT = "snapshot.lock", "snapshot.stamp", ".snapshot"
SIGNATURE = 32  # bytes
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

logger = logging.getLogger(__name__)


class Content(msgspec.Struct):
    """What a snapshot is made from."""

    applications: dict[str, Application]
    programs: dict[str, ProgramState]


class Stamp(msgspec.Struct, array_like=True):
    """When the database was read: POSIX seconds, and seconds since this start of the machine, which nobody can set."""

    digest: str
    looked_at: float
    boot: str
    since_boot: float

    def age(self) -> float:
        """Return how many seconds ago that was, by the clock that says more; below 0: the clock was set back."""
        age = time.time() - self.looked_at
        return max(age, _since_boot() - self.since_boot) if self.boot and self.boot == _boot() else age


class Moment(NamedTuple):
    """The beginning of a look at the database, by both clocks."""

    looked_at: float
    since_boot: float


def now() -> Moment:
    """Return this moment."""
    return Moment(time.time(), _since_boot())


def read() -> tuple[Snapshot, float] | None:
    """Return what this machine has kept, and how many seconds ago the database said so; None: nothing of use."""
    folder = _folder()
    try:
        signed = (folder / STAMP).read_bytes()
        signature, written = signed[:SIGNATURE], signed[SIGNATURE:]
        if not compare_digest(signature, _signature(written)):
            logger.warning("the snapshot that this machine has kept is of another release, database or SECRET_KEY")
            return None
        stamp = msgspec.msgpack.decode(written, type=Stamp)
        content = (folder / f"{stamp.digest}{CONTENT}").read_bytes()
        age = stamp.age()
        if _digest(content) != stamp.digest or not 0 <= age < settings.SNAPSHOT_SECONDS:
            return None
        kept = msgspec.msgpack.decode(content, type=Content, dec_hook=_from_plain)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, msgspec.MsgspecError):
        logger.exception("the snapshot that this machine has kept can't be read")
        return None
    return of_parts(kept.applications, kept.programs), age


class Keeper:
    """Keeps the snapshot of one process, as long as no other process of the machine does."""

    def __init__(self) -> None:
        self._lock: int | None = None
        self._next = 0.0
        self._kept: Snapshot | None = None
        self._digest = ""
        self._failed = False

    def keep(self, snapshot: Snapshot, moment: Moment) -> None:
        """Write what the database said at that moment, unless that was done a moment ago; raises nothing."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + KEEP_SECONDS
        try:
            if self._has_lock():
                self._write(snapshot, moment)
            self._failed = False
        except OSError as error:
            if not self._failed:
                logger.warning("this machine keeps no snapshot for a start without the database: %s", error)
            self._failed = True

    def let_go(self) -> None:
        """Let another process keep it; also in a child of a fork, whose parent goes on."""
        if self._lock is not None:
            os.close(self._lock)
        self._lock = self._kept = None

    def _has_lock(self) -> bool:
        if self._lock is not None:
            return True
        folder = _folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._lock = file
        return True

    def _write(self, snapshot: Snapshot, moment: Moment) -> None:
        if snapshot is not self._kept:
            content = msgspec.msgpack.encode(
                Content({**snapshot.applications}, {**snapshot.programs}), enc_hook=_to_plain
            )
            digest = _digest(content)
            if digest != self._digest or self._kept is None:
                _replace(_folder() / f"{digest}{CONTENT}", content)
            self._kept, self._digest = snapshot, digest
        written = msgspec.msgpack.encode(Stamp(self._digest, moment.looked_at, _boot(), moment.since_boot))
        _replace(_folder() / STAMP, _signature(written) + written)
        for file in _folder().glob(f"*{CONTENT}"):
            if file.stem != self._digest:
                file.unlink(missing_ok=True)


def _folder() -> Path:
    return Path(settings.OBJECT_LIST_CACHE)


def _replace(path: Path, content: bytes) -> None:
    """Write under another name and move into place; raises OSError."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=UNFINISHED)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _digest(content: bytes) -> str:
    return blake2b(content, digest_size=32).hexdigest()


def _signature(written: bytes) -> bytes:
    """Sign for this release and this database: another one's programs mean nothing here."""
    named = settings.DATABASES["default"]
    place = [str(named.get(part) or named["OPTIONS"].get(part.lower(), "")) for part in ("HOST", "PORT", "NAME")]
    return salted_hmac(f"console.api.device.kept {VERSION} {place}", written, algorithm="sha256").digest()


def _to_plain(value: Any) -> Any:
    """Write an object list as its id and key: the hashes lie in a file beside."""
    if isinstance(value, HashedList):
        return [value.pk, value.key]
    raise NotImplementedError(type(value))


def _from_plain(_kind: Any, value: Any) -> HashedList:
    pk, key = value
    if (found := held_file(pk, key)) is None:  # To guess would be to enrol the wrong devices.
        raise FileNotFoundError(pk)
    return found


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def _boot() -> str:
    """Return what names this start of the machine; "" where nothing does."""
    with suppress(OSError):
        return BOOT_ID.read_text().strip()
    return ""

"""The processes that parse, and what is done where they can't."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from threading import BoundedSemaphore, Condition, Lock
from types import TracebackType
from typing import Self

import msgspec

from .facts import Finds, Followed, Why
from .limits import Limits
from .markup import search_markup
from .parsing import LENGTH, Kind, Request, Tree, read, write
from .patterns import search

_ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("LD_LIBRARY_PATH", "PYTHONHOME", "PATH")  # of the environment; the rest is not the parsers' business
_PATIENCE = 10  # times the processor time of a file, for a machine that does other things, too
_GOODBYE = 10  # seconds for a process to end that has closed its side
PRINTING = BoundedSemaphore(2)  # scripts at a time, of all the pages that this process makes
_SEARCH = {"script": search, "typed": search, "markup": search_markup}


class Parsers:
    """Reads files in `limits.parsers` processes, started when the first file comes and ended with the block.

    What a process dies of is searched by patterns; and so is everything that comes after all the time, or all the
    crashes, that one package may cost.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._idle: SimpleQueue[_Parser] = SimpleQueue()
        self._parsers = [_Parser(limits) for _ in range(limits.parsers)]
        for parser in self._parsers:
            self._idle.put(parser)
        self._pool = ThreadPoolExecutor(limits.parsers)
        self._lock = Lock()
        self._room = Condition()
        self._parsed_now = 0  # bytes
        self._seconds, self._crashes = limits.seconds, limits.crashes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for parser in self._parsers:
            parser.close()

    def rest(self) -> None:
        """End the processes, for the memory that they hold; called while none reads. The next file starts one anew."""
        for parser in self._parsers:
            parser.close()

    def submit(self, kind: Kind, source: bytes) -> Future[Finds]:
        """Have a file read; in the answer `why` says why it was searched by patterns."""
        return self._pool.submit(self._read, kind, source)

    def _read(self, kind: Kind, source: bytes) -> Finds:
        finds = self._parsed(kind, source)
        if not finds.why or finds.apis or finds.addresses:
            return finds
        return msgspec.structs.replace(_SEARCH[kind](source, self._limits), why=finds.why)

    def _parsed(self, kind: Kind, source: bytes) -> Finds:
        if len(source) > self._limits.parsed_size:
            return Finds(why="size")
        if self._seconds <= 0 or self._crashes <= 0:
            return Finds(why="time")
        with self._room_for(len(source)):
            parser = self._idle.get()
            try:
                finds = parser.read(Request(kind, source))
                has_crashed = parser.process is None
                if len(source) > self._limits.kept_size:
                    parser.close()
            finally:
                self._idle.put(parser)
        with self._lock:
            self._seconds -= finds.seconds
            self._crashes -= has_crashed
        return finds

    @contextmanager
    def _room_for(self, size: int) -> Iterator[None]:
        """Wait until what is being parsed leaves room: the trees of all of it are in memory at a time."""
        with self._room:
            self._room.wait_for(lambda: self._parsed_now + size <= self._limits.parsed_size)
            self._parsed_now += size
        try:
            yield
        finally:
            with self._room:
                self._parsed_now -= size
                self._room.notify_all()


class _Parser:
    """One process; started anew when it died."""

    def __init__(self, limits: Limits) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._limits = limits

    def read(self, request: Request) -> Finds:
        """Return what is in the file; with `why` when the process died of it, and is None then."""
        try:
            process = self._started()
            assert process.stdin and process.stdout  # noqa: S101 - both are pipes
            write(process.stdin, request)
            if select.select([process.stdout], [], [], _PATIENCE * self._limits.file_seconds)[0]:
                if answer := read(process.stdout):
                    return msgspec.msgpack.decode(answer, type=Finds)
                process.wait(_GOODBYE)
        except (OSError, subprocess.TimeoutExpired, msgspec.MsgspecError):
            pass
        return Finds(why=self._end(), seconds=self._limits.file_seconds)

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self._end()

    def _started(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            self.process = _start("releases.scan.parsing", self._limits)
        return self.process

    def _end(self) -> Why:
        """Let the process go and return what it died of: killed by us or by the system, it took too long."""
        process, self.process = self.process, None
        if process is None:
            return "size"
        code = process.poll()
        process.kill()
        process.communicate()
        return "time" if code in (None, -signal.SIGXCPU, -signal.SIGKILL) else "size"


def follow(trees: Iterable[Tree], limits: Limits) -> Followed | None:
    """Have what is in scripts followed in a process of its own; None when it died of them, or took too long."""
    process: subprocess.Popen[bytes] | None = None
    try:
        process = _start("releases.scan.flow", limits)
        assert process.stdin and process.stdout  # noqa: S101 - both are pipes
        for tree in trees:
            write(process.stdin, tree)
        write(process.stdin, None)
        is_there = select.select([process.stdout], [], [], _PATIENCE * limits.follow_seconds)[0]
        if is_there and (answer := read(process.stdout)):
            return msgspec.msgpack.decode(answer, type=Followed)
    except (OSError, msgspec.MsgspecError):
        pass
    finally:
        if process is not None:
            process.kill()
            with suppress(OSError):  # What could not be written to it is of no interest any more.
                process.communicate()
    return None


class BusyError(Exception):
    """As many scripts as may be are being printed: try again when one of them is done."""


def printed(source: bytes, limits: Limits) -> bytes | None:
    """Have a minified script written as people write them; None where it is none, or takes too much.

    Somebody waits for the page that shows it: so it has no more time than that, also on a machine that is busy, and
    does not wait for others: raises BusyError.
    """
    if len(source) > limits.parsed_size:
        return None
    if not PRINTING.acquire(blocking=False):
        raise BusyError
    try:
        return _print(source, limits)
    finally:
        PRINTING.release()


def _print(source: bytes, limits: Limits) -> bytes | None:
    process = _start("releases.scan.printing", limits)
    message = LENGTH.pack(len(source)) + source
    try:
        answer, _errors = process.communicate(message, timeout=2 * limits.file_seconds)
    except (OSError, subprocess.TimeoutExpired):
        return None
    finally:
        process.kill()
        process.wait()
    return answer or None


def _start(module: str, limits: Limits) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: S603 - a module of ours
        [sys.executable, "-m", module],
        cwd=_ROOT,
        # Without a locale: some systems map all of them, beyond the memory that a process may take.
        env={name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_ALL": "C"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin  # noqa: S101 - it is a pipe
    write(process.stdin, limits)
    return process

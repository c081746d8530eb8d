"""`python -m releases.scan.parsing`: reads files that come by standard input, one after the other, until it ends.

A process of its own, because a parser written in C takes what memory a hostile file makes it take, and may crash on
one that is nested deep enough. It has limits that the system enforces, where it can, and nothing of the console in its
environment.
"""

from __future__ import annotations

import gc
import math
import resource
import struct
import sys
import time
from contextlib import suppress
from typing import IO, Literal

import msgspec

from .facts import Bound, Finds, Followed
from .limits import Limits
from .markup import read_markup
from .scripts import read_script

LENGTH = struct.Struct(">I")
DEEPEST = 20_000  # frames; Python's own, which take no stack of the system's
Kind = Literal["script", "typed", "markup"]


class Request(msgspec.Struct):
    """A file to read."""

    kind: Kind
    source: bytes


class Tree(msgspec.Struct):
    """A script that was read, to be followed; or of a template, without a root, what its page's data choose."""

    path: str
    root: bytes = b""
    framework: str = ""
    bound: list[Bound] = []


def write(stream: IO[bytes], message: Request | Finds | Limits | Tree | Followed | None) -> None:
    """Send a message with its length before it; None is an empty one."""
    body = b"" if message is None else msgspec.msgpack.encode(message)
    stream.write(LENGTH.pack(len(body)))
    stream.write(body)
    stream.flush()


def read(stream: IO[bytes]) -> bytes:
    """Receive a message; b"" when the stream ends before or within it."""
    head = stream.read(LENGTH.size)
    length = LENGTH.unpack(head)[0] if len(head) == LENGTH.size else 0
    body = stream.read(length)
    return body if len(body) == length else b""


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """Take the limits first, then file after file."""
    limits = msgspec.msgpack.decode(read(requests), type=Limits)
    limit(resource.RLIMIT_AS, limits.memory)
    limit(resource.RLIMIT_CORE, 0)
    gc.disable()  # What is made for a file is gone with it; to look for cycles takes longer than all the rest.
    sys.setrecursionlimit(DEEPEST)
    while message := read(requests):
        request = msgspec.msgpack.decode(message, type=Request)
        began = time.process_time()
        # The reader looks at the clock by itself; where it can't, the system ends the process.
        limit(resource.RLIMIT_CPU, math.ceil(began + limits.file_seconds + 0.2))
        if request.kind == "markup":
            finds = read_markup(request.source, limits)
        else:
            finds = read_script(request.source, limits, typed=request.kind == "typed")
        finds.seconds = time.process_time() - began
        write(answers, finds)


def limit(kind: int, most: int) -> None:
    """Have the system enforce a limit, where it does: macOS refuses to limit the address space.

    Without it the window keeps a tree small, and the other end ends what does not answer.
    """
    hard = resource.getrlimit(kind)[1]
    with suppress(ValueError, OSError):
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)

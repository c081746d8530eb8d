"""One console per folder: the process with the lock runs, and a second copy can name it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from console.local.process import LocalServiceError


@contextlib.contextmanager
def only_copy(folder: Path, address: str) -> Iterator[None]:
    """Hold the folder's lock, or fail with one sentence. The kernel lets go of it even when we are killed."""
    descriptor = os.open(folder / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid, _, where = file.read().strip().partition(" ")
            raise LocalServiceError(
                f"The console already runs in this folder: process {pid or 'unknown'}, {where or 'just starting'}."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()} {address}\n")
        file.flush()
        yield
        file.truncate(0)

"""The files in which processes keep their numbers beside each other, on a disk that may be full.

The library maps files without blocks: on a full disk the first write to one would end the process (SIGBUS), which
answers devices from memory and needs no disk. So each file gets its blocks before it is mapped. Where there are none,
the process counts in memory from then on, and nobody else reads its numbers.
"""

from __future__ import annotations

import logging
import mmap
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import mmap_dict, values

FIRST_SIZE = 1 << 16  # bytes, as the library has it

logger = logging.getLogger(__name__)


class NumbersFile(mmap_dict.MmapedDict):
    """A file of numbers that has its blocks, or is in memory alone."""

    _m: Any
    _f: Any
    _capacity: int
    _used: int

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        if not read_mode:
            path = Path(filename)
            try:
                with path.open("ab") as file:
                    _allocate(file.fileno(), FIRST_SIZE)
            except OSError as error:
                _tell(filename, error)
                with suppress(OSError):
                    if not path.stat().st_size:
                        path.unlink()  # Nobody can read an empty one.
                super().__init__(os.memfd_create("metrics"), read_mode)  # `open` takes a number, too
                return
        super().__init__(filename, read_mode)

    def _init_value(self, key: str) -> None:
        most = len(key.encode()) + 32  # what the library adds: a length, padding, two numbers
        if self._used + most > self._capacity:
            try:
                _allocate(self._f.fileno(), 2 * self._capacity)
            except OSError as error:
                _tell(self._fname, error)
                self._move_to_memory()
        super()._init_value(key)

    def _move_to_memory(self) -> None:
        file = os.fdopen(os.memfd_create("metrics"), "a+b")
        file.truncate(self._capacity)
        copy = mmap.mmap(file.fileno(), self._capacity)
        copy[:] = self._m[:]
        self.close()
        self._f, self._m = file, copy


def use() -> None:
    """Have the library keep numbers so; before the first of them is made."""
    values.MmapedDict = NumbersFile  # type: ignore[misc]


def _allocate(number: int, size: int) -> None:
    """Give a file `size` bytes with blocks of their own; raises OSError where the disk has none."""
    if hasattr(os, "posix_fallocate"):  # not on macOS, where a developer's disk isn't full
        os.posix_fallocate(number, 0, size)


def _tell(name: str, error: OSError) -> None:
    logger.error("metrics of this process are no longer kept in %s and can't be read: %s", name, error)

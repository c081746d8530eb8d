"""Object lists as sorted 64-bit keyed hashes: small, and quick to ask whatever their length.

A value that is not on a list is taken for one that is with a chance of length / 2^64: 5 in 10^14 for a million.
The key keeps anyone from searching for such a value.

Processes of one machine share a file of each list, mapped into memory and never changed: a list does not change once
it is written, an added list is another one. The file begins with a digest under the list's key, so one that is cut
off, damaged or another list's is found out and written anew.
"""

from __future__ import annotations

import mmap
import os
import tempfile
import time
from array import array
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import cast
from weakref import WeakValueDictionary

from django.conf import settings

WIDTH = 8  # bytes of a hash
HEADER = 16  # bytes of the digest at the beginning of a file
SUFFIX, UNFINISHED = ".hashes", ".part"
ABANDONED_AFTER = 3600.0  # seconds; nobody writes one file for so long


def hash_of(value: str, key: bytes) -> int:
    """Return the value's 64-bit hash under the list's key; never 0, which marks a free place in a table."""
    return int.from_bytes(blake2b(value.encode(), digest_size=WIDTH, key=key).digest(), "little") or 1


class HashedList:
    """Returns whether a value is on the list: a binary search in `hashes`, ascending and without duplicates."""

    __slots__ = ("__weakref__", "_start", "hashes", "key", "pk")

    def __init__(self, key: bytes, hashes: Sequence[int], pk: int = 0) -> None:
        self.pk = pk
        self.key = key
        self.hashes = hashes
        self._start = blake2b(digest_size=WIDTH, key=key).copy

    def __contains__(self, value: object) -> bool:
        # As hash_of does; a copy of what the key was put into costs half of that.
        state = self._start()
        state.update(str(value).encode())
        wanted = int.from_bytes(state.digest(), "little") or 1
        at = bisect_left(self.hashes, wanted)
        return at < len(self.hashes) and self.hashes[at] == wanted

    def __len__(self) -> int:
        return len(self.hashes)


class HashTable:
    """Takes in values and returns which are new: a table with open addressing, of 16 bytes for each value at most.

    The place of a hash is its first bits, so the table is in order but for neighbours that made way; at half load,
    and with hashes that nobody can foresee, they are never more than some dozen places apart.
    """

    SPARE = 4096  # places behind the last, for what makes way there
    WINDOW = 65536  # places that are sorted at a time

    def __init__(self, key: bytes, most: int) -> None:
        """`most` values may come in."""
        bits = max(2 * most, 256).bit_length()
        self._start = blake2b(digest_size=WIDTH, key=key).copy
        self._shift = 64 - bits
        self._places = array("Q", bytes(WIDTH * ((1 << bits) + self.SPARE)))

    def new(self, values: Iterable[str]) -> list[str]:
        """Take in the values and return those that were not there, each once, in their order."""
        places, shift, start, number = self._places, self._shift, self._start, int.from_bytes
        found = []
        for value in values:
            state = start()
            state.update(value.encode())
            hashed = number(state.digest(), "little") or 1
            place = hashed >> shift
            while other := places[place]:
                if other == hashed:
                    break
                place += 1
            else:
                places[place] = hashed
                found.append(value)
        return found

    def ascending(self) -> Iterator[array[int]]:
        """Yield all hashes in order, a window at a time; each ends where a place is free."""
        places, begin = self._places, 0
        while begin < len(places):
            end = min(begin + self.WINDOW, len(places))
            while end < len(places) and places[end]:
                end += 1
            yield array("Q", sorted(filter(None, places[begin:end])))
            begin = end


_mapped: WeakValueDictionary[Path, HashedList] = WeakValueDictionary()


def cached(list_id: int, key: bytes, read: Callable[[], bytes]) -> HashedList:
    """Return a list by its id and key; `read` gives its hashes (8 bytes each, little-endian, ascending) if need be.

    Lists that this process holds already are the same object. Without a folder to write to the hashes stay in memory.
    """
    found = held_file(list_id, key)
    if found is not None:
        return found
    content = read()
    _write(_path(list_id), key, content)
    found = held_file(list_id, key)
    if found is None:
        found = _mapped[_path(list_id)] = HashedList(key, numbers(content), list_id)
    return found


def held_file(list_id: int, key: bytes) -> HashedList | None:
    """Return a list that this process holds or this machine has a file of; None when neither does."""
    path = _path(list_id)
    held = _mapped.get(path)
    if held is not None and held.key == key:
        return held
    hashes = _map(path, key)
    if hashes is None:
        return None
    found = _mapped[path] = HashedList(key, hashes, list_id)
    return found


def _path(list_id: int) -> Path:
    return Path(settings.OBJECT_LIST_CACHE) / f"{list_id}{SUFFIX}"


def tidy(kept: Collection[int]) -> None:
    """Unlink the files of lists that are not in `kept` (ids), and what a crash left; who has one mapped keeps it."""
    with suppress(OSError):
        for path in Path(settings.OBJECT_LIST_CACHE).iterdir():
            name = path.stem
            gone = path.suffix == SUFFIX and not (name.isdecimal() and int(name) in kept)
            if gone or (path.suffix == UNFINISHED and time.time() - path.stat().st_mtime > ABANDONED_AFTER):
                path.unlink(missing_ok=True)


def _digest(key: bytes, content: bytes | memoryview) -> bytes:
    return blake2b(content, digest_size=HEADER, key=key).digest()


def numbers(content: bytes | memoryview) -> Sequence[int]:
    """Return hashes as they are kept, 8 bytes each, as numbers, without a copy."""
    # An empty view can't be cast.
    return cast("Sequence[int]", memoryview(content).cast("Q")) if len(content) else ()


def _map(path: Path, key: bytes) -> Sequence[int] | None:
    """Return the hashes of a file as they lie in memory; None when it is not there or not what it should be."""
    try:
        with path.open("rb") as file:
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):  # ValueError: the file is empty
        return None
    if len(view) < HEADER or len(view) % WIDTH or view[:HEADER] != _digest(key, view[HEADER:]):
        return None
    return numbers(view[HEADER:])


def _write(path: Path, key: bytes, content: bytes) -> None:
    """Write the file under another name and move it into place; what can't be written is left out."""
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=UNFINISHED)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_digest(key, content))
                file.write(content)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink()
            raise

"""Object lists as sorted 64-bit keyed hashes: small, and quick to ask whatever their length.

A value that is not on a list is taken for one that is with a chance of length / 2^64: 5 in 10^14 for a million.
The key keeps anyone from searching for such a value.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from hashlib import blake2b


def hash_of(value: str, key: bytes) -> int:
    """Return the value's 64-bit hash under the list's key."""
    return int.from_bytes(blake2b(value.encode(), digest_size=8, key=key).digest(), "little")


class HashedList:
    """Tells whether a value is on the list: a binary search in `hashes`, ascending and without duplicates."""

    __slots__ = ("hashes", "key")

    def __init__(self, key: bytes, hashes: Sequence[int]) -> None:
        self.key = key
        self.hashes = hashes

    def __contains__(self, value: object) -> bool:
        wanted = hash_of(str(value), self.key)
        at = bisect_left(self.hashes, wanted)
        return at < len(self.hashes) and self.hashes[at] == wanted

    def __len__(self) -> int:
        return len(self.hashes)

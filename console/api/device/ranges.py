"""The Range header (RFC 9110, section 14)."""

from __future__ import annotations

import re

_SINGLE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies outside the file."""


def requested(header: str, size: int) -> range | None:
    """Return the bytes asked for of a file of `size` bytes; None for all of them.

    A header that is malformed, of another unit or of several ranges asks for everything, as the RFC allows.
    Raises Unsatisfiable when not one byte of the range exists.
    """
    match = _SINGLE.fullmatch(header)
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        if last and int(last) < int(first):
            return None
        start, stop = int(first), min(int(last) + 1, size) if last else size
    if start >= stop:
        raise Unsatisfiable
    return range(start, stop)

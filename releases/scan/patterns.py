"""Searching source text by regular expressions: for files that no parser takes. Comments and strings count, too."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right

from .addresses import ADDRESS, origin_at, origin_of
from .facts import Finds
from .limits import Limits

# Between the parts of an expression there may be blanks and comments.
GAP = rb"(?:\s|/\*[^*]*\*/|//[^\n]*\n)*"
NAME = rb"[A-Za-z_$][A-Za-z0-9_$]*"
MEMBER = re.compile(
    GAP
    + rb"(?:\??\."
    + GAP
    + rb"("
    + NAME
    + rb")|(?:\?\.)?\["
    + GAP
    + rb"(?:([\"'`])("
    + NAME
    + rb")\2"
    + GAP
    + rb"\])?)"
)
GLOBAL = re.compile(rb"(?<![\w$])wx(?![\w$])")
# A comment of a style sheet, closed or not; strings and addresses first, in which none begins or ends. What is never
# closed is read to its end once, not anew at each further beginning.
_COMMENT = re.compile(
    rb"\"(?:[^\"\\\n]|\\[\s\S])*+\"?|'(?:[^'\\\n]|\\[\s\S])*+'?|url\(\s*+[^\"'()\s][^()\n]*+\)?"
    rb"|/\*(?:[^*]++|\*(?!/))*+(\*/|\Z)"
)
_RELATIVE = re.compile(rb"(?:url\(\s*[\"']?|@import\s+[\"'])//([A-Za-z0-9.:-]{3,260})")
_NEW_LINE = re.compile(rb"\n")


class Lines:
    """From places in bytes to lines, which count from `first`."""

    def __init__(self, source: bytes, first: int = 1) -> None:
        self._ends = array("I", (found.start() for found in _NEW_LINE.finditer(source)))
        self._first = first

    @property
    def last(self) -> int:
        """The line on which the source ends."""
        return self._first + len(self._ends)

    def at(self, position: int) -> int:
        """The line of a place."""
        return self._first + bisect_right(self._ends, position - 1)


def member_at(source: bytes, end: int, limits: Limits) -> str | None:
    """Return the name of what is taken of the object that ends at `end`; "" for a computed one, None for nothing."""
    found = MEMBER.match(source, end, end + 4 * limits.name_length)
    if found is None:
        return None
    name = found[1] or found[3] or b""
    return name.decode() if len(name) <= limits.name_length else None


def search(source: bytes, limits: Limits) -> Finds:
    """Return what looks like an API or an address."""
    finds, lines = Finds(), Lines(source)
    for found in GLOBAL.finditer(source):
        name = member_at(source, found.end(), limits)
        if name is not None:
            finds.add(f"wx.{name}" if name else "", lines.at(found.start()), limits)
    search_addresses(source, finds, limits)
    return finds


def search_addresses(source: bytes, finds: Finds, limits: Limits) -> None:
    """Add the addresses that the text holds, up to as many as are looked at in one file."""
    lines = Lines(source)
    for number, found in enumerate(ADDRESS.finditer(source)):
        if number >= limits.candidates:  # Names beyond ASCII take longest, and a file can be full of them.
            finds.left_out += 1
        elif origin := origin_at(source, found):
            finds.add_origin(origin, "", lines.at(found.start()), limits)


def find_in_sheet(source: bytes, limits: Limits) -> Finds:
    """Return the addresses of a style sheet; those in `url(//…)` and `@import "//…"` have no scheme of their own."""
    finds, lines = Finds(), Lines(source)
    sheet = _COMMENT.sub(lambda found: b" " * len(found[0]) if found[1] else found[0], source)
    search_addresses(sheet, finds, limits)
    for found in _RELATIVE.finditer(sheet):
        if origin := origin_of("https", found[1].decode()):
            finds.add_origin(origin, "", lines.at(found.start()), limits)
    return finds

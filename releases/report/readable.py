"""Minified text as people write it, so that it can be read and compared line by line (V-16)."""

from __future__ import annotations

import json
import re

from console.base.core.diff import MAX_BYTES
from releases.scan import Limits
from releases.scan.parsers import printed

LONG = 500  # characters of a line that nobody has written by hand
WIDTH = 200  # of the lines that such a line is cut into, where nothing better is known
_SCRIPTS = ("js", "wxs")
_BREAKS = {"wxss": re.compile(rb"(?<=[;{}])(?=[^\n])"), "wxml": re.compile(rb"(?<=>)(?=<)")}


def is_minified(text: bytes) -> bool:
    """Whether a text has a line that is longer than people write."""
    return any(len(line) > LONG for line in text.split(b"\n"))


def readable(text: bytes, suffix: str) -> bytes:
    """Return a minified text with more lines; nothing but white space differs, and line breaks inside of long ones.

    Raises BusyError while as many scripts as may be are being printed.
    """
    return b"\n".join(piece for line in _with_lines(text, suffix).split(b"\n") for piece in _cut(line))


def _with_lines(text: bytes, suffix: str) -> bytes:
    lines: bytes | None = None
    if suffix in _SCRIPTS:
        lines = printed(text, Limits())
    elif suffix == "json":
        lines = _json_with_lines(text)
    elif suffix in _BREAKS:
        lines = _BREAKS[suffix].sub(b"\n", text)
    return lines if lines and len(lines) <= MAX_BYTES else text


def _json_with_lines(text: bytes) -> bytes | None:
    """Return JSON indented; None for what is none, is nested too deep, or gets too long to be compared."""
    pieces: list[str] = []
    left = MAX_BYTES  # Indentation makes gigabytes of what is nested deep.
    try:
        for piece in json.JSONEncoder(ensure_ascii=False, indent=2).iterencode(json.loads(text)):
            pieces.append(piece)
            left -= len(piece)
            if left < 0:
                return None
    except (ValueError, RecursionError):
        return None
    return "".join(pieces).encode(errors="replace")


def _cut(line: bytes) -> list[bytes]:
    if len(line) <= LONG:
        return [line]
    text = line.decode(errors="replace")
    return [text[begin : begin + WIDTH].encode() for begin in range(0, len(text), WIDTH)]

"""Minified text as people write it, so that it can be read and compared line by line (V-16)."""

from __future__ import annotations

import json
import re

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
    """Return a minified text with more lines; nothing but white space differs, and line breaks inside of long ones."""
    return b"\n".join(piece for line in _with_lines(text, suffix).split(b"\n") for piece in _cut(line))


def _with_lines(text: bytes, suffix: str) -> bytes:
    if suffix in _SCRIPTS:
        return printed(text, Limits()) or text
    if suffix == "json":
        try:
            return json.dumps(json.loads(text), ensure_ascii=False, indent=2).encode(errors="replace")
        except (ValueError, RecursionError):
            return text
    return _BREAKS[suffix].sub(b"\n", text) if suffix in _BREAKS else text


def _cut(line: bytes) -> list[bytes]:
    if len(line) <= LONG:
        return [line]
    text = line.decode(errors="replace")
    return [text[begin : begin + WIDTH].encode() for begin in range(0, len(text), WIDTH)]

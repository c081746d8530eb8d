"""Reading values from text, one per line: which encoding it is in, its lines, and what is wrong with a line (G-3).

Nothing here holds more than a piece of the text at a time.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.core.errors import ActionRefused
from grayscale.states import ObjectKind
from releases.field.states import GUID_PREFIXES

CHUNK = 256 * 1024  # bytes; its lines are handled and stored together
LONGEST = 128  # characters of a value
CUT_AT = 1024  # characters of a line that are looked at; what is longer is no value whatever it is
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
MARK = "\ufeff"  # a byte order mark, which files that were joined have inside, too
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
GUID_LENGTH = 32
GUID_STARTS = tuple(GUID_PREFIXES.values())
GUIDS = re.compile(r"(?:030[23][0-9]{28}\n)*+")  # possessive: it never tries again with fewer


class Fault(models.TextChoices):
    """What can be wrong with a line."""

    GUID = "guid", gettext_lazy("not a GUID (32 digits beginning with 0302 or 0303)")
    LONG = "long", gettext_lazy("longer than 128 characters")
    CONTROL = "control", gettext_lazy("with a control character")


def fault_of(kind: str) -> Callable[[str], Fault | None]:
    """Return what tells the fault of a value without blanks around it: the same as the device API takes."""
    return guid_fault if kind == ObjectKind.GUID else text_fault


def faultless(kind: str, values: list[str]) -> bool:
    """Return whether all values are without fault, quicker than one by one."""
    if kind == ObjectKind.GUID:
        return GUIDS.fullmatch("\n".join([*values, ""])) is not None
    return not any(map(text_fault, values))


def shortest(kind: str) -> int:
    """Return the bytes that a value of the kind takes at least, its line's end included."""
    return GUID_LENGTH + 1 if kind == ObjectKind.GUID else 2


def guid_fault(value: str) -> Fault | None:
    """Return whether it is a GUID: 32 digits beginning with 0302 or 0303."""
    if len(value) == GUID_LENGTH and value.isascii() and value.isdigit() and value.startswith(GUID_STARTS):
        return None
    return Fault.GUID


def text_fault(value: str) -> Fault | None:
    """Return whether it is a device id or an account: up to 128 characters, none of them a control character."""
    if len(value) > LONGEST:
        return Fault.LONG
    # What is printable has no control characters; the search takes longer.
    return None if value.isprintable() or not CONTROL.search(value) else Fault.CONTROL


def encoding_of(file: BinaryIO) -> str:
    """Return the encoding that the whole file is in, and go back to its beginning.

    A byte order mark decides; else it is UTF-8 if it can be, else GB18030. Raises ActionRefused in words.
    """
    start = file.read(3)
    marked = next((name for mark, name in MARKS.items() if start.startswith(mark)), None)
    found = next((name for name in ([marked] if marked else ["utf-8", "gb18030"]) if _reads_as(name, file)), None)
    file.seek(0)
    if found is None:
        raise ActionRefused(
            _("The text is neither UTF-8, UTF-16 nor GB18030. Save the file as UTF-8 and choose it again.")
        )
    return found


def _reads_as(encoding: str, file: BinaryIO) -> bool:
    """Return whether all of the file can be decoded. Raises ActionRefused for a NUL, which no text has."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while chunk := file.read(CHUNK):
            if "\0" in decoder.decode(chunk):
                raise ActionRefused(
                    _("This is not a text file: it contains NUL characters. Save it as plain text in UTF-8.")
                )
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def lines_of(file: BinaryIO, encoding: str) -> Iterator[list[str]]:
    """Yield the lines, as many as a piece of the file has, without blanks and byte order marks around them.

    LF, CRLF and CR end a line. Of a line longer than CUT_AT the beginning and one more character are kept: it stays too
    long for a value.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    rest = ""
    while chunk := file.read(CHUNK):
        *lines, rest = (rest + decoder.decode(chunk)).split("\n")
        rest = _cut(rest)
        yield _stripped(lines)
    *lines, rest = (rest + decoder.decode(b"", final=True)).split("\n")
    yield _stripped([*lines, rest] if rest else lines)


def _stripped(lines: list[str]) -> list[str]:
    bare = [line.strip() for line in lines]
    return [line.strip(MARK).strip() for line in bare] if any(MARK in line for line in bare) else bare


def _stripped_start(line: str) -> str:
    return line.lstrip().lstrip(MARK).lstrip()


def _cut(line: str) -> str:
    """Shorten what is held of an unfinished line; blanks at its beginning do not count."""
    if len(line) <= CUT_AT:
        return line
    # At least a blank, so that a line of blanks is still seen to be a line.
    line = _stripped_start(line) or " "
    return line[:CUT_AT] + _stripped_start(line[CUT_AT:])[:1]

"""Inflating one entry, bounded by what its header declares (rules V-2 to V-4)."""

import time
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from .directory import DATA_DESCRIPTOR_FLAG, DEFLATED, Entry, entry_error
from .findings import Findings
from .limits import KB, Limits
from .local_headers import DESCRIPTOR_SIGNATURE

CHUNK = 128 * KB


class OutOfTimeError(Exception):
    """The inspection has used the processor time that one upload may take."""


class Clock:
    """Processor time of this thread since the clock was made; `check` raises `OutOfTimeError` beyond the
    limit.
    """

    def __init__(self, limits: Limits) -> None:
        self._end = time.thread_time() + limits.cpu_seconds if limits.cpu_seconds else None

    def check(self) -> None:
        if self._end is not None and time.thread_time() > self._end:
            raise OutOfTimeError


class ContentError(Exception):
    """The data of an entry is not what its header says; the finding has been added."""


def read_content(file: BinaryIO, entry: Entry, clock: Clock, findings: Findings) -> Iterator[bytes]:
    """The content of `entry` in chunks of at most 128 KB; never more than its declared size.

    Raises `ContentError` as soon as data, size or CRC turn out to be untrue, so nothing is to be believed
    before the end.
    """
    chunks = _inflated(file, entry, findings) if entry.method == DEFLATED else _stored(file, entry)
    crc = 0
    ambiguous = entry.method != DEFLATED and bool(entry.flags & DATA_DESCRIPTOR_FLAG)
    before = b""
    for chunk in chunks:
        clock.check()
        crc = zlib.crc32(chunk, crc)
        if ambiguous and DESCRIPTOR_SIGNATURE in before[-3:] + chunk:
            # A reader that streams can't know the size; it would take this for the end of the entry.
            raise _wrong(
                "descriptor-in-data",
                _("The end of an entry can’t be determined from its content."),
                entry,
                findings,
            )
        before = chunk
        yield chunk
    if crc != entry.crc:
        raise _wrong("crc", _("The content of a file doesn’t match its checksum."), entry, findings)


def _stored(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    for position in range(0, entry.size, CHUNK):
        file.seek(entry.data_offset + position)
        yield file.read(min(CHUNK, entry.size - position))


def _inflated(file: BinaryIO, entry: Entry, findings: Findings) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    position, end = entry.data_offset, entry.data_offset + entry.compressed_size
    produced = 0
    data = b""
    while not inflater.eof:
        if not data and position < end:
            file.seek(position)
            data = file.read(min(CHUNK, end - position))
            position += len(data)
        exhausted = not data
        try:
            chunk = inflater.decompress(data, min(CHUNK, entry.size - produced + 1))
        except zlib.error:
            raise _broken("deflate-broken", entry, findings) from None
        data = inflater.unconsumed_tail
        produced += len(chunk)
        if produced > entry.size:
            raise _wrong("size", _("A file is larger than the archive declares."), entry, findings)
        if exhausted and not chunk and not inflater.eof:
            raise _broken("deflate-cut-off", entry, findings)
        yield chunk
    if inflater.unused_data or position < end:
        raise _wrong(
            "deflate-trailing",
            _("The compressed content of a file is followed by other bytes."),
            entry,
            findings,
        )
    if produced != entry.size:
        raise _wrong("size", _("A file is smaller than the archive declares."), entry, findings)


def _broken(code: str, entry: Entry, findings: Findings) -> ContentError:
    return _wrong(code, _("The compressed content of a file is broken."), entry, findings)


def _wrong(code: str, title: str, entry: Entry, findings: Findings) -> ContentError:
    entry_error(entry, code, title, findings, rule=_("File integrity"))
    return ContentError(code)

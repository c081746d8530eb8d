"""Local headers, data descriptors and the layout of the archive (rule V-4).

Every byte before the central directory belongs to exactly one entry. The space between the data of an entry
and the next header therefore tells the form of its data descriptor, without any guess.
"""

import struct
from typing import BinaryIO

from django.utils.translation import gettext as _

from . import extra_fields
from .directory import DATA_DESCRIPTOR_FLAG, ZIP64_VERSION, Entry, check_extra_fields, check_version, entry_error
from .end_record import LOCAL_SIGNATURE, EndRecord, prefix
from .findings import Findings

LOCAL = struct.Struct("<4s5H3L2H")
DESCRIPTOR_SIGNATURE = b"PK\x07\x08"
_UNSET32 = 0xFFFFFFFF
_SHORT_DESCRIPTORS = (12, 16)
_LONG_DESCRIPTORS = (20, 24)
# length → (skipped signature, format)
_DESCRIPTORS = {12: (0, "<3L"), 16: (4, "<3L"), 20: (0, "<L2Q"), 24: (4, "<L2Q")}


def read_local_headers(file: BinaryIO, entries: list[Entry], end: EndRecord, findings: Findings) -> None:
    """Compare each local header with its central one and prove that the entries fill the archive without gap
    or overlap.
    """
    ordered = sorted(entries, key=lambda entry: entry.offset)
    first = ordered[0].offset if ordered else end.offset
    if first:
        file.seek(0)
        if file.read(4) == LOCAL_SIGNATURE and ordered:
            title = _("The archive has an entry that is missing from its file list.")
            raise findings.refuse("hidden-entry", title, hint=_("Pack the project again."), rule=_("Archive format"))
        raise prefix(findings, first)
    ends = [entry.offset for entry in ordered[1:]] + [end.offset]
    for entry, following in zip(ordered, ends, strict=False):  # an empty archive has an end and no entry
        lengths = _read_local_header(file, entry, end, findings)
        if entry.data_offset >= 0:
            _check_space(file, entry, following, lengths, findings)


def _read_local_header(file: BinaryIO, entry: Entry, end: EndRecord, findings: Findings) -> tuple[int, ...]:
    """Read one header; returns the lengths that its data descriptor may have."""
    header = b""
    if entry.offset + LOCAL.size <= end.offset:
        file.seek(entry.offset)
        header = file.read(LOCAL.size)
    if header[:4] != LOCAL_SIGNATURE:
        entry_error(
            entry,
            "local-header",
            _("An entry is not at the position given in the archive’s file list."),
            findings,
        )
        return ()
    fields = LOCAL.unpack(header)
    flags, method, crc, compressed_size, size = fields[2], fields[3], *fields[6:9]
    raw_name = file.read(fields[9])
    extra = file.read(fields[10])
    entry.data_offset = entry.offset + LOCAL.size + fields[9] + fields[10]
    _compare(entry, raw_name, flags, method, findings)
    try:
        extras = extra_fields.parse(extra)
    except extra_fields.ExtraFieldError:
        entry_error(entry, "extra-field", _("An extra field of the archive is broken."), findings)
        return ()
    check_extra_fields(entry, extras, findings)
    check_version(entry, fields[1], findings)
    _compare_sizes(entry, (crc, size, compressed_size), extras.get(extra_fields.ZIP64), findings)
    if extra_fields.ZIP64 in extras:
        return _LONG_DESCRIPTORS
    # yazl and libarchive write long descriptors and say so only in the central header or the version needed.
    return _SHORT_DESCRIPTORS + (_LONG_DESCRIPTORS if entry.zip64 or fields[1] & 0xFF >= ZIP64_VERSION else ())


def _compare(entry: Entry, raw_name: bytes, flags: int, method: int, findings: Findings) -> None:
    """Name, flags and method. Packers that stream may clear the descriptor flag in the central header, never
    set it.
    """
    if raw_name != entry.raw_name:
        entry_error(entry, "names-differ", _("An entry has two different names in the archive."), findings)
    if flags & ~DATA_DESCRIPTOR_FLAG != entry.flags & ~DATA_DESCRIPTOR_FLAG or entry.flags & ~flags:
        entry_error(entry, "flags-differ", _("The two headers of an entry have different flags."), findings)
    if method != entry.method:
        entry_error(
            entry, "methods-differ", _("The two headers of an entry have different compression methods."), findings
        )
    entry.flags = flags


def _compare_sizes(entry: Entry, declared: tuple[int, int, int], zip64: bytes | None, findings: Findings) -> None:
    """CRC, size and packed size of the local header; with a data descriptor they may also be zero."""
    crc, *sizes = declared
    streamed = bool(entry.flags & DATA_DESCRIPTOR_FLAG)
    if zip64:
        unset = [position for position in (0, 1) if sizes[position] == _UNSET32]
        if streamed and not unset and not any(sizes):
            unset = [0, 1]
        values = extra_fields.zip64_values(zip64, len(unset))
        if values is None:
            title = _("The 64-bit sizes of an entry don’t match its header.")
            entry_error(entry, "zip64-field", title, findings)
            return
        for position, value in zip(unset, values, strict=True):
            sizes[position] = value
    true = (entry.crc, entry.size, entry.compressed_size)
    pairs = zip((crc, *sizes), true, strict=True)
    if any(value != expected and not (streamed and value == 0) for value, expected in pairs):
        entry_error(
            entry,
            "sizes-differ",
            _("The two headers of an entry have different sizes or checksums."),
            findings,
        )


def _check_space(file: BinaryIO, entry: Entry, following: int, lengths: tuple[int, ...], findings: Findings) -> None:
    """What lies between the data of an entry and the next header: its data descriptor, or nothing."""
    data_end = entry.data_offset + entry.compressed_size
    space = following - data_end
    if space < 0:
        title = _("Two entries of the archive share the same bytes.")
        entry_error(entry, "overlap", title, findings)
        return
    if not entry.flags & DATA_DESCRIPTOR_FLAG:
        if space:
            _report_gap(file, entry, data_end, findings)
        return
    if space not in lengths:
        _report_descriptor(entry, findings)
        return
    skipped, form = _DESCRIPTORS[space]
    file.seek(data_end)
    raw = file.read(space)
    values = struct.unpack_from(form, raw, skipped)
    expected = (entry.crc, entry.compressed_size, entry.size)
    if raw[:skipped] != DESCRIPTOR_SIGNATURE[:skipped] or values != expected:
        _report_descriptor(entry, findings)


def _report_gap(file: BinaryIO, entry: Entry, position: int, findings: Findings) -> None:
    file.seek(position)
    if file.read(4) == LOCAL_SIGNATURE:
        entry_error(
            entry,
            "hidden-entry",
            _("The next entry in the archive is missing from its file list."),
            findings,
        )
    else:
        entry_error(entry, "gap", _("After this entry the archive has bytes that belong to no file."), findings)


def _report_descriptor(entry: Entry, findings: Findings) -> None:
    title = _("The sizes after an entry don’t match the file list.")
    entry_error(entry, "data-descriptor", title, findings)

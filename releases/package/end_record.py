"""The end of central directory record (EOCD), its zip64 form, and the strict search for it (rule V-4)."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .findings import Findings, RefusedError

EOCD = struct.Struct("<4s4H2LH")
EOCD_SIGNATURE = b"PK\x05\x06"
ZIP64_EOCD = struct.Struct("<4sQ2H2L4Q")
ZIP64_EOCD_SIGNATURE = b"PK\x06\x06"
ZIP64_LOCATOR = struct.Struct("<4sLQL")
ZIP64_LOCATOR_SIGNATURE = b"PK\x06\x07"
LOCAL_SIGNATURE = b"PK\x03\x04"
CENTRAL_SIGNATURE = b"PK\x01\x02"
LONGEST_COMMENT = 0xFFFF


@dataclass(frozen=True, slots=True)
class EndRecord:
    """Where the central directory is. `end` is the offset of the first end record (zip64 or plain)."""

    offset: int
    size: int
    count: int
    end: int


def find_end_record(file: BinaryIO, size: int, findings: Findings) -> EndRecord:
    """Read the one end record of an archive of `size` bytes; raises `RefusedError` when it is not beyond
    doubt.
    """
    start = max(0, size - EOCD.size - LONGEST_COMMENT)
    file.seek(start)
    tail = file.read(size - start)
    position = _only_candidate(file, tail, findings)
    record = _directory_of(file, tail, start, position, findings)
    _check_position(file, record, findings)
    # An older reader takes the first signature it meets, from either side; inside file data it can't be
    # avoided.
    if tail.find(EOCD_SIGNATURE, max(0, record.offset - start)) != position:
        raise _second_end_record(findings)
    return record


def _only_candidate(file: BinaryIO, tail: bytes, findings: Findings) -> int:
    """Offset in `tail` of the only record whose comment ends with the file, and after which no other
    signature follows.
    """
    candidates = []
    last = -1
    position = tail.find(EOCD_SIGNATURE)
    while position >= 0:
        last = position
        if position + EOCD.size <= len(tail):
            (comment,) = struct.unpack_from("<H", tail, position + 20)
            if position + EOCD.size + comment == len(tail):
                candidates.append(position)
        position = tail.find(EOCD_SIGNATURE, position + 1)
    if not candidates:
        raise _no_end_record(file, tail, last, findings)
    if len(candidates) > 1 or last != candidates[0]:
        raise _second_end_record(findings)
    return candidates[0]


def _no_end_record(file: BinaryIO, tail: bytes, last: int, findings: Findings) -> RefusedError:
    rule = _("Archive format")
    if 0 <= last <= len(tail) - EOCD.size:
        (comment,) = struct.unpack_from("<H", tail, last + 20)
        extra = len(tail) - last - EOCD.size - comment
        if extra > 0:
            title = ngettext(
                "%(count)d byte follows the end of the archive.",
                "%(count)d bytes follow the end of the archive.",
                extra,
            ) % {"count": extra}
            return findings.refuse(
                "suffix",
                title,
                hint=_("Pack the project again and don’t add anything to the file."),
                rule=rule,
            )
    file.seek(0)
    if file.read(4) == LOCAL_SIGNATURE or last >= 0:
        title, hint = _("The archive is cut off: its end is missing."), _("Pack or transfer the file again.")
        return findings.refuse("cut-off", title, hint=hint, rule=rule)
    title, hint = _("The file is not a zip archive."), _("Choose the file that the IDE packed.")
    return findings.refuse("not-a-zip", title, hint=hint, rule=rule)


def _second_end_record(findings: Findings) -> RefusedError:
    return findings.refuse(
        "second-end-record",
        _("The archive has more than one end record."),
        hint=_("Different programs could read it differently. Pack the project again without an archive comment."),
        rule=_("Archive format"),
    )


def _directory_of(file: BinaryIO, tail: bytes, start: int, position: int, findings: Findings) -> EndRecord:
    fields = EOCD.unpack_from(tail, position)
    disk, directory_disk, count_here, count, size, offset = fields[1:7]
    locator = tail[max(0, position - ZIP64_LOCATOR.size) : position]
    if locator[:4] == ZIP64_LOCATOR_SIGNATURE and len(locator) == ZIP64_LOCATOR.size:
        return _zip64_directory(file, fields, locator, start + position, findings)
    if disk or directory_disk or count_here != count:
        raise _multi_disk(findings)
    if offset == 0xFFFFFFFF or size == 0xFFFFFFFF:
        raise _bad_zip64(findings)
    return EndRecord(offset, size, count, start + position)


def _zip64_directory(
    file: BinaryIO, plain: tuple[int, ...], locator: bytes, position: int, findings: Findings
) -> EndRecord:
    """The zip64 record must sit directly before its locator, be as short as it can be, and repeat what the
    plain one says.
    """
    _signature, locator_disk, zip64_offset, disks = ZIP64_LOCATOR.unpack(locator)
    if locator_disk or disks != 1:
        raise _multi_disk(findings)
    if zip64_offset + ZIP64_EOCD.size + ZIP64_LOCATOR.size != position:
        raise _bad_zip64(findings)
    file.seek(zip64_offset)
    record = ZIP64_EOCD.unpack(file.read(ZIP64_EOCD.size))
    if record[0] != ZIP64_EOCD_SIGNATURE or record[1] != ZIP64_EOCD.size - 12:
        raise _bad_zip64(findings)
    disk, directory_disk, count_here, count, size, offset = record[4:10]
    if disk or directory_disk or count_here != count:
        raise _multi_disk(findings)
    for short, true, unset in zip(plain[1:7], record[4:10], (0xFFFF,) * 4 + (0xFFFFFFFF,) * 2, strict=True):
        if short not in (true, unset):
            raise _bad_zip64(findings)
    return EndRecord(offset, size, count, zip64_offset)


def _multi_disk(findings: Findings) -> RefusedError:
    title, hint = _("The archive is split into several files."), _("Pack the project into one file.")
    return findings.refuse("multi-disk", title, hint=hint, rule=_("Archive format"))


def _bad_zip64(findings: Findings) -> RefusedError:
    title = _("The two end records of the archive don’t match.")
    return findings.refuse("zip64-end-record", title, hint=_("Pack the project again."), rule=_("Archive format"))


def _check_position(file: BinaryIO, record: EndRecord, findings: Findings) -> None:
    """The directory must end exactly where the end record begins."""
    extra = record.end - record.offset - record.size
    if extra == 0:
        return
    if extra > 0:
        file.seek(record.offset + extra)
        if file.read(4) == CENTRAL_SIGNATURE or record.count == 0:
            raise prefix(findings, extra)
    raise findings.refuse(
        "directory-position",
        _("The file list of the archive is not at its declared position."),
        hint=_("Pack the project again."),
        rule=_("Archive format"),
    )


def prefix(findings: Findings, size: int) -> RefusedError:
    """The finding for `size` bytes before the first entry."""
    title = ngettext("%(count)d byte precedes the archive.", "%(count)d bytes precede the archive.", size) % {
        "count": size
    }
    hint = _("Pack the project again and don’t add anything to the file.")
    return findings.refuse("prefix", title, hint=hint, rule=_("Archive format"))

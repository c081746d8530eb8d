"""The central directory of a zip archive, entry by entry (rules V-2 and V-4). Nothing is inflated here."""

import stat
import struct
from dataclasses import dataclass
from typing import BinaryIO

from django.utils.translation import gettext as _

from . import extra_fields
from .end_record import CENTRAL_SIGNATURE, EndRecord
from .findings import Findings, human_size, shown
from .limits import Limits

CENTRAL = struct.Struct("<4s6H3L5H2L")
STORED = 0
ZIP64_VERSION = 45  # "version needed" of an entry with 64-bit sizes
NEWEST_VERSION = 63  # of the format that is published; readers stop at entries that ask for more
DEFLATED = 8
DATA_DESCRIPTOR_FLAG = 1 << 3
UTF8_FLAG = 1 << 11
_ENCRYPTION_FLAGS = 1 << 0 | 1 << 6 | 1 << 13
_KNOWN_FLAGS = 1 << 1 | 1 << 2 | DATA_DESCRIPTOR_FLAG | UTF8_FLAG  # 1 and 2: how hard deflate tried
_ENCRYPTION_FIELDS = {extra_fields.STRONG_ENCRYPTION, extra_fields.AES_ENCRYPTION}
_GBK = "gb18030"  # holds all of it
_UNSET32 = 0xFFFFFFFF
_DOS_DIRECTORY = 1 << 4
_REPARSE_POINT = 1 << 10  # how Windows marks a symbolic link or junction


@dataclass(slots=True)
class Entry:
    """One entry as its central header declares it. Sizes in bytes, `offset` of its local header.

    `name` is the name as text, `decoded` whether it is exact, `in_gbk` whether it was written so. `data_offset` is set
    when the local header has been read. `usable` ends with the first finding about the headers or the content.
    """

    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    offset: int
    data_offset: int = -1
    zip64: bool = False
    decoded: bool = True
    in_gbk: bool = False
    usable: bool = True

    @property
    def is_folder(self) -> bool:
        return self.raw_name.endswith(b"/")


def read_directory(file: BinaryIO, end: EndRecord, limits: Limits, findings: Findings) -> list[Entry]:
    """All entries of the central directory in its order. Raises `RefusedError` when it can't be walked to its
    end.
    """
    if end.count > limits.entries:
        raise too_many_files(end.count, limits, findings)
    if end.size > limits.directory_size:
        title = _("The file list of the archive is too large: %(size)s.") % {"size": human_size(end.size)}
        raise findings.refuse(
            "directory-size", title, hint=_("Use fewer files and shorter names."), rule=_("Package size")
        )
    file.seek(end.offset)
    raw = file.read(end.size)
    places: list[tuple[int, tuple[int, ...]]] = []
    position = 0
    for _index in range(end.count):
        if raw[position : position + 4] != CENTRAL_SIGNATURE or position + CENTRAL.size > len(raw):
            raise _broken(findings)
        lengths = struct.unpack_from("<3H", raw, position + 28)
        after = position + CENTRAL.size + sum(lengths)
        if after > len(raw):
            raise _broken(findings)
        places.append((position, lengths))
        position = after
    if position != len(raw):
        raise _broken(findings)
    in_gbk = any(_must_be_gbk(raw, position, lengths[0]) for position, lengths in places)
    return [_read_entry(raw, position, lengths, in_gbk, findings) for position, lengths in places]


def too_many_files(count: int, limits: Limits, findings: Findings) -> Exception:
    title = _("The archive has %(count)d files. The limit is %(limit)d.") % {
        "count": count,
        "limit": limits.files,
    }
    return findings.refuse(
        "too-many-files",
        title,
        hint=_("Remove files that the mini program does not need."),
        rule=_("Number of files"),
    )


def _broken(findings: Findings) -> Exception:
    title = _("The file list of the archive doesn’t have the declared number of entries.")
    return findings.refuse("directory-broken", title, hint=_("Pack the project again."), rule=_("Archive format"))


def _read_entry(raw: bytes, position: int, lengths: tuple[int, ...], in_gbk: bool, findings: Findings) -> Entry:
    header = CENTRAL.unpack_from(raw, position)
    made_by, needed, flags, method, _time, _date, crc, compressed_size, size = header[1:10]
    disk, _internal, attributes, offset = header[13:17]
    start = position + CENTRAL.size
    raw_name = raw[start : start + lengths[0]]
    extra = raw[start + lengths[0] : start + lengths[0] + lengths[1]]
    entry = Entry(raw_name, "", flags, method, crc, compressed_size, size, offset, zip64=needed & 0xFF >= ZIP64_VERSION)
    _decode_name(entry, in_gbk, findings)
    _read_extra(entry, extra, disk, findings)
    check_version(entry, needed, findings)
    _check_method(entry, findings)
    _check_kind(entry, made_by >> 8, attributes, findings)
    return entry


def _must_be_gbk(raw: bytes, position: int, length: int) -> bool:
    """Whether a name is not UTF-8, does not claim to be, and can be what Chinese Windows packers write."""
    (flags,) = struct.unpack_from("<H", raw, position + 8)
    raw_name = raw[position + CENTRAL.size : position + CENTRAL.size + length]
    return not flags & UTF8_FLAG and not _is(raw_name, "utf-8") and _is(raw_name, _GBK)


def _is(raw_name: bytes, encoding: str) -> bool:
    try:
        raw_name.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _decode_name(entry: Entry, in_gbk: bool, findings: Findings) -> None:
    """With the UTF-8 flag a name is UTF-8; without it too, as macOS packs so, unless the archive has names in GBK.

    A packer writes all names in one encoding, and a short name in GBK may look like UTF-8.
    """
    if in_gbk and not entry.flags & UTF8_FLAG and not entry.raw_name.isascii() and _is(entry.raw_name, _GBK):
        entry.name, entry.in_gbk = entry.raw_name.decode(_GBK), True
        return
    try:
        entry.name = entry.raw_name.decode()
    except UnicodeDecodeError:
        entry.name = entry.raw_name.decode("utf-8", "replace")
        entry.decoded = False
        findings.error(
            "name-encoding",
            _("A file name is not in UTF-8."),
            where=shown(entry.name),
            hint=_("Use plain letters in the file name, or a packing tool that writes UTF-8 names."),
            rule=_("File names"),
        )


def _read_extra(entry: Entry, extra: bytes, disk: int, findings: Findings) -> None:
    """Take the 64-bit sizes where the short fields are unset; refuse fields that would make the entry another
    one.
    """
    try:
        fields = extra_fields.parse(extra)
    except extra_fields.ExtraFieldError:
        entry_error(entry, "extra-field", _("An extra field of the archive is broken."), findings)
        return
    _read_zip64(entry, fields.get(extra_fields.ZIP64), disk, findings)
    entry.zip64 = entry.zip64 or extra_fields.ZIP64 in fields
    check_extra_fields(entry, fields, findings)


def _read_zip64(entry: Entry, data: bytes | None, disk: int, findings: Findings) -> None:
    names = [name for name in ("size", "compressed_size", "offset") if getattr(entry, name) == _UNSET32]
    disk_field = b""
    if disk == 0xFFFF and data is not None and len(data) == 8 * len(names) + 4:
        data, disk_field = data[:-4], data[-4:]
        disk = int.from_bytes(disk_field, "little")
    if disk:
        entry_error(entry, "multi-disk", _("The archive is split into several files."), findings)
    values = extra_fields.zip64_values(data or b"", len(names))
    if values is None:
        entry_error(
            entry,
            "zip64-field",
            _("The 64-bit sizes of an entry don’t match its header."),
            findings,
        )
        return
    for name, value in zip(names, values, strict=True):
        setattr(entry, name, value)


def check_extra_fields(entry: Entry, fields: dict[int, bytes], findings: Findings) -> None:
    """Rules for extra fields that hold for the central and the local header alike."""
    path = fields.get(extra_fields.UNICODE_PATH)
    if path is not None and not extra_fields.unicode_path_agrees(path, entry.raw_name, entry.name):
        entry_error(entry, "unicode-path", _("An entry has a second, different name."), findings)
    if extra_fields.is_link_or_special(fields):
        _special(entry, findings)
    if _ENCRYPTION_FIELDS & fields.keys():
        _encrypted(entry, findings)


def check_version(entry: Entry, needed: int, findings: Findings) -> None:
    """Rule for the version that the central and the local header ask for."""
    if needed & 0xFF > NEWEST_VERSION:
        entry_error(entry, "version", _("An entry requires a newer archive format."), findings)


def _check_method(entry: Entry, findings: Findings) -> None:
    if entry.flags & _ENCRYPTION_FLAGS:
        _encrypted(entry, findings)
    if entry.flags & ~(_KNOWN_FLAGS | _ENCRYPTION_FLAGS):
        entry_error(entry, "flags", _("An entry uses an archive feature that is not supported."), findings)
    if entry.method not in (STORED, DEFLATED):
        title = _("An entry uses a compression method other than deflate.")
        entry_error(entry, "method", title, findings, hint=_("Pack the project as a standard zip file."))
    elif entry.method == STORED and entry.size != entry.compressed_size:
        entry_error(entry, "stored-size", _("An uncompressed entry has two different sizes."), findings)


def _check_kind(entry: Entry, system: int, attributes: int, findings: Findings) -> None:
    """Name, Unix mode and DOS attributes must agree on what the entry is: a regular file or an empty folder."""
    kind = stat.S_IFMT(attributes >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR) or (system != 3 and not kind and attributes & _REPARSE_POINT):
        _special(entry, findings)
        return
    says_folder = kind == stat.S_IFDIR or (not kind and bool(attributes & _DOS_DIRECTORY))
    if (says_folder and not entry.is_folder) or (entry.is_folder and kind == stat.S_IFREG):
        entry_error(
            entry,
            "folder-kind",
            _("An entry is a file by name but a folder by attributes, or the reverse."),
            findings,
        )
    if entry.is_folder and (entry.size or entry.crc):
        entry_error(entry, "folder-content", _("A folder entry contains data."), findings)


def _special(entry: Entry, findings: Findings) -> None:
    title = _("An entry is a symbolic link or a special file.")
    entry_error(
        entry,
        "special-file",
        title,
        findings,
        hint=_("Replace it with the file it points to."),
        rule=_("Regular files"),
    )


def _encrypted(entry: Entry, findings: Findings) -> None:
    entry_error(
        entry,
        "encrypted",
        _("An entry is encrypted."),
        findings,
        hint=_("Pack the project without a password."),
    )


def entry_error(
    entry: Entry,
    code: str,
    title: str,
    findings: Findings,
    *,
    hint: str | None = None,
    rule: str | None = None,
) -> None:
    """Report an error of one entry and mark the entry as not to be read."""
    entry.usable = False
    findings.error(
        code,
        title,
        where=shown(entry.name),
        hint=_("Pack the project again.") if hint is None else hint,
        rule=_("Archive format") if rule is None else rule,
    )

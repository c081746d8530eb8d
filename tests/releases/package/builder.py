"""Builds zip archives field by field, so that a test can lie about any of them."""

import json
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

STORED, DEFLATED = 0, 8
STREAMED = 1 << 3
UTF8 = 1 << 11

_LOCAL = (
    "signature",
    "needed",
    "flags",
    "method",
    "time",
    "date",
    "crc",
    "packed",
    "size",
    "name_length",
    "extra_length",
)
_CENTRAL = (
    "signature", "made_by", "needed", "flags", "method", "time", "date", "crc", "packed", "size", "name_length",
    "extra_length", "comment_length", "disk", "internal", "attributes", "offset",
)  # fmt: skip
_END = ("signature", "disk", "directory_disk", "count_here", "count", "size", "offset", "comment_length")
_ZIP64_END = (
    "signature",
    "length",
    "made_by",
    "needed",
    "disk",
    "directory_disk",
    "count_here",
    "count",
    "size",
    "offset",
)
_LOCATOR = ("signature", "disk", "end_offset", "disks")


@dataclass
class Raw:
    """One entry. `both`, `local` and `central` override header fields; `extra` goes into both headers.

    `data` replaces the packed bytes, `descriptor` the data descriptor (b"" for none), `after` adds bytes
    behind them.
    """

    name: str | bytes
    content: bytes = b""
    method: int = STORED
    data: bytes | None = None
    descriptor: bytes | None = None
    after: bytes = b""
    comment: bytes = b""
    extra: bytes = b""
    local_extra: bytes | None = None
    central_extra: bytes | None = None
    both: Mapping[str, Any] = field(default_factory=dict)
    local: Mapping[str, Any] = field(default_factory=dict)
    central: Mapping[str, Any] = field(default_factory=dict)
    in_directory: bool = True
    in_body: bool = True


def deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(content) + deflater.flush()


def extra(identifier: int, data: bytes) -> bytes:
    return struct.pack("<HH", identifier, len(data)) + data


def descriptor(crc: int, packed: int, size: int, *, signature: bool = True, long: bool = False) -> bytes:
    return (b"PK\x07\x08" if signature else b"") + struct.pack("<LQQ" if long else "<LLL", crc, packed, size)


def archive(
    entries: Iterable[Raw],
    *,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    in_directory: bytes = b"",
    after_directory: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    base: int = 0,
    end: Mapping[str, Any] | None = None,
    zip64: Mapping[str, Any] | None = None,
    locator: Mapping[str, Any] | None = None,
) -> bytes:
    """An archive of `entries`; everything else puts bytes in a wrong place or overrides fields of the end
    records.

    `base` is added to every offset. With `zip64` (even empty) the zip64 end record and its locator are
    written.
    """
    body = bytearray(prefix)
    directory = bytearray()
    count = 0
    for entry in entries:
        offset = len(body) + base
        fields = _fields(entry, offset)
        if entry.in_body:
            body += _local(entry, fields)
        if entry.in_directory:
            directory += _central(entry, fields)
            count += 1
    body += before_directory
    directory += in_directory
    start = len(body) + base
    body += directory + after_directory
    values = {
        "disk": 0,
        "directory_disk": 0,
        "count_here": count,
        "count": count,
        "size": len(directory),
        "offset": start,
    }
    if zip64 is not None:
        record = {"signature": b"PK\x06\x06", "length": 44, "made_by": 45, "needed": 45, **values, **zip64}
        place = {
            "signature": b"PK\x06\x07",
            "disk": 0,
            "end_offset": len(body) + base,
            "disks": 1,
            **(locator or {}),
        }
        body += struct.pack("<4sQ2H2L4Q", *(record[name] for name in _ZIP64_END)) + record.get("tail", b"")
        body += struct.pack("<4sLQL", *(place[name] for name in _LOCATOR))
    record = {"signature": b"PK\x05\x06", **values, "comment_length": len(comment), **(end or {})}
    return bytes(body) + struct.pack("<4s4H2LH", *(record[name] for name in _END)) + comment + suffix


def _fields(entry: Raw, offset: int) -> dict[str, Any]:
    name = entry.name.encode() if isinstance(entry.name, str) else entry.name
    data = entry.data
    if data is None:
        data = deflated(entry.content) if entry.method == DEFLATED else entry.content
    streamed = STREAMED if entry.descriptor is not None else 0
    utf8 = 0 if name.isascii() or isinstance(entry.name, bytes) else UTF8
    return {
        "made_by": 20, "needed": 20, "flags": streamed | utf8, "method": entry.method, "time": 0, "date": 0x21,
        "crc": zlib.crc32(entry.content), "packed": len(data), "size": len(entry.content), "name": name, "data": data,
        "disk": 0, "internal": 0, "attributes": 0, "offset": offset, **entry.both,
    }  # fmt: skip


def _local(entry: Raw, fields: dict[str, Any]) -> bytes:
    values = {"signature": b"PK\x03\x04", **fields}
    if values["flags"] & STREAMED:
        values |= {"crc": 0, "packed": 0, "size": 0}
    values["extra"] = entry.extra if entry.local_extra is None else entry.local_extra
    values |= entry.local
    values |= {"name_length": len(values["name"]), "extra_length": len(values["extra"])} | dict(entry.local)
    header = struct.pack("<4s5H3L2H", *(values[name] for name in _LOCAL))
    packed = (values["data"], entry.descriptor or b"", entry.after)
    return b"".join((header, values["name"], values["extra"], *packed))


def _central(entry: Raw, fields: dict[str, Any]) -> bytes:
    values = {"signature": b"PK\x01\x02", **fields, "comment": entry.comment}
    values["extra"] = entry.extra if entry.central_extra is None else entry.central_extra
    values |= entry.central
    lengths = {"name_length": len(values["name"]), "extra_length": len(values["extra"])}
    values |= lengths | {"comment_length": len(values["comment"])} | dict(entry.central)
    header = struct.pack("<4s6H3L5H2L", *(values[name] for name in _CENTRAL))
    return b"".join((header, values["name"], values["extra"], values["comment"]))


APP = {"pages": ["pages/index/index"]}


def project(changes: Mapping[str, bytes | str | None] | None = None, app: Any = APP) -> dict[str, bytes]:
    """The files of a small honest mini program; `changes` adds, replaces or (None) removes some."""
    files: dict[str, bytes] = {
        "app.js": b"App({})",
        "app.json": app if isinstance(app, bytes) else json.dumps(app).encode(),
        "pages/index/index.js": b"Page({})",
        "pages/index/index.wxml": b"<view>hello</view>",
    }
    for name, content in (changes or {}).items():
        if content is None:
            files.pop(name, None)
        else:
            files[name] = content.encode() if isinstance(content, str) else content
    return files


def entries(files: Mapping[str, bytes] | None = None, method: int = DEFLATED) -> list[Raw]:
    """The files as honest entries."""
    return [Raw(name, content, method) for name, content in (project() if files is None else files).items()]


def package(files: Mapping[str, bytes] | None = None, *more: Raw, **options: Any) -> bytes:
    """An archive of an honest project and `more` entries; options as of `archive`."""
    return archive([*entries(files), *more], **options)

"""Archives whose headers, records or layout are wrong or can be read in two ways (rule V-4)."""

import struct
import zlib
from collections.abc import Callable

from .builder import (
    DEFLATED,
    STORED,
    STREAMED,
    UTF8,
    Raw,
    archive,
    deflated,
    descriptor,
    entries,
    extra,
    package,
)

BODY = b"Page({ data: {} })\n"
CRC = zlib.crc32(BODY)
UNSET16, UNSET32 = 0xFFFF, 0xFFFFFFFF
INNER = archive(entries())
METHODS = {
    "shrink": 1,
    "reduce": 2,
    "implode": 6,
    "deflate64": 9,
    "bzip2": 12,
    "lzma": 14,
    "zstd": 93,
    "xz": 95,
    "unknown": 0xFFFF,
}


def _one(**options: object) -> Callable[[], bytes]:
    """An honest project with one more, lying entry."""
    name = options.pop("name", "utils/extra.js")
    content = options.pop("content", BODY)
    return lambda: package(None, Raw(name, content, **options))  # type: ignore[arg-type]


def _end(**fields: object) -> Callable[[], bytes]:
    return lambda: package(end=fields)


def _zip64(zip64: dict[str, object], locator: dict[str, object] | None = None, **end: object) -> Callable[[], bytes]:
    unset = {"count": UNSET16, "count_here": UNSET16, "size": UNSET32, "offset": UNSET32}
    return lambda: package(zip64=zip64, locator=locator, end={**unset, **end})


def _numbers(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}Q", *values)


def _streamed(sizes: bytes, **options: object) -> Callable[[], bytes]:
    return _one(method=DEFLATED, descriptor=sizes, **options)


def _overlap_quoted() -> bytes:
    """Each entry's data quotes the next local header, as in the well-known small bombs."""
    kernel = Raw("z/last.js", BODY)
    inner = archive([kernel])[: 30 + 9 + len(BODY)]
    outer = Raw("z/first.js", inner, data=inner)
    start = len(archive(entries())) - len(_directory(archive(entries()))) - 22
    return package(None, outer, Raw("z/last.js", BODY, in_body=False, central={"offset": start + 30 + 10}))


def _directory(data: bytes) -> bytes:
    size, offset = struct.unpack_from("<2L", data, len(data) - 10)
    return data[offset : offset + size]


def _shared_data(count: int) -> bytes:
    """Many names for one body."""
    first = Raw("a/0.js", BODY)
    rest = [Raw(f"a/{index}.js", BODY, in_body=False, central={"offset": 0}) for index in range(1, count)]
    return archive([first, *rest, *entries()])


def _hidden_between() -> bytes:
    honest = entries()
    return archive([honest[0], Raw("evil.js", BODY, in_directory=False), *honest[1:]])


def _comment_with_archive() -> bytes:
    return package(comment=INNER)


def _end_record_in_stored_file() -> bytes:
    """A last, stored file ends with an end record whose comment reaches exactly to the end of the file."""
    directory = _directory(package(None, Raw("z.txt", b"x" * 22)))
    content = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0, 0, 0, 0, len(directory) + 22)
    return package(None, Raw("z.txt", content))


def _swapped_locals() -> bytes:
    first, second, *rest = entries()
    return archive(
        [
            Raw(first.name, first.content, local={"name": b"app.xx"}),
            Raw(second.name, second.content),
            *rest,
        ]
    )


FRAMING: dict[str, tuple[str, Callable[[], bytes]]] = {
    # not an archive, or not all of it
    "empty-file": ("not-a-zip", lambda: b""),
    "text-file": ("not-a-zip", lambda: b"hello\n" * 100),
    "png-file": ("not-a-zip", lambda: b"\x89PNG\r\n\x1a\n" + bytes(200)),
    "gzip-file": ("not-a-zip", lambda: zlib.compress(b"x" * 1000, wbits=31)),
    "rar-file": ("not-a-zip", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(100)),
    "only-signature": ("cut-off", lambda: b"PK\x03\x04"),
    "end-signature-only": ("cut-off", lambda: b"PK\x05\x06"),
    "cut-in-half": ("cut-off", lambda: INNER[: len(INNER) // 2]),
    "cut-last-byte": ("cut-off", lambda: INNER[:-1]),
    "cut-before-end": ("cut-off", lambda: INNER[:-22]),
    "empty-archive": ("app-json-missing", lambda: archive([])),
    # bytes before, after and between
    "prefix-one-byte": ("prefix", lambda: b"\x00" + INNER),
    "prefix-script": ("prefix", lambda: b"#!/bin/sh\nexit 0\n" + INNER),
    "prefix-script-adjusted": ("prefix", lambda: package(prefix=b"#!/bin/sh\nexit 0\n")),
    "prefix-another-archive": ("prefix", lambda: INNER + INNER),
    "prefix-archive-adjusted": ("hidden-entry", lambda: package(prefix=INNER)),
    "suffix-one-byte": ("suffix", lambda: INNER + b"\x00"),
    "suffix-newline": ("suffix", lambda: INNER + b"\r\n"),
    "suffix-zeros": ("suffix", lambda: INNER + bytes(5000)),
    "suffix-longer-than-a-comment": ("cut-off", lambda: INNER + bytes(70_000)),
    "gap-between-entries": ("gap", _one(after=b"gap")),
    "gap-before-directory": ("gap", lambda: package(before_directory=b"\x00\x00\x00\x00")),
    "gap-archive-extra-data": ("gap", lambda: package(before_directory=b"PK\x06\x08" + struct.pack("<L", 0))),
    "gap-after-directory": ("directory-position", lambda: package(after_directory=b"\x00\x00\x00\x00")),
    "signature-record-after-directory": (
        "directory-position",
        lambda: package(after_directory=b"PK\x05\x05\x00\x00"),
    ),
    "bytes-in-directory": ("directory-broken", lambda: package(in_directory=b"\x00\x00\x00\x00")),
    "signature-record-in-directory": (
        "directory-broken",
        lambda: package(in_directory=b"PK\x05\x05\x00\x00"),
    ),
    # entries that only one kind of reader sees
    "hidden-entry": ("hidden-entry", _hidden_between),
    "hidden-first-entry": (
        "hidden-entry",
        lambda: archive([Raw("evil.js", BODY, in_directory=False), *entries()]),
    ),
    "hidden-last-entry": ("hidden-entry", _one(in_directory=False)),
    "phantom-entry": ("local-header", _one(in_body=False)),
    "phantom-beyond-end": ("local-header", _one(in_body=False, central={"offset": 0x7FFFFFF0})),
    "phantom-in-data": ("local-header", _one(in_body=False, central={"offset": 33})),
    "local-signature-wrong": ("local-header", _one(local={"signature": b"PK\x03\x05"})),
    "central-signature-wrong": ("directory-broken", _one(central={"signature": b"PK\x01\x03"})),
    "same-body-twice": ("overlap", lambda: _shared_data(2)),
    "same-body-hundreds": ("overlap", lambda: _shared_data(500)),
    "quoted-overlap": ("overlap", _overlap_quoted),
    "overlap-by-packed-size": ("overlap", _one(both={"packed": 5000, "size": 5000})),
    "count-too-small": ("directory-broken", _end(count=3, count_here=3)),
    "count-too-large": ("directory-broken", _end(count=5, count_here=5)),
    "count-zero": ("directory-broken", _end(count=0, count_here=0)),
    "directory-size-too-small": ("directory-position", _end(size=10)),
    "directory-size-too-large": ("directory-position", _end(size=5000)),
    "directory-offset-too-small": ("prefix", _end(offset=0)),
    "directory-offset-beyond-end": ("directory-position", _end(offset=0x7FFFFFFF)),
    "directory-name-beyond-end": ("directory-broken", _one(central={"name_length": 5000})),
    "directory-comment-beyond-end": ("directory-broken", _one(central={"comment_length": 5000})),
    "offsets-shifted": ("directory-position", lambda: package(base=7)),
    # end records
    "multi-disk-number": ("multi-disk", _end(disk=1)),
    "multi-disk-directory": ("multi-disk", _end(directory_disk=1)),
    "multi-disk-count": ("multi-disk", _end(count_here=1)),
    "multi-disk-entry": ("multi-disk", _one(central={"disk": 1})),
    "end-record-unset-without-zip64": ("zip64-end-record", _end(offset=UNSET32)),
    "second-end-in-comment": ("second-end-record", _comment_with_archive),
    "end-signature-in-comment": ("second-end-record", lambda: package(comment=b"see PK\x05\x06 here")),
    "end-signature-in-entry-comment": ("second-end-record", _one(comment=b"PK\x05\x06" + bytes(18))),
    "end-signature-in-name": ("second-end-record", _one(name=b"a/PK\x05\x06.js")),
    "end-record-in-file": ("second-end-record", _end_record_in_stored_file),
    "zip64-locator-elsewhere": ("zip64-end-record", _zip64({}, {"end_offset": 5})),
    "zip64-locator-beyond-end": ("zip64-end-record", _zip64({}, {"end_offset": 1 << 62})),
    "zip64-locator-disk": ("multi-disk", _zip64({}, {"disk": 1})),
    "zip64-locator-disks": ("multi-disk", _zip64({}, {"disks": 2})),
    "zip64-signature-wrong": ("zip64-end-record", _zip64({"signature": b"PK\x06\x05"})),
    "zip64-length-wrong": ("zip64-end-record", _zip64({"length": 1 << 40})),
    "zip64-extensible-data": ("zip64-end-record", _zip64({"length": 52, "tail": bytes(8)})),
    "zip64-disagrees-count": ("zip64-end-record", _zip64({}, count=1, count_here=1)),
    "zip64-disagrees-offset": ("zip64-end-record", _zip64({}, offset=0)),
    "zip64-disagrees-size": ("zip64-end-record", _zip64({}, size=1)),
    "zip64-disk": ("multi-disk", _zip64({"disk": 1})),
    "zip64-count-here": ("multi-disk", _zip64({"count_here": 1})),
    "zip64-offset-huge": ("directory-position", _zip64({"offset": (1 << 64) - 1})),
    "zip64-size-huge": ("directory-position", _zip64({"size": (1 << 64) - 1})),
    # local and central headers that differ
    "names-differ": ("names-differ", _one(local={"name": b"utils/other.js"})),
    "names-differ-first": ("names-differ", _swapped_locals),
    "names-differ-by-case": ("names-differ", _one(local={"name": b"utils/Extra.js"})),
    "names-differ-by-nul": ("names-differ", _one(local={"name": b"utils/extra.js\x00.png"})),
    "methods-differ": ("methods-differ", _one(local={"method": DEFLATED})),
    "crc-differs": ("sizes-differ", _one(local={"crc": 1})),
    "size-differs": ("sizes-differ", _one(local={"size": 1})),
    "packed-size-differs": ("sizes-differ", _one(local={"packed": 1})),
    "crc-differs-central-zero": ("sizes-differ", _one(central={"crc": 0})),
    "utf8-flag-differs": ("flags-differ", _one(name="utils/é.js", local={"flags": 0})),
    "descriptor-flag-only-central": ("flags-differ", _one(central={"flags": STREAMED})),
    "encrypted-flag-differs": ("flags-differ", _one(local={"flags": 1})),
    # data descriptors
    "descriptor-crc": ("data-descriptor", _streamed(descriptor(1, len(deflated(BODY)), len(BODY)))),
    "descriptor-size": ("data-descriptor", _streamed(descriptor(CRC, len(deflated(BODY)), 1))),
    "descriptor-packed-size": ("data-descriptor", _streamed(descriptor(CRC, 1, len(BODY)))),
    "descriptor-zeros": ("data-descriptor", _streamed(descriptor(0, 0, 0))),
    "descriptor-absent": ("data-descriptor", _one(both={"flags": STREAMED})),
    "descriptor-too-short": ("data-descriptor", _streamed(b"PK\x07\x08")),
    "descriptor-long-unannounced": (
        "data-descriptor",
        _streamed(descriptor(CRC, len(deflated(BODY)), len(BODY), long=True)),
    ),
    "descriptor-short-for-zip64": (
        "data-descriptor",
        _streamed(descriptor(CRC, len(deflated(BODY)), len(BODY)), local_extra=extra(1, b"")),
    ),
    "descriptor-signature-wrong": (
        "data-descriptor",
        _streamed(b"PK\x07\x09" + descriptor(CRC, len(deflated(BODY)), len(BODY), signature=False)),
    ),
    "descriptor-without-flag": (
        "gap",
        _one(after=descriptor(CRC, len(BODY), len(BODY))),
    ),
    "descriptor-in-stored-data": (
        "descriptor-in-data",
        lambda: package(
            None,
            Raw(
                "utils/extra.js",
                BODY + descriptor(CRC, len(BODY), len(BODY)) + BODY,
                descriptor=descriptor(
                    zlib.crc32(BODY + descriptor(CRC, len(BODY), len(BODY)) + BODY),
                    2 * len(BODY) + 16,
                    2 * len(BODY) + 16,
                ),
            ),
        ),
    ),
    "descriptor-local-sizes-lie": (
        "sizes-differ",
        _streamed(descriptor(CRC, len(deflated(BODY)), len(BODY)), local={"size": 3}),
    ),
    # extra fields
    "extra-cut-off": ("extra-field", _one(extra=b"\x55\x54\x09\x00\x03")),
    "extra-three-bytes": ("extra-field", _one(extra=b"\x20\x20\x20")),
    "extra-only-local-broken": ("extra-field", _one(local_extra=b"\x01")),
    "extra-only-central-broken": ("extra-field", _one(central_extra=b"\x01")),
    "extra-repeated": ("extra-field", _one(extra=extra(0x5455, b"\x00") * 2)),
    "zip64-field-without-need": ("zip64-field", _one(extra=extra(1, _numbers(len(BODY), len(BODY))))),
    "zip64-field-too-short": ("zip64-field", _one(extra=extra(1, b"\x00" * 4), both={"size": UNSET32})),
    "zip64-field-too-long": ("zip64-field", _one(extra=extra(1, _numbers(19, 0)), both={"size": UNSET32})),
    "zip64-field-absent": ("zip64-field", _one(both={"size": UNSET32, "packed": UNSET32})),
    "zip64-fields-differ": (
        "sizes-differ",
        _one(
            local_extra=extra(1, _numbers(1, len(BODY))),
            central_extra=extra(1, _numbers(len(BODY), len(BODY))),
            both={"size": UNSET32, "packed": UNSET32},
        ),
    ),
    "zip64-disk-field": (
        "multi-disk",
        _one(central={"disk": UNSET16}, central_extra=extra(1, b"\x02\x00\x00\x00")),
    ),
    "unicode-path-differs": (
        "unicode-path",
        _one(extra=extra(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(b"utils/extra.js")) + b"utils/other.js")),
    ),
    "unicode-path-crc": ("unicode-path", _one(extra=extra(0x7075, b"\x01\x00\x00\x00\x00utils/extra.js"))),
    "unicode-path-only-local": (
        "unicode-path",
        _one(local_extra=extra(0x7075, b"\x01\x00\x00\x00\x00evil.js")),
    ),
    "unicode-path-version": (
        "unicode-path",
        _one(extra=extra(0x7075, b"\x02" + struct.pack("<L", zlib.crc32(b"utils/extra.js")) + b"utils/extra.js")),
    ),
    # features
    "encrypted": ("encrypted", _one(both={"flags": 1})),
    "encrypted-strong": ("encrypted", _one(both={"flags": 1 | 1 << 6})),
    "encrypted-central-directory": ("encrypted", _one(both={"flags": 1 << 13})),
    "encrypted-aes": (
        "encrypted",
        _one(both={"method": 99, "flags": 1}, extra=extra(0x9901, b"\x02\x00AE\x03\x08\x00")),
    ),
    "encrypted-strong-field": ("encrypted", _one(extra=extra(0x0017, bytes(8)))),
    "flag-patch-data": ("flags", _one(both={"flags": 1 << 5})),
    "flag-reserved": ("flags", _one(both={"flags": 1 << 15})),
    "flag-reserved-with-utf8": ("flags", _one(both={"flags": UTF8 | 1 << 12})),
    **{f"method-{name}": ("method", _one(both={"method": number})) for name, number in METHODS.items()},
    "version-central": ("version", _one(central={"needed": 64})),
    "version-local": ("version", _one(local={"needed": 255})),
    "stored-with-two-sizes": ("stored-size", _one(method=STORED, both={"size": 3})),
}

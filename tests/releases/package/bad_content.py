"""Archives whose bytes are not what the headers promise, or too much of them (rules V-2 to V-4)."""

import random
import stat
import struct
import zlib
from collections.abc import Callable

from .builder import DEFLATED, Raw, archive, deflated, entries, extra, package, project

MB = 1 << 20
BODY = b"Page({ data: {} })\n"
UNIX = 3 << 8


def _file(name: str = "utils/extra.js", content: bytes = BODY, **options: object) -> Callable[[], bytes]:
    return lambda: package(None, Raw(name, content, **options))  # type: ignore[arg-type]


def _mode(
    mode: int, name: str = "utils/link.js", content: bytes = b"/etc/passwd", system: int = UNIX
) -> Callable[[], bytes]:
    return _file(name, content, both={"made_by": system | 20, "attributes": mode << 16})


def _noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def _files(count: int, size: int, folder: str = "data") -> dict[str, bytes]:
    return project({f"{folder}/{index}.json": _noise(size) for index in range(count)})


def _declared(size: int, packed: int, count: int = 1) -> bytes:
    """Entries that declare much and hold little; the local headers agree, so only the numbers speak."""
    rows = [
        Raw(f"d/{index}.json", b"", method=DEFLATED, data=bytes(packed), both={"size": size}) for index in range(count)
    ]
    return archive([*entries(), *rows])


def _long_directory() -> bytes:
    rows = [Raw(f"d/{index}.txt", b"", comment=b"c" * 60_000) for index in range(150)]
    return archive([*entries(), *rows])


CONTENT: dict[str, tuple[str, Callable[[], bytes]]] = {
    # content against headers
    "crc-false": ("crc", _file(both={"crc": 1})),
    "crc-false-deflated": ("crc", _file(method=DEFLATED, both={"crc": 1})),
    "crc-zero": ("crc", _file(both={"crc": 0})),
    "crc-false-app-json": (
        "crc",
        lambda: archive(
            [Raw("app.json", project()["app.json"], both={"crc": 7}), *entries(project({"app.json": None}))]
        ),
    ),
    "crc-false-left-out-file": ("crc", _file("docs/plan.pdf", both={"crc": 1})),
    "crc-false-system-file": ("crc", _file("__MACOSX/._app.js", both={"crc": 1})),
    "size-too-small": ("size", _file(method=DEFLATED, both={"size": 3})),
    "size-too-large": ("size", _file(method=DEFLATED, both={"size": 3000})),
    "size-zero": ("size", _file(method=DEFLATED, both={"size": 0, "crc": 0})),
    "bomb-that-lies": ("size", _file("a.txt", bytes(20 * MB), method=DEFLATED, both={"size": 1000})),
    "deflate-garbage": ("deflate-broken", _file(method=DEFLATED, data=b"\xff" * 40)),
    "deflate-zlib-header": ("deflate-broken", _file(method=DEFLATED, data=zlib.compress(BODY))),
    "deflate-gzip-header": ("deflate-broken", _file(method=DEFLATED, data=zlib.compress(BODY, wbits=31))),
    "deflate-distance": ("deflate-broken", _file(method=DEFLATED, data=b"\x03\xff\x00\x00\x00")),
    "deflate-cut-off": ("deflate-cut-off", _file(method=DEFLATED, data=deflated(BODY)[:-3])),
    "deflate-empty": ("deflate-cut-off", _file(method=DEFLATED, data=b"")),
    "deflate-trailing-byte": ("deflate-trailing", _file(method=DEFLATED, data=deflated(BODY) + b"\x00")),
    "deflate-trailing-stream": ("deflate-trailing", _file(method=DEFLATED, data=deflated(BODY) * 2)),
    "deflate-trailing-far": ("deflate-trailing", _file(method=DEFLATED, data=deflated(BODY) + bytes(MB))),
    # what an entry is
    "symlink": ("special-file", _mode(stat.S_IFLNK | 0o777)),
    "symlink-made-on-macos": ("special-file", _mode(stat.S_IFLNK | 0o777, system=19 << 8)),
    "symlink-made-on-nowhere": ("special-file", _mode(stat.S_IFLNK | 0o777, system=0)),
    "symlink-to-folder": ("special-file", _mode(stat.S_IFLNK | 0o777, "assets", b"..")),
    "device": ("special-file", _mode(stat.S_IFCHR | 0o600, content=b"")),
    "block-device": ("special-file", _mode(stat.S_IFBLK | 0o600, content=b"")),
    "pipe": ("special-file", _mode(stat.S_IFIFO | 0o600, content=b"")),
    "socket": ("special-file", _mode(stat.S_IFSOCK | 0o600, content=b"")),
    "windows-junction": ("special-file", _file(both={"attributes": 1 << 10})),
    "asi-unix-symlink": (
        "special-file",
        _file(extra=extra(0x756E, struct.pack("<LHLHH", 0, 0o120777, 0, 0, 0))),
    ),
    "pkware-unix-link": ("special-file", _file(extra=extra(0x000D, bytes(12) + b"/etc/passwd"))),
    "folder-with-content": ("folder-content", _file("utils/")),
    "folder-with-deflated-content": ("folder-content", _file("utils/", method=DEFLATED)),
    "folder-by-attributes": ("folder-kind", _file(both={"attributes": 0x10})),
    "folder-by-mode": ("folder-kind", _mode(stat.S_IFDIR | 0o755, content=b"")),
    "file-by-mode": ("folder-kind", _mode(stat.S_IFREG | 0o644, "utils/", b"")),
    # limits
    "upload-too-large": ("upload-size", lambda: package() + bytes(30 * MB)),
    "unpacked-too-large": ("unpacked-size", lambda: _declared(26 * MB, 300_000, 4)),
    "unpacked-huge": ("unpacked-size", lambda: _declared(0xFFFFFFFE, 10)),
    "unpacked-huge-zip64": (
        "unpacked-size",
        _file(
            "a.json",
            b"",
            method=DEFLATED,
            both={"size": 0xFFFFFFFF},
            extra=extra(1, struct.pack("<Q", (1 << 64) - 1)),
        ),
    ),
    "ratio-one-file": ("ratio", lambda: package(project({"a.txt": bytes(9 * MB)}))),
    "ratio-whole": ("ratio", lambda: _declared(1 * MB, 1000, 60)),
    "too-many-files": (
        "too-many-files",
        lambda: archive([*entries(), *(Raw(f"d/{n}.json") for n in range(5_000))]),
    ),
    "too-many-folders": (
        "too-many-files",
        lambda: archive([*entries(), *(Raw(f"d/{n}/") for n in range(5_001))]),
    ),
    "count-65535": ("too-many-files", lambda: package(end={"count": 0xFFFF, "count_here": 0xFFFF})),
    "count-millions": (
        "too-many-files",
        lambda: package(zip64={"count": 1 << 40, "count_here": 1 << 40}, end={"count": 0xFFFF, "count_here": 0xFFFF}),
    ),
    "directory-too-large": ("directory-size", _long_directory),
    "main-package-too-large": ("main-package-size", lambda: package(_files(5, MB // 2))),
    "one-file-too-large": ("main-package-size", lambda: package(_files(1, 2 * MB + 1))),
    "subpackage-too-large": (
        "subpackage-size",
        lambda: package(
            project(
                {"sub/a.js": b"", "sub/a.wxml": b"", "sub/big.json": _noise(2 * MB)},
                {"pages": ["pages/index/index"], "subpackages": [{"root": "sub", "pages": ["a"]}]},
            )
            | {"sub/more.json": b"x"}
        ),
    ),
    "all-packages-too-large": ("total-size", lambda: package(_files(21, MB))),
}

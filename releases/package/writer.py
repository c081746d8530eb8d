"""The canonical package: same content, same bytes, whatever packed the upload (rule V-6).

Plain zip without extra fields, comments, folder entries or data descriptors; names in NFC and sorted by their
bytes; one fixed date; deflate level 6, or stored for the types that are compressed by themselves.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from .directory import CENTRAL, DEFLATED, STORED, UTF8_FLAG
from .end_record import CENTRAL_SIGNATURE, EOCD, EOCD_SIGNATURE, LOCAL_SIGNATURE
from .file_types import COMPRESSED_SUFFIXES, suffix
from .local_headers import LOCAL

_VERSION = 20
_TIME, _DATE = 0, 0x0021  # 1980-01-01 00:00
_LEVEL = 6
FAST = 1


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the package: `size` in bytes and the hex SHA-256 of its content."""

    path: str
    size: int
    sha256: str


class PackageWriter:
    """Writes files in the order in which they are added; the caller sorts. Keeps one packed file in memory."""

    def __init__(self, out: BinaryIO | None, *, level: int = _LEVEL) -> None:
        self._out = out
        self._level = level
        self._hash = hashlib.sha256()
        self._central: list[bytes] = []
        self.size = 0
        self.sha256 = ""
        self.files: list[PackedFile] = []

    def add(self, path: str, chunks: Iterable[bytes]) -> None:
        """Append one file. Errors raised by `chunks` pass through; the package is then incomplete."""
        method = STORED if suffix(path) in COMPRESSED_SUFFIXES else DEFLATED
        digest, crc, size = hashlib.sha256(), 0, 0
        deflater = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS) if method == DEFLATED else None
        packed = []
        for chunk in chunks:
            digest.update(chunk)
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            packed.append(deflater.compress(chunk) if deflater else chunk)
        if deflater:
            packed.append(deflater.flush())
        name = path.encode()
        flags = 0 if path.isascii() else UTF8_FLAG
        packed_size = sum(map(len, packed))
        common = struct.pack("<5H3L2H", _VERSION, flags, method, _TIME, _DATE, crc, packed_size, size, len(name), 0)
        central = CENTRAL_SIGNATURE + struct.pack("<H", _VERSION) + common + struct.pack("<3H2L", 0, 0, 0, 0, self.size)
        assert len(central) == CENTRAL.size and len(common) + 4 == LOCAL.size  # noqa: S101 - the formats above, proven
        self._central.append(central + name)
        self._write(LOCAL_SIGNATURE + common + name)
        for piece in packed:
            self._write(piece)
        self.files.append(PackedFile(path, size, digest.hexdigest()))

    def close(self) -> None:
        """Write the central directory; `size` and `sha256` are then those of the whole package."""
        offset, count = self.size, len(self._central)
        for header in self._central:
            self._write(header)
        self._write(EOCD.pack(EOCD_SIGNATURE, 0, 0, count, count, self.size - offset, offset, 0))
        self.sha256 = self._hash.hexdigest()

    def _write(self, data: bytes) -> None:
        self._hash.update(data)
        self.size += len(data)
        if self._out is not None:
            self._out.write(data)

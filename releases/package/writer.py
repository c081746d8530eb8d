"""The canonical package: same content, same bytes, whatever packed the upload (rule V-6).

Plain zip without extra fields, comments, folder entries or data descriptors; names in NFC and sorted by their
bytes; one fixed date; deflate level 6, or stored for the types that are compressed by themselves.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO, Self

from .directory import CENTRAL, DEFLATED, STORED, UTF8_FLAG
from .end_record import CENTRAL_SIGNATURE, EOCD, EOCD_SIGNATURE, LOCAL_SIGNATURE
from .file_types import COMPRESSED_SUFFIXES, suffix
from .local_headers import LOCAL

_VERSION = 20
_TIME, _DATE = 0, 0x0021  # 1980-01-01 00:00
_LEVEL = 6
FAST = 1
_PIECE = 512 * 1024  # bytes that a thread gets at once, to hash or to write
_AHEAD = 4  # pieces that wait for it


@dataclass(frozen=True, slots=True)
class PackedFile:
    """A file of the package: `size` in bytes and the hex SHA-256 of its content."""

    path: str
    size: int
    sha256: str


class _Sink:
    """Hashes the bytes of an archive and writes them to `out`, if there is one."""

    def __init__(self, out: BinaryIO | None) -> None:
        self._out = out
        self._hash = hashlib.sha256()

    def write(self, data: bytes) -> None:
        self._hash.update(data)
        if self._out is not None:
            self._out.write(data)

    def hash(self, digest: hashlib._Hash, data: bytes) -> None:
        """Add the bytes of a file to its own hash, which is right when the sink is closed."""
        digest.update(data)

    def close(self) -> None:
        """Write and hash what is left."""

    def stop(self) -> None:
        """Write no more."""

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class _ThreadedSink(_Sink):
    """Does it in a thread, while the caller makes the next bytes: what fails there is raised by a later call.

    Where the system lets no thread start, the caller does it.
    """

    def __init__(self, out: BinaryIO | None) -> None:
        super().__init__(out)
        self._gathered: list[tuple[hashlib._Hash | None, bytes]] = []  # of a file's own hash, or of the archive
        self._size = 0
        self._thread = ThreadPoolExecutor(1, "package")  # One starts with the first piece; a small archive has none.
        self._ahead: deque[Future[None]] = deque()
        self._alone = False  # without a thread

    def write(self, data: bytes) -> None:
        self._gather(None, data)

    def hash(self, digest: hashlib._Hash, data: bytes) -> None:
        self._gather(digest, data)

    def close(self) -> None:
        for piece in self._ahead:
            piece.result()
        self._do(self._gathered)

    def stop(self) -> None:
        self._thread.shutdown(cancel_futures=True)

    def _gather(self, digest: hashlib._Hash | None, data: bytes) -> None:
        self._gathered.append((digest, data))
        self._size += len(data)
        if self._size < _PIECE:
            return
        gathered, self._gathered, self._size = self._gathered, [], 0
        if len(self._ahead) == _AHEAD:
            self._ahead.popleft().result()
        try:
            if not self._alone:
                self._ahead.append(self._thread.submit(self._do, gathered))
        except RuntimeError:  # The system lets no thread start, which the first piece finds out.
            self._alone = True
        if self._alone:
            self._do(gathered)

    def _do(self, gathered: list[tuple[hashlib._Hash | None, bytes]]) -> None:
        for digest, data in gathered:
            if digest is not None:
                digest.update(data)
        super().write(b"".join(data for digest, data in gathered if digest is None))


class PackageWriter:
    """Writes files in the order in which they are added; the caller sorts. Keeps one packed file in memory.

    `threaded`: a thread hashes and writes, a few MB behind, until the end of the block that the writer is for.
    """

    def __init__(self, out: BinaryIO | None, *, level: int = _LEVEL, threaded: bool = False) -> None:
        self._sink = _ThreadedSink(out) if threaded else _Sink(out)
        self._level = level
        self._central: list[bytes] = []
        self.size = 0
        self.sha256 = ""
        self.files: list[PackedFile] = []
        self._added: list[tuple[str, int, hashlib._Hash]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._sink.stop()

    def add(self, path: str, chunks: Iterable[bytes]) -> None:
        """Append one file. Errors raised by `chunks` pass through; the package is then incomplete."""
        method = STORED if suffix(path) in COMPRESSED_SUFFIXES else DEFLATED
        digest, crc, size = hashlib.sha256(), 0, 0
        deflater = zlib.compressobj(self._level, zlib.DEFLATED, -zlib.MAX_WBITS) if method == DEFLATED else None
        packed = []
        for chunk in chunks:
            self._sink.hash(digest, chunk)
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
        self._added.append((path, size, digest))

    def close(self) -> None:
        """Write the central directory; `size` and `sha256` are then those of the whole package, `files` those in it."""
        offset, count = self.size, len(self._central)
        for header in self._central:
            self._write(header)
        self._write(EOCD.pack(EOCD_SIGNATURE, 0, 0, count, count, self.size - offset, offset, 0))
        self._sink.close()
        self.sha256 = self._sink.sha256
        self.files = [PackedFile(path, size, digest.hexdigest()) for path, size, digest in self._added]

    def _write(self, data: bytes) -> None:
        self.size += len(data)
        self._sink.write(data)

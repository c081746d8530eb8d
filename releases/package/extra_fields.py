"""Extra fields of zip headers: the few that change what an entry is."""

import stat
import struct
import zlib

ZIP64 = 0x0001
PKWARE_UNIX = 0x000D
STRONG_ENCRYPTION = 0x0017
ASI_UNIX = 0x756E
UNICODE_PATH = 0x7075
AES_ENCRYPTION = 0x9901


class ExtraFieldError(Exception):
    """The bytes are no well-formed list of extra fields, or one id comes twice."""


def parse(raw: bytes) -> dict[int, bytes]:
    """Header id → data. Raises `ExtraFieldError` when the lengths do not fill `raw` exactly or an id is
    repeated.
    """
    fields: dict[int, bytes] = {}
    position = 0
    while position < len(raw):
        if position + 4 > len(raw):
            raise ExtraFieldError
        identifier, length = struct.unpack_from("<HH", raw, position)
        position += 4
        if position + length > len(raw) or identifier in fields:
            raise ExtraFieldError
        fields[identifier] = raw[position : position + length]
        position += length
    return fields


def zip64_values(data: bytes, wanted: int) -> tuple[int, ...] | None:
    """The `wanted` 64-bit numbers of a zip64 field; None unless it holds exactly these."""
    if len(data) != 8 * wanted:
        return None
    return struct.unpack(f"<{wanted}Q", data)


def unicode_path_agrees(data: bytes, raw_name: bytes, name: str) -> bool:
    """Whether an Info-ZIP Unicode path field repeats the name of its header, read as `name`, and nothing else."""
    if len(data) < 5 or data[0] != 1:
        return False
    (crc,) = struct.unpack_from("<L", data, 1)
    return crc == zlib.crc32(raw_name) and data[5:] == name.encode()


def is_link_or_special(fields: dict[int, bytes]) -> bool:
    """Whether an older Unix field makes the entry a link, device, pipe or socket."""
    if len(fields.get(PKWARE_UNIX, b"")) > 12:  # beyond times and owner there is room for a link target only
        return True
    asi = fields.get(ASI_UNIX)
    if asi is None:
        return False
    if len(asi) < 6:
        return True
    (mode,) = struct.unpack_from("<H", asi, 4)
    return stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR)

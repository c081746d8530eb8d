"""Names as Chinese Windows packers write them: GBK, without the UTF-8 flag (V-4, V-5)."""

import io
import struct
import zlib

from releases.package import Inspection, inspect

from .builder import UTF8, Raw, archive, entries, extra, package, project

NAME = "images/\u9996\u9875.png"  # “home page”


def _inspect(*rows: Raw) -> Inspection:
    return inspect(io.BytesIO(archive([*entries(), *rows])))


def _gbk(name: str, **options: object) -> Raw:
    return Raw(name.encode("gbk"), b"png", **options)  # type: ignore[arg-type]


def test_they_are_read_and_noted_once() -> None:
    """Also where the bytes of one name could be UTF-8: one packer wrote all of them."""
    assert "\u7ad9".encode("gbk").decode() == "\u057e"
    result = _inspect(_gbk(NAME), _gbk("images/\u7ad9.png"))
    assert result.accepted, result.findings
    assert NAME in {file.path for file in result.files}
    assert [(finding.severity, finding.code) for finding in result.findings] == [("note", "name-gbk")]
    assert result.sha256 == inspect(io.BytesIO(package(project({NAME: b"png", "images/\u7ad9.png": b"png"})))).sha256


def test_the_same_name_in_both_encodings_is_there_twice() -> None:
    assert [finding.code for finding in _inspect(_gbk(NAME), Raw(NAME, b"png")).errors] == ["name-duplicate"]


def test_a_byte_that_is_a_backslash_alone_is_part_of_a_character() -> None:
    result = _inspect(Raw(b"images/\x95\x5c.png", b"png"))
    assert result.accepted, result.findings


def test_paths_are_as_strict_as_in_utf_8() -> None:
    assert [finding.code for finding in _inspect(_gbk("../\u7ad9.png")).errors] == ["name-parent"]


def test_a_unicode_path_field_may_repeat_the_name_in_utf_8() -> None:
    raw = NAME.encode("gbk")
    field = extra(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(raw)) + NAME.encode())
    assert _inspect(_gbk(NAME, extra=field)).accepted
    other = extra(0x7075, b"\x01" + struct.pack("<L", zlib.crc32(raw)) + b"images/other.png")
    assert [finding.code for finding in _inspect(_gbk(NAME, extra=other)).errors][:1] == ["unicode-path"]


def test_with_the_utf_8_flag_a_name_is_utf_8() -> None:
    assert [finding.code for finding in _inspect(_gbk(NAME, both={"flags": UTF8})).errors] == ["name-encoding"]
    flagged = Raw("images/\u057e.png", b"png")
    assert "images/\u057e.png" in {file.path for file in _inspect(_gbk(NAME), flagged).files}

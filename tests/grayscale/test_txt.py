"""Reading txt: whatever the encoding and the line ends, it gives what a plain reading finds (G-3)."""

import codecs
import io
import re

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.api.device.schema import Guid, Text
from console.base.core.errors import ActionRefused
from grayscale import txt
from grayscale.states import ObjectKind
from grayscale.txt import Fault

ENCODINGS = {
    "utf-8": lambda text: text.encode(),
    "utf-8-sig": lambda text: codecs.BOM_UTF8 + text.encode(),
    "utf-16-le": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "utf-16-be": lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
    "gb18030": lambda text: text.encode("gb18030"),
}
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n\ufeff"), max_size=12)
LONG_LINE = st.builds(
    lambda blanks, text, more, tail: " " * blanks + text + " " * more + tail,
    st.integers(0, 3000), st.text("ab一", max_size=5), st.integers(0, 3000), st.sampled_from(["", "x", "\t"]),
)  # fmt: skip
LINES = st.lists(st.tuples(LINE | LONG_LINE, st.sampled_from(["\n", "\r\n", "\r"])), min_size=1, max_size=20)


def plain(text):
    """Every line of the text, without the blanks around it."""
    lines = re.split("\r\n|\n|\r", text)
    return [line.strip() for line in (lines if lines[-1] else lines[:-1])]


def read(content, chunk=txt.CHUNK):
    file = io.BytesIO(content)
    encoding = txt.encoding_of(file)
    return encoding, [line for lines in txt.lines_of(file, encoding) for line in lines]


@given(LINES, st.sampled_from(sorted(ENCODINGS)), st.integers(1, 64) | st.just(txt.CHUNK))
@example([(" " * 5000, "\n"), ("x", "\r")], "utf-8", 7)
def test_lines_are_those_of_the_text(lines, encoding, chunk):
    text = "".join(line + end for line, end in lines)
    if encoding == "gb18030" and not text.isascii():
        try:
            text.encode("gb18030").decode()
        except UnicodeDecodeError:
            pass
        else:
            return  # These bytes are UTF-8 as well, which goes first.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(txt, "CHUNK", chunk)
        _found, read_lines = read(ENCODINGS[encoding](text))
    expected = plain(text)
    assert len(read_lines) == len(expected)
    for own, other in zip(read_lines, expected, strict=True):
        # What is too long for any value may be cut, but stays too long.
        assert own == other or min(len(own), len(other)) > txt.LONGEST


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
@pytest.mark.parametrize("chunk", [7, txt.CHUNK])
def test_a_byte_order_mark_inside_is_no_part_of_a_value(encoding, chunk, monkeypatch):
    """Files that were joined have one in front of each part."""
    monkeypatch.setattr(txt, "CHUNK", chunk)
    mark, blanks = "\ufeff", " " * 3000
    lines = ["一", f"{mark}ann", f"\t{mark} ben{mark} ", mark, f"{mark}{blanks}carol", f"dan{blanks}{mark}"]
    text = "\r\n".join([*lines, f"d{mark}an"])
    assert read(ENCODINGS[encoding](text))[1] == ["一", "ann", "ben", "", "carol", "dan", f"d{mark}an"]
    (too_long,) = read(ENCODINGS[encoding](f"一{blanks}{mark}x"))[1]
    assert txt.text_fault(too_long) == Fault.LONG


@pytest.mark.parametrize("encoding", sorted(ENCODINGS))
def test_each_encoding_is_recognised(encoding):
    found, lines = read(ENCODINGS[encoding]("用户一\r\n用户二\n"))
    assert (found.removesuffix("-sig"), lines) == (
        {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}.get(encoding, encoding),
        ["用户一", "用户二"],
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"abc\0def\n", "not a text file"),
        ("abc\n".encode("utf-16-le"), "not a text file"),  # no byte order mark
        (codecs.BOM_UTF32_LE + "abc".encode("utf-32-le"), "not a text file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a text file"),
        (b"abc\xff\xfe\n", "neither UTF-8, UTF-16 nor GB18030"),
        (codecs.BOM_UTF8 + "用户".encode("gb18030"), "neither UTF-8, UTF-16 nor GB18030"),
        (codecs.BOM_UTF16_LE + b"a\0b", "neither UTF-8, UTF-16 nor GB18030"),
        (codecs.BOM_UTF16_LE + b"\x00\xd8a\0", "neither UTF-8, UTF-16 nor GB18030"),
        ("用".encode()[:1], "neither UTF-8, UTF-16 nor GB18030"),
    ],
)
def test_what_is_no_text_is_refused_in_words(content, words):
    with pytest.raises(ActionRefused, match=words):
        read(content)


def accepted(schema, value):
    try:
        msgspec.convert(value, schema)
    except msgspec.ValidationError:
        return False
    return True


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=140)
    | st.text("a\x00\x1f\x7f\x80", min_size=1)
)
@example("a" * 128)
@example("a" * 129)
@example("𠀀" * 128)
def test_ids_and_accounts_are_those_that_the_device_api_takes(value):
    assert (txt.text_fault(value) is None) == accepted(Text, value)


@given(st.from_regex(r"\A030[0-9][0-9]{27,29}\Z") | st.text("0123٣ \n", min_size=30, max_size=34))
@example("0302" + "1" * 28)
@example("0303" + "٣" * 28)
def test_guids_are_those_that_the_device_api_takes(value):
    assert (txt.guid_fault(value) is None) == accepted(Guid, value)


def test_faults_say_what_is_wrong():
    fault = txt.fault_of(ObjectKind.ACCOUNT)
    assert [fault("a" * 129), fault("a\tb"), fault("a b")] == [Fault.LONG, Fault.CONTROL, None]
    assert txt.fault_of(ObjectKind.GUID)("0304" + "1" * 28) == Fault.GUID

"""Strict JSON knows where everything stands (rule V-5)."""

import pytest

from releases.package.limits import Limits
from releases.package.strict_json import JsonError, parse

TEXT = b"""{
  "pages": [
    "a",
    "b"
  ],
  "tabBar": {
    "list": [{"pagePath": "a"},
             {"pagePath": "b"}]
  }
}
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("pages",), 2),
        (("pages", 1), 4),
        (("tabBar", "list", 0, "pagePath"), 7),
        (("tabBar", "list", 1, "pagePath"), 8),
        (("tabBar", "list", 1, "iconPath"), 8),
        (("nothing",), 1),
    ],
)
def test_lines(path: tuple[str | int, ...], line: int) -> None:
    assert parse(TEXT, Limits()).line(*path) == line


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"{\n\n  nope", "json-syntax", 3),
        (b'{"a": 1,\n "a": 2}', "json-duplicate-key", 2),
        (b'{"a":\n NaN}', "json-constant", 2),
        (b'{"a": 1}\n\n{}', "json-syntax", 3),
        (b"[\n1,\n\xff]", "json-encoding", 3),
        (b"[1,\n2,\n", "json-syntax", 3),
    ],
)
def test_errors_name_the_line(text: bytes, code: str, line: int) -> None:
    with pytest.raises(JsonError) as caught:
        parse(text, Limits())
    assert (caught.value.code, caught.value.line) == (code, line)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (b'{"a": 1,\n}', "There is an extra comma before }."),
        (b'{"a": [1,\n]}', "There is an extra comma before ]."),
        (b'{"a": [1,\n}', "A value is missing."),
        (b'{"a": 1,\n]', "A name in double quotes is missing."),
    ],
)
def test_a_comma_before_the_end_is_named(text: bytes, title: str) -> None:
    with pytest.raises(JsonError) as caught:
        parse(text, Limits())
    assert (caught.value.code, caught.value.title, caught.value.line) == ("json-syntax", title, 2)


def test_depth_is_counted_from_the_top() -> None:
    assert parse(b"[" * 32 + b"]" * 32, Limits()).root
    with pytest.raises(JsonError):
        parse(b"[" * 33 + b"]" * 33, Limits())

"""JSON as RFC 8259 has it and nothing beyond, with the line of every member (rule V-5).

Python's own module takes NaN, duplicate keys and lone surrogates, and forgets where things stood.
"""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from django.utils.translation import gettext as _

from .limits import Limits

_BOM = b"\xef\xbb\xbf"
_LONGEST_NUMBER = 64
_TOKEN = re.compile(
    r"""[ \t\n\r]*+(?:
        (?P<mark>[{}\[\],:])
      | (?P<string>"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+")
      | (?P<number>-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)(?![0-9.eE+-])
      | (?P<word>true|false|null)\b
    )""",
    re.VERBOSE,
)
_SPACE = re.compile(r"[ \t\n\r]*+")
_WORDS = {"true": True, "false": False, "null": None}


class JsonError(Exception):
    """The text is not strict JSON. `code` is a finding code, `title` a sentence, `line` counts from 1 (0: no
    line).
    """

    def __init__(self, code: str, title: str, line: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.line = line


class JsonObject(dict[str, Any]):
    """A JSON object; `at` holds the offset of each key."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        super().__init__()
        self.at: dict[str, int] = {}


class JsonArray(list[Any]):
    """A JSON array; `at` holds the offset of each value."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        super().__init__()
        self.at: list[int] = []


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: `root` value and the offsets at which its lines begin."""

    root: Any
    line_starts: list[int] = field(repr=False)

    def line(self, *path: str | int) -> int:
        """Line of the value at `path`, or of its nearest ancestor that exists."""
        node, offset = self.root, None
        for part in path:
            known = (isinstance(node, JsonObject) and part in node) or (
                isinstance(node, JsonArray) and isinstance(part, int) and part < len(node)
            )
            if not known:
                break
            offset = node.at[part]
            node = node[part]
        return 1 if offset is None else bisect_right(self.line_starts, offset)


def parse(raw: bytes, limits: Limits) -> Document:
    """Parse one file; raises `JsonError`. Time and memory grow with the text only, and that is bounded by
    `limits`.
    """
    if len(raw) > limits.json_size:
        raise JsonError("json-size", _("The file is too large."))
    if raw.startswith(_BOM):
        raise JsonError("json-bom", _("The file begins with a byte order mark."), 1)
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise JsonError("json-encoding", _("The file is not in UTF-8."), line) from None
    line_starts = [0, *(match.end() for match in re.finditer("\n", text))]
    parser = _Parser(text, line_starts, limits)
    return Document(parser.document(), line_starts)


class _Parser:
    def __init__(self, text: str, line_starts: list[int], limits: Limits) -> None:
        self._source = text
        self._line_starts = line_starts
        self._limits = limits
        self._position = 0
        self._start = 0  # of the text read last
        self._values = 0

    def document(self) -> Any:
        value = self._value(*self._next(), depth=0)
        rest = _SPACE.match(self._source, self._position)
        if rest is not None and rest.end() != len(self._source):
            self._start = rest.end()
            raise self._syntax(_("There is text after the end of the JSON value."))
        return value

    def _next(self) -> tuple[str, str]:
        match = _TOKEN.match(self._source, self._position)
        if match is None or match.lastgroup is None:
            raise self._no_token()
        self._position = match.end()
        self._start = match.start(match.lastgroup)
        return match.lastgroup, match[match.lastgroup]

    def _value(self, kind: str, text: str, depth: int) -> Any:
        self._values += 1
        if self._values > self._limits.json_values:
            raise self._error("json-size", _("The file has too many values."))
        if kind == "string":
            return self._string(text)
        if kind == "number":
            return self._number(text)
        if kind == "word":
            return _WORDS[text]
        if text not in "{[":
            raise self._syntax(_("A value is missing."))
        if depth == self._limits.json_depth:
            title = _("The values are nested more than %(limit)d deep.") % {"limit": self._limits.json_depth}
            raise self._error("json-depth", title)
        return self._object(depth + 1) if text == "{" else self._array(depth + 1)

    def _object(self, depth: int) -> JsonObject:
        result = JsonObject()
        kind, text = self._next()
        if text == "}":
            return result
        while True:
            if kind != "string":
                raise self._syntax(_("A name in double quotes is missing."))
            key, start = self._string(text), self._start
            if key in result:
                raise self._error("json-duplicate-key", _("A key appears twice in the same object."))
            if self._next()[1] != ":":
                raise self._syntax(_("A colon is missing."))
            result.at[key] = start
            result[key] = self._value(*self._next(), depth)
            text = self._next()[1]
            if text == "}":
                return result
            if text != ",":
                raise self._syntax(_("A comma or closing brace is missing."))
            kind, text = self._after_comma("}")

    def _array(self, depth: int) -> JsonArray:
        result = JsonArray()
        kind, text = self._next()
        if text == "]":
            return result
        while True:
            result.at.append(self._start)
            result.append(self._value(kind, text, depth))
            text = self._next()[1]
            if text == "]":
                return result
            if text != ",":
                raise self._syntax(_("A comma or closing bracket is missing."))
            kind, text = self._after_comma("]")

    def _after_comma(self, closing: str) -> tuple[str, str]:
        kind, text = self._next()
        if text == closing:
            raise self._syntax(_("There is an extra comma before %(mark)s.") % {"mark": closing})
        return kind, text

    def _string(self, text: str) -> str:
        if "\\" not in text:
            return text[1:-1]
        value: str = json.loads(text)
        if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
            raise self._error("json-encoding", _("A string contains half of a surrogate pair."))
        return value

    def _number(self, text: str) -> int | float:
        if len(text) > _LONGEST_NUMBER:
            raise self._error("json-number", _("A number has too many digits."))
        if text.lstrip("-").isdigit():
            return int(text)
        value = float(text)
        if not isfinite(value):
            raise self._error("json-number", _("A number is too large."))
        return value

    def _no_token(self) -> JsonError:
        space = _SPACE.match(self._source, self._position)
        self._start = space.end() if space else self._position
        rest = self._source[self._start : self._start + 12]
        if not rest:
            return self._syntax(_("The file ends in the middle of a value."))
        if re.match(r"[-+]?(?:NaN|Infinity)", rest):
            return self._error("json-constant", _("NaN and Infinity are not JSON."))
        if rest.startswith(("//", "/*")):
            return self._syntax(_("JSON doesn’t allow comments."))
        if rest.startswith('"'):
            return self._syntax(_("A string is not closed, or has a character that must be escaped with a backslash."))
        return self._syntax(_("Something here is not valid JSON."))

    def _syntax(self, title: str) -> JsonError:
        return self._error("json-syntax", title)

    def _error(self, code: str, title: str) -> JsonError:
        return JsonError(code, title, bisect_right(self._line_starts, self._start))

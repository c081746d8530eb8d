"""Reading WXML: components and buttons that give personal data, by names of our own, and the addresses in attributes.

`<camera>` is `component.camera`, `<live-pusher>` is `component.livePusher`, `<button open-type="getPhoneNumber">` is
`wx.getPhoneNumber` and `<button open-type="share">` is `button.share`, `<input type="nickname">` is `input.nickname`.
A host application may put them in its list of sensitive APIs as it does with `wx.getLocation`.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .addresses import origins_in
from .facts import Bound, Finds, Reason
from .limits import Limits
from .patterns import Lines, search_addresses

COMPONENTS = {
    "camera": "component.camera",
    "live-pusher": "component.livePusher",
    "live-player": "component.livePlayer",
    "voip-room": "component.voipRoom",
    "web-view": "component.webView",
    "map": "component.map",
}
_LESS = re.compile(r"\{\{[^{}\"'>]{0,500}\}\}")  # {{a < b}}, which an HTML parser takes for the begin of a tag
_WORD = re.compile(r"[A-Za-z]{1,40}")
_GIVE = ("get", "choose")  # how words begin that make a button give data
_OPEN_TYPES = frozenset(["open-type", "opentype"])
# Of the host's own: an `open-type` makes no button of them. On a component of the program, its button has it.
_PLAIN = frozenset(["block", "form", "image", "label", "navigator", "scroll-view", "text", "view"])
_EXPRESSION = re.compile(r"\s*\{\{([^{}]*)\}\}\s*")
_TOKEN = re.compile(r"'[^']*'|\"[^\"]*\"|\|\||&&|[?:()]|[^'\"?:|&()]+|.")
_NO_WORD = re.compile(r"[=!<>]=|[<>]|^!|^(?:true|false|null|undefined|)$")
_MANY = 60  # tokens of one expression
_BOUND = re.compile(r"[A-Za-z_$][\w$]{0,60}(?:\.[A-Za-z_$][\w$]{0,60}){0,3}")
_QUOTED = re.compile(r"['\"]([^'\"{}]{0,60})['\"]")
# What a component asks for, with the type of server domain that it needs.
_ASKED = {("web-view", "src"): "business", ("live-pusher", "url"): "", ("live-player", "src"): ""}
_TAG = re.compile(
    rb"<\s*(?:(" + b"|".join(tag.encode() for tag in COMPONENTS) + rb")\b"
    rb"|([A-Za-z][\w-]{0,60}+)(?=\s)[^<>]{0,2000}?\sopen-?[Tt]ype\s*=\s*[\"']?([A-Za-z][A-Za-z|]{0,80})\b)"
)


def read_markup(source: bytes, limits: Limits) -> Finds:
    """Return what a WXML file uses; `why` says why it was not read: search it by patterns then."""
    if len(source) > limits.parsed_size:
        return Finds(why="size")
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return Finds(why="encoding")
    reader = _Reader(limits)
    try:
        reader.feed(_LESS.sub(lambda found: found[0].replace("<", " "), text))
        reader.close()
    except AssertionError:  # how the standard library's parser refuses a broken declaration
        reader.finds.why = "syntax"
    return reader.finds


def search_markup(source: bytes, limits: Limits) -> Finds:
    """Return what looks like a component, a button or an address; comments count, too."""
    finds, lines = Finds(), Lines(source)
    for found in _TAG.finditer(source):
        uses = [COMPONENTS[found[1].decode()]] if found[1] else _uses_of(found[2].decode(), [found[3].decode()])
        for name in uses:
            finds.add(name, lines.at(found.start()), limits)
    search_addresses(source, finds, limits)
    return finds


class _Reader(HTMLParser):
    def __init__(self, limits: Limits) -> None:
        super().__init__(convert_charrefs=True)
        self.finds = Finds()
        self._limits = limits
        self._tags = 0

    def set_cdata_mode(self, *_args: object, **_options: object) -> None:
        """Read on: no element of WXML holds anything but WXML, whatever HTML makes of its name."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tags += 1
        if self._tags > self._limits.candidates:
            self.finds.why = "time"
            return
        line = self.getpos()[0]
        if tag in COMPONENTS:
            self.finds.add(COMPONENTS[tag], line, self._limits)
        for name, value in attrs:
            if value:
                self._note_attribute(tag, name, value, line)

    def _note_attribute(self, tag: str, name: str, value: str, line: int) -> None:
        if name in _OPEN_TYPES:
            self._note_button(tag, value, line)
        if (tag, name, value) == ("input", "type", "nickname"):
            self.finds.add("input.nickname", line, self._limits)
        kind, found = _ASKED.get((tag, name)), False
        for origin in origins_in(value):
            found = True
            self.finds.add_origin(origin, kind or "", line, self._limits, is_called=kind is not None)
        if kind is not None and not found:
            whole = _EXPRESSION.fullmatch(value)
            self._note_bound(whole[1] if whole else "", line, "address", kind)

    def _note_button(self, tag: str, value: str, line: int) -> None:
        """Note what a button does; one that the data choose does each of what they can choose."""
        words, others = _chosen(value)
        for name in _uses_of(tag, words):
            self.finds.add(name, line, self._limits)
        for other in others if tag == "button" else ():
            self._note_bound(other, line, "name")

    def _note_bound(self, value: str, line: int, reason: Reason, kind: str = "") -> None:
        if _BOUND.fullmatch(value.strip()):
            self.finds.bound.append(Bound(line, reason, value.strip(), kind))
        else:
            self.finds.open.append((line, reason))


def _chosen(value: str) -> tuple[list[str], list[str]]:
    """Return the words that an attribute can be, and the names and expressions that can give more."""
    if "{{" not in value:
        return [value], []
    whole = _EXPRESSION.fullmatch(value)
    tokens = _TOKEN.findall(whole[1]) if whole else []
    if not 0 < len(tokens) <= _MANY:
        return _QUOTED.findall(value), [""]
    choice = _Choice(tokens)
    results = [result for result in (*choice.results(), *choice.left) if not _NO_WORD.search(result)]
    words = [word for result in results if "+" not in result for word in _QUOTED.findall(result)]
    return words, [result for result in results if not _QUOTED.fullmatch(result)]


class _Choice:
    """Reads an expression, for what it can be: of `a ? b : c` the last two, of `a || b` both, of `a && b` the last.

    `left` are the tokens that are still to be read, the next one last.
    """

    def __init__(self, tokens: list[str]) -> None:
        self.left = [token for token in tokens[::-1] if not token.isspace()]

    def results(self) -> list[str]:
        """Return the parts, up to where a parenthesis or a choice around them goes on."""
        found = self._either()
        if self._comes("?"):
            found = self.results()
            found += self.results() if self._comes(":") else []
        return found

    def _either(self) -> list[str]:
        found = self._last()
        while self._comes("||"):
            found = found + self._last()
        return found

    def _last(self) -> list[str]:
        found = self._one()
        while self._comes("&&"):
            found = self._one()
        return found

    def _one(self) -> list[str]:
        parts: list[str] = []
        inside: list[str] = []
        while self.left and self.left[-1] not in ("?", ":", "||", "&&", ")"):
            if self._comes("("):
                inside = self.results()
                self._comes(")")
                parts.append(f"({' '.join(inside)})")
            else:
                parts.append(self.left.pop())
        is_inside = len(parts) == 1 and parts[0].startswith("(")
        return inside if is_inside else ["".join(parts).strip()]

    def _comes(self, token: str) -> bool:
        """Whether a token is next; if so, it is taken."""
        if not self.left or self.left[-1] != token:
            return False
        self.left.pop()
        return True


def _uses_of(tag: str, words: list[str]) -> list[str]:
    """Return what buttons of these `open-type`s stand for; of a component that may hold one, only what gives data."""
    if tag == "button":
        return [button_of(word) for joined in words for word in _split(joined)]
    return [] if tag in _PLAIN else [name for joined in words for name in given_by(joined)]


def given_by(open_type: str) -> list[str]:
    """Return the APIs that check what a button of an `open-type` gives: of `getPhoneNumber|share`, the first."""
    return [button_of(word) for word in _split(open_type) if word.startswith(_GIVE)]


def _split(open_type: str) -> list[str]:
    return [word for word in map(str.strip, open_type.split("|")) if _WORD.fullmatch(word)]


def button_of(open_type: str) -> str:
    """Return the API that a button of this `open-type` stands for: one that gives data is checked as `wx.NAME` is."""
    return f"wx.{open_type}" if open_type.startswith(_GIVE) else f"button.{open_type}"

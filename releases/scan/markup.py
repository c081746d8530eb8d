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
_WORD = re.compile(r"[A-Za-z]+")
_BOUND = re.compile(r"\{\{\s*([A-Za-z_$][\w$]{0,60}(?:\.[A-Za-z_$][\w$]{0,60}){0,3})\s*\}\}")
_QUOTED = re.compile(r"['\"]([^'\"{}]{1,60})['\"]")
_KIND = {"web-view": "business"}
_TAG = re.compile(
    rb"<\s*(?:(" + b"|".join(tag.encode() for tag in COMPONENTS) + rb")\b"
    rb"|button\b[^<>]{0,2000}?\sopen-type\s*=\s*[\"']?([A-Za-z]{1,40})\b)"
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
        name = COMPONENTS[found[1].decode()] if found[1] else button_of(found[2].decode())
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
        if (tag, name) == ("button", "open-type"):
            self._note_button(value, line)
        if (tag, name, value) == ("input", "type", "nickname"):
            self.finds.add("input.nickname", line, self._limits)
        is_asked = name == "src" and tag in _KIND
        found = False
        for origin in origins_in(value):
            found = True
            self.finds.add_origin(origin, _KIND[tag] if is_asked else "", line, self._limits, is_called=is_asked)
        if is_asked and not found:
            self._note_bound(value, line, "address")

    def _note_button(self, value: str, line: int) -> None:
        """Note what a button does; one that the data choose among words that are written out does each of them."""
        words = [value] if "{{" not in value else _QUOTED.findall(value)
        for word in words:
            if _WORD.fullmatch(word) and len(word) <= 40:
                self.finds.add(button_of(word), line, self._limits)
        if not words:
            self._note_bound(value, line, "name")

    def _note_bound(self, value: str, line: int, reason: Reason) -> None:
        name = _BOUND.fullmatch(value.strip())
        if name:
            self.finds.bound.append(Bound(line, reason, name[1]))
        else:
            self.finds.open.append((line, reason))


def button_of(open_type: str) -> str:
    """Return the API that a button of this `open-type` stands for: one that gives data is checked as `wx.NAME` is."""
    return f"wx.{open_type}" if open_type.startswith(("get", "choose")) else f"button.{open_type}"

"""Reading WXML: components and buttons that give personal data, by names of our own, and the addresses in attributes.

`<camera>` is `component.camera`, `<live-pusher>` is `component.livePusher`, `<button open-type="getPhoneNumber">` is
`button.getPhoneNumber`, `<input type="nickname">` is `input.nickname`. A host application may put them in its list of
sensitive APIs as it does with `wx.getLocation`.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from .addresses import ADDRESS, origin_at
from .facts import Finds
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
        name = COMPONENTS[found[1].decode()] if found[1] else f"button.{found[2].decode()}"
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
        if (tag, name) == ("button", "open-type") and _WORD.fullmatch(value) and len(value) <= 40:
            self.finds.add(f"button.{value}", line, self._limits)
        if (tag, name, value) == ("input", "type", "nickname"):
            self.finds.add("input.nickname", line, self._limits)
        source = value.encode(errors="replace")
        kind = _KIND.get(tag, "") if name == "src" else ""
        for found in ADDRESS.finditer(source):
            if origin := origin_at(source, found):
                self.finds.add_origin(origin, kind, line, self._limits)

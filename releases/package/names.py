"""Names of entries: what every device can store under exactly one path (rule V-4)."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from .findings import Findings, shown
from .limits import Limits

_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])[ ]*(?:\..*)?", re.IGNORECASE | re.DOTALL
)
_RESERVED_CHARACTERS = frozenset('<>:"|?*')
# Control, surrogate and unassigned code points: no file system keeps them alike.
_CONTROL = frozenset({"Cc", "Cs", "Cn"})
# Format characters and line separators are invisible: two names would look alike to a reviewer.
_INVISIBLE = frozenset({"Cf", "Zl", "Zp"})


# Putting combining marks in order takes quadratic time, so what can't be a name anyway is not normalised.
# NFC is at most three times shorter than NFD (Hangul).
LONGEST_NAME = 720


def normal(name: str) -> str:
    """The form (NFC) in which a name is compared and written."""
    return name if name.isascii() or len(name) > LONGEST_NAME else unicodedata.normalize("NFC", name)


def folded(segment: str) -> str:
    """The key under which a case-blind and normalising file system stores a segment."""
    if segment.isascii():
        return segment.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", segment).casefold())


def check_name(name: str, limits: Limits, findings: Findings) -> bool:
    """Report everything that is wrong with one entry name (folders end with a slash); True when nothing is."""
    problems = list(_problems(name, limits))
    for code, title, hint in problems:
        findings.error(code, title, where=shown(name), hint=hint, rule=_("File names"))
    return not problems


def check_path(path: str, limits: Limits, findings: Findings) -> None:
    """Report a path that is too deep or too long for what is delivered (V-2)."""
    depth, size = path.count("/") + 1, len(normal(path).encode(errors="replace"))
    if depth > limits.depth:
        title = _("A path has more than %(limit)d parts.") % {"limit": limits.depth}
        hint = _("Use fewer nested folders; this path has %(count)d parts.") % {"count": depth}
        findings.error("path-depth", title, where=shown(path), hint=hint, rule=_("File names"))
    if limits.path_bytes < size and len(path) <= LONGEST_NAME:
        code, title, hint = _too_long(size, limits)
        findings.error(code, title, where=shown(path), hint=hint, rule=_("File names"))


def _problems(name: str, limits: Limits) -> Iterator[tuple[str, str, str]]:
    if not name:
        yield "name-empty", _("A file in the archive has no name."), _("Pack the project again.")
        return
    if len(name) > LONGEST_NAME:
        yield _too_long(len(name.encode()), limits)
        return
    path = name.removesuffix("/")
    yield from _form_problems(path)
    yield from _character_problems(path)
    segments = path.split("/")
    if any(_RESERVED.fullmatch(segment) for segment in segments):
        yield (
            "name-reserved",
            _("A name is reserved by Windows."),
            _("Rename it; con, nul, aux, com1 and the like can’t be stored."),
        )
    if any(segment.endswith((".", " ")) and segment not in (".", "..") for segment in segments):
        yield (
            "name-trailing",
            _("A name ends with a dot or a space."),
            _("Rename it; Windows drops the last character."),
        )


def _too_long(size: int, limits: Limits) -> tuple[str, str, str]:
    hint = _("Use shorter names; this path has %(count)d bytes.") % {"count": size}
    return "path-length", _("A path is longer than %(limit)d bytes.") % {"limit": limits.path_bytes}, hint


def _form_problems(path: str) -> Iterator[tuple[str, str, str]]:
    segments = path.split("/")
    if path.startswith("/") or not path:
        yield "name-absolute", _("A path begins at the root of the file system."), _relative()
    elif "" in segments:
        yield "name-empty-segment", _("A path has an empty part."), _relative()
    if ".." in segments:
        yield "name-parent", _("A path points outside the package."), _relative()
    if "." in segments:
        yield "name-dot", _("A path has a part that is just dots."), _relative()
    if "\\" in path:
        yield (
            "name-backslash",
            _("A path has a backslash."),
            _("Separate folders with a slash. Use another packing tool."),
        )
    if len(path) > 1 and path[1] == ":" and path[0].isalpha():
        yield "name-drive", _("A path begins with a drive letter."), _relative()


def _relative() -> str:
    return _("Paths in a package are relative to its top folder. Pack the project again.")


def _character_problems(path: str) -> Iterator[tuple[str, str, str]]:
    if path.isascii() and path.isprintable():
        kinds: set[str] = set()
    else:
        kinds = {unicodedata.category(char) for char in path}
    if kinds & _CONTROL:
        yield "name-control", _("A name has a control character."), _("Rename the file.")
    if kinds & _INVISIBLE:
        yield "name-invisible", _("A name has an invisible character."), _("Rename the file.")
    if _RESERVED_CHARACTERS.intersection(path[2:] if path[1:2] == ":" else path):
        hint = _("Rename it; Windows can’t store names with %(characters)s.") % {"characters": '< > : " | ? *'}
        yield "name-character", _("A name has a character that some devices can’t store."), hint


@dataclass(slots=True)
class _Node:
    spelling: str
    is_file: bool
    listed: bool
    children: "dict[str, _Node]" = field(default_factory=dict)


class NameTree:
    """All names of one archive; finds those that collide on a case-blind file system."""

    def __init__(self, findings: Findings) -> None:
        self._root: dict[str, _Node] = {}
        self._findings = findings

    def add(self, name: str) -> None:
        """Enter one valid name and report a duplicate or collision."""
        segments = name.removesuffix("/").split("/")
        is_folder = name.endswith("/")
        level = self._root
        for position, segment in enumerate(segments):
            last = position == len(segments) - 1
            key = folded(segment)
            node = level.get(key)
            if node is None:
                node = level[key] = _Node(segment, last and not is_folder, last)
            elif not self._fits(node, segments, position, is_folder):
                return
            elif last:
                node.listed = True
            level = node.children

    def _fits(self, node: _Node, segments: list[str], position: int, is_folder: bool) -> bool:
        last = position == len(segments) - 1
        here = "/".join(segments[: position + 1])
        if node.spelling != segments[position]:
            other = "/".join([*segments[:position], node.spelling])
            self._report_spelling(other, here)
            return False
        if node.is_file != (last and not is_folder):
            title = _("The same path is a file and a folder.")
            self._report("name-file-folder", title, here, _("Rename one of them."))
            return False
        if last and node.listed:
            self._report(
                "name-duplicate",
                _("The archive has two entries with the same name."),
                here,
                _("Pack the project again."),
            )
            return False
        return True

    def _report_spelling(self, first: str, second: str) -> None:
        where = _("%(first)s and %(second)s") % {"first": shown(first), "second": shown(second)}
        if normal(first) == normal(second):
            title = _("Two names look the same and differ only in how accents are stored.")
            self._report("name-unicode", title, where, _("Devices can store only one of them. Rename one."))
        else:
            title = _("Two names differ only in upper and lower case.")
            hint = _("Devices whose file system ignores case can store only one of them. Rename one.")
            self._report("name-case", title, where, hint)

    def _report(self, code: str, title: str, where: str, hint: str) -> None:
        self._findings.error(code, title, where=where, hint=hint, rule=_("Unique names"))

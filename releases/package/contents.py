"""From archive entries to the files of a mini program: unwrapped, in NFC, without what is not packed (V-4,
V-5).
"""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .directory import Entry
from .file_types import is_noise, is_packed
from .findings import Findings, shown
from .names import normal

_LISTED_WARNINGS = 10


@dataclass(slots=True)
class Contents:
    """`files`: path in the package → entry. `left_out`: names in the upload that are not packed. `wrapper`:
    "folder/" or "".
    """

    files: dict[str, Entry] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    wrapper: str = ""
    _suffixes: dict[str, list[str]] = field(default_factory=dict)

    def size(self, path: str) -> int:
        return self.files[path].size

    def siblings(self, stem: str) -> list[str]:
        """Suffixes with dot of the files called `stem`, e.g. [".js", ".wxss"]."""
        if not self._suffixes:
            for path in self.files:
                head, dot, tail = path.rpartition(".")
                self._suffixes.setdefault(head, []).append(dot + tail)
        return sorted(self._suffixes.get(stem, []))


def arrange(entries: list[Entry], findings: Findings) -> Contents:
    """Sort out the entries of an archive; warns of what is left out."""
    contents = Contents()
    names = {normal(entry.name): entry for entry in entries if not entry.is_folder}
    noise = [name for name in names if is_noise(name)]
    contents.wrapper = _wrapper([name for name in names if not is_noise(name)])
    other = []
    for name, entry in names.items():
        if is_noise(name):
            continue
        if is_packed(name):
            contents.files[name.removeprefix(contents.wrapper)] = entry
        else:
            other.append(name)
    contents.left_out = sorted([*noise, *other])
    _warn_of_types(sorted(other), findings)
    _warn_of_noise(sorted(noise), findings)
    return contents


def _wrapper(names: list[str]) -> str:
    """The one top folder around everything, when app.json is in it."""
    if not names or "app.json" in names:
        return ""
    top = names[0].partition("/")[0] + "/"
    if top + "app.json" in names and all(name.startswith(top) for name in names):
        return top
    return ""


def _warn_of_types(names: list[str], findings: Findings) -> None:
    rule = _("File types")
    for name in names[:_LISTED_WARNINGS]:
        title = _("%(file)s has a type that is not packed and is left out.") % {"file": shown(name)}
        findings.warning("file-type", title, where=shown(name), rule=rule)
    more = len(names) - _LISTED_WARNINGS
    if more > 0:
        title = ngettext(
            "%(count)d more file has a type that is not packed and is left out.",
            "%(count)d more files have a type that is not packed and are left out.",
            more,
        ) % {"count": more}
        findings.warning("file-type", title, rule=rule)


def _warn_of_noise(names: list[str], findings: Findings) -> None:
    if names:
        title = ngettext(
            "%(count)d file of the operating system is left out.",
            "%(count)d files of the operating system are left out.",
            len(names),
        ) % {"count": len(names)}
        where = ", ".join(shown(name) for name in names[:3]) + (", …" if len(names) > 3 else "")
        findings.warning("system-file", title, where=where, rule=_("File types"))

"""What an inspection found, in words for the person who packed the file (rule V-3)."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .limits import KB, MB

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (error: the package is refused), doubtful (warning), or only to be known (note).

    `code` is a stable slug for machines; everything else is text in the language of the moment. `title` says
    what, `where` names the file, `detail` the line, key or size in it, `hint` how to put it right, `rule` the
    rule in words.
    """

    code: str
    severity: str
    title: str
    where: str = ""
    detail: str = ""
    hint: str = ""
    rule: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class RefusedError(Exception):
    """Raised after a finding that makes further reading of the archive pointless. Never leaves the package."""


class Findings:
    """Collects findings; keeps at most `limit` of each severity and counts the rest."""

    def __init__(self, limit: int = 200) -> None:
        self._limit = limit
        self._kept: dict[str, list[Finding]] = {ERROR: [], WARNING: [], NOTE: []}
        self._count = dict.fromkeys(self._kept, 0)

    def error(self, code: str, title: str, **text: str) -> None:
        self._add(Finding(code, ERROR, title, **text))

    def warning(self, code: str, title: str, **text: str) -> None:
        self._add(Finding(code, WARNING, title, **text))

    def note(self, code: str, title: str, **text: str) -> None:
        self._add(Finding(code, NOTE, title, **text))

    def refuse(self, code: str, title: str, **text: str) -> RefusedError:
        """Add an error and return the exception to raise."""
        self.error(code, title, **text)
        return RefusedError(code)

    @property
    def errors(self) -> int:
        return self._count[ERROR]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.listed())

    def listed(self) -> list[Finding]:
        """Errors, then warnings, then notes; at most `limit`, the last one then says how many more there are."""
        everything = [finding for kept in self._kept.values() for finding in kept]
        total = sum(self._count.values())
        if total <= self._limit:
            return everything
        kept = everything[: self._limit - 1]
        hidden = total - len(kept)
        severity = ERROR if self._count[ERROR] > len(kept) else WARNING
        title = ngettext("And %(count)d more finding.", "And %(count)d more findings.", hidden) % {"count": hidden}
        hint = _("Fix the problems above first.")
        return [*kept, Finding("more", severity, title, hint=hint, rule=_("Long list"))]

    def _add(self, finding: Finding) -> None:
        self._count[finding.severity] += 1
        if len(self._kept[finding.severity]) < self._limit:
            self._kept[finding.severity].append(finding)


def shown(text: str, width: int = 160) -> str:
    """A name from an upload made safe to print: invisible characters escaped, the middle of a long one left
    out.
    """
    if len(text) > width:
        text = text[: width // 2] + "…" + text[-(width // 2) :]
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape", "surrogatepass").decode() for char in text
    )


def human_size(size: int) -> str:
    """Bytes as people read them: 512 bytes, 52.3 KB, 2.31 MB."""
    if size < KB:
        return ngettext("%(count)d byte", "%(count)d bytes", size) % {"count": size}
    if size < MB:
        return _trimmed(f"{size / KB:.1f}") + " KB"
    return _trimmed(f"{size / MB:.2f}") + " MB"


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".")

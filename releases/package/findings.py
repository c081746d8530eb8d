"""What an inspection found, in words for the person who packed the file (rule V-3)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from django.utils.translation import ngettext

from .limits import KB, MB
from .wording import Parameters, place_of, words_of

ERROR: Final = "error"
WARNING: Final = "warning"
NOTE: Final = "note"
_WORDS = ("code", "severity", "title", "where", "detail", "hint", "rule")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (error: the package is refused), doubtful (warning), or only to be known (note).

    `code` is a stable slug for machines; everything else is text in the language of the moment. `title` says
    what, `where` names the file, `detail` the line, key or size in it, `hint` how to put it right, `rule` the
    rule in words. `parameters` are what the words of a warning or note are made of; an error, which nobody keeps,
    has none.
    """

    code: str
    severity: str
    title: str
    where: str = ""
    detail: str = ""
    hint: str = ""
    rule: str = ""
    parameters: Parameters = field(default_factory=dict)

    @classmethod
    def worded(cls, code: str, severity: str, **parameters: Any) -> Self:
        """Put a warning or note into words, or "more" of any severity; `where`, `line` and `key` are its place."""
        line, key = parameters.get("line", 0), parameters.get("key", "")
        return cls(
            code,
            severity,
            **words_of(code, parameters)._asdict(),
            where=parameters.get("where", ""),
            detail=place_of(line, key) if line else "",
            parameters=parameters,
        )

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """Return a warning or note that was stored; earlier releases stored the words, which stay as they are."""
        return cls(**stored) if "title" in stored else cls.worded(**stored)

    def stored(self) -> dict[str, Any]:
        """Return a warning or note as plain values without words, for `read`."""
        return {"code": self.code, "severity": self.severity, **self.parameters}

    def as_dict(self) -> dict[str, str]:
        """Return the words as plain values."""
        return {name: getattr(self, name) for name in _WORDS}


class RefusedError(Exception):
    """Raised after a finding that makes further reading of the archive pointless. Never leaves the package."""


class Findings:
    """Collects findings; keeps at most `limit` of each severity and counts the rest."""

    def __init__(self, limit: int = 200) -> None:
        self._limit = limit
        self._kept: dict[str, list[Finding]] = {ERROR: [], WARNING: [], NOTE: []}
        self._count = dict.fromkeys(self._kept, 0)

    def error(
        self, code: str, title: str, *, where: str = "", detail: str = "", hint: str = "", rule: str = ""
    ) -> None:
        self._add(Finding(code, ERROR, title, where, detail, hint, rule))

    def warning(self, code: str, **parameters: str | int) -> None:
        self._add(Finding.worded(code, WARNING, **parameters))

    def note(self, code: str, **parameters: str | int) -> None:
        self._add(Finding.worded(code, NOTE, **parameters))

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
        return [*kept, Finding.worded("more", severity, count=hidden)]

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

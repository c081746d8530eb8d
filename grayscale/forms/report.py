"""What was read of a txt, in words (G-3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core.text import listed
from grayscale.models import ObjectList
from grayscale.txt import Fault

NAMED_LINES = 5  # in a sentence
InvalidLine = list[Any]  # number, text, Fault


class Report:
    """What was read of a file, in words."""

    def __init__(self, row: ObjectList, *, accepted: bool = False) -> None:
        self.row, self.accepted = row, accepted

    @property
    def summary(self) -> str:
        """“5,020 lines, 205 duplicate or blank dropped, 3 invalid”."""
        row, dropped = self.row, self.row.blanks + self.row.duplicates
        parts = [ngettext("%(count)s line", "%(count)s lines", row.lines) % {"count": f"{row.lines:,}"}]
        if dropped:
            parts.append(_("%(count)s duplicate or blank skipped") % {"count": f"{dropped:,}"})
        if row.invalid:
            parts.append(_("%(count)s invalid") % {"count": f"{row.invalid:,}"})
        return listed(parts)

    @property
    def imports(self) -> str:
        """How many values come of it."""
        count = self.row.count
        return ngettext("%(count)s value", "%(count)s values", count) % {"count": f"{count:,}"}

    @property
    def undecided(self) -> bool:
        """There are invalid lines, and the user has not accepted to go on without them."""
        return bool(self.row.invalid) and not self.accepted

    @property
    def decide(self) -> str:
        """What is left to do."""
        count = self.row.invalid
        words = ngettext(
            "Decide what to do with the %(count)s invalid line first.",
            "Decide what to do with the %(count)s invalid lines first.",
            count,
        )
        return words % {"count": f"{count:,}"}

    @property
    def accept(self) -> str:
        """The button's words."""
        return _("Import %(count)s valid") % {"count": f"{self.row.count:,}"}

    @property
    def sentences(self) -> list[str]:
        """Which lines are invalid, and why."""
        return sentences(self.row.invalid_lines, self.row.invalid)

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """The invalid lines that were kept: number, text, why."""
        return [(f"{number:,}", text, str(Fault(fault).label)) for number, text, fault in self.row.invalid_lines]

    @property
    def more(self) -> str:
        """How many invalid lines are not listed."""
        count = self.row.invalid - len(self.row.invalid_lines)
        words = ngettext("%(count)s more line is not listed.", "%(count)s more lines are not listed.", count)
        return words % {"count": f"{count:,}"} if count else ""


def sentences(faults: Iterable[InvalidLine], total: int) -> list[str]:
    """Say which lines are wrong, a sentence for each fault; `total` counts also those that were not kept."""
    by_fault: dict[str, list[int]] = {}
    for number, _text, fault in faults:
        by_fault.setdefault(fault, []).append(number)
    unnamed = total - sum(map(len, by_fault.values()))
    single = unnamed if len(by_fault) == 1 else 0
    found = [_sentence(Fault(fault), numbers, single) for fault, numbers in by_fault.items()]
    if unnamed and not single:
        words = ngettext("%(count)s more line is invalid.", "%(count)s more lines are invalid.", unnamed)
        found.append(words % {"count": f"{unnamed:,}"})
    return found


def _sentence(fault: Fault, numbers: list[int], unnamed: int) -> str:
    count = len(numbers) + unnamed
    words = {
        Fault.GUID: ngettext(
            "Line %(lines)s is not a GUID (32 digits beginning with 0302 or 0303).",
            "Lines %(lines)s are not GUIDs (32 digits beginning with 0302 or 0303).",
            count,
        ),
        Fault.LONG: ngettext(
            "Line %(lines)s is longer than 128 characters.", "Lines %(lines)s are longer than 128 characters.", count
        ),
        Fault.CONTROL: ngettext(
            "Line %(lines)s has a control character.", "Lines %(lines)s have a control character.", count
        ),
    }
    return words[fault] % {"lines": _enumerated(numbers, unnamed)}


def _enumerated(numbers: list[int], unnamed: int) -> str:
    """“118, 902 and 4,417”, “1, 2, 3, 4, 5 and 20 more”."""
    named = [f"{number:,}" for number in numbers[:NAMED_LINES]]
    if more := len(numbers) - len(named) + unnamed:
        return _("%(lines)s and %(count)s more") % {"lines": listed(named), "count": f"{more:,}"}
    if len(named) == 1:
        return named[0]
    return _("%(lines)s and %(last)s") % {"lines": listed(named[:-1]), "last": named[-1]}

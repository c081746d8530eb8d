"""What an error of a version is, and what a share of devices with errors means: one definition for all pages (G-13).

A device has an error in a span of time, an hour where nothing else is said, when its update to the version failed or it
logged an entry of level error with it. It counts when it reported or logged with the version at all; once, whatever it
sent. So a share is always of devices, never of updates or entries. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core.text import decimals, percentage

SURE = 1.96  # standard errors to each side: 95 of 100 such ranges hold the true share


@dataclass(frozen=True)
class Figures:
    """Devices that ran a version or tried to, and how many of them had an error; each device counts once."""

    devices: int = 0
    bad: int = 0

    @property
    def rate(self) -> float | None:
        """How many of a hundred devices had an error; None without any."""
        return 100 * self.bad / self.devices if self.devices else None

    @property
    def likely(self) -> tuple[float, float]:
        """Between which percentages the true share lies in 95 of 100 cases (Wilson's interval); 0–100 without any."""
        if not self.devices:
            return 0.0, 100.0
        share, z = self.bad / self.devices, SURE * SURE / self.devices
        centre = (share + z / 2) / (1 + z)
        half = SURE * math.sqrt(share * (1 - share) / self.devices + z / (4 * self.devices)) / (1 + z)
        return max(0.0, 100 * (centre - half)), min(100.0, 100 * (centre + half))


class Meaning(StrEnum):
    """What a share of devices with errors means for what watches it; the value names its colour in pages."""

    OVER = "over"
    NEARLY = "nearly"  # over the limit, of too few devices yet
    WITHIN = "within"
    FEW = "few"
    UNGUARDED = "unguarded"
    REFERENCE = "reference"  # of the online version, beside another one
    NOTHING = "nothing"


ICONS = {Meaning.OVER: "alert-triangle", Meaning.NEARLY: "alert-triangle", Meaning.WITHIN: "check"}


@dataclass(frozen=True, kw_only=True)
class ErrorRate:
    """A version's share of devices with errors, for pages: value, range, meaning.

    `limit` is the guardrail's in percent, where it has one; it acts from `acts_at` devices on.
    """

    number: str
    figures: Figures
    meaning: Meaning = Meaning.UNGUARDED
    limit: Decimal | None = None
    acts_at: int = 0

    @property
    def percent(self) -> str:
        """“3.1 %”, “–” of no device."""
        return percent(self.figures.rate)

    @property
    def limit_words(self) -> str:
        """The limit, as `percent` has it; "" without one."""
        return "" if self.limit is None else percent(float(self.limit))

    @property
    def icon(self) -> str:
        """Beside the word, as a colour alone says nothing to some."""
        return ICONS.get(self.meaning, "info-circle")

    @property
    def word(self) -> str:
        """What it means, in a few words; "" of what is beside it for comparison."""
        return {
            Meaning.OVER: _("Over the limit"),
            Meaning.NEARLY: _("Over the limit, but too few devices to act"),
            Meaning.WITHIN: _("Within the limit"),
            Meaning.FEW: _("Too few devices"),
            Meaning.UNGUARDED: _("No guardrail"),
            Meaning.NOTHING: _("No data"),
        }.get(self.meaning, "")

    @property
    def sentence(self) -> str:
        """What it means and when the guardrail acts: “Over the limit; acts at 500 devices, 337 now.”"""
        words = {
            Meaning.OVER: _("Over the limit of its guardrail."),
            Meaning.NEARLY: self._acts(
                ngettext(
                    "Over the limit. The guardrail acts at %(count)s device, %(now)s now.",
                    "Over the limit. The guardrail acts at %(count)s devices, %(now)s now.",
                    self.acts_at,
                )
            ),
            Meaning.WITHIN: _("Within the limit of its guardrail."),
            Meaning.FEW: self._acts(
                ngettext(
                    "Too few devices. The guardrail acts at %(count)s device, %(now)s now.",
                    "Too few devices. The guardrail acts at %(count)s devices, %(now)s now.",
                    self.acts_at,
                )
            ),
            Meaning.UNGUARDED: _("No guardrail watches this version, so it has no limit."),
            Meaning.NOTHING: _("No device in this comparison sent a report or log from this version in that time."),
        }
        return words.get(self.meaning, "")

    def _acts(self, words: str) -> str:
        return words % {"count": f"{self.acts_at:,}", "now": f"{self.figures.devices:,}"}

    @property
    def range(self) -> str:
        """How sure it is: “Likely 2.6–3.7 %, from 1,204 devices.”; "" without devices."""
        if not self.figures.devices:
            return ""
        devices = self.figures.devices
        words = ngettext(
            "Likely %(range)s, based on %(count)s device.", "Likely %(range)s, based on %(count)s devices.", devices
        )
        low, high = (decimals(round(value, 1)) for value in self.figures.likely)
        return words % {"range": percentage(f"{low}–{high}"), "count": f"{devices:,}"}


@dataclass(frozen=True)
class Commonest:
    """The error with the most log entries of a version: `entries` of `total` (of `more` than that, where not all were
    counted); `is_new`: no other version had it in all that is kept.
    """

    error: str
    entries: int
    total: int
    more: bool
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What devices report of a version beside the online one: over the hour before `looked_at`, or before now (None).

    `has_logs`: whether the logs answered; else reports alone were counted.
    """

    ours: ErrorRate
    online: ErrorRate | None = None
    looked_at: datetime | None = None
    has_logs: bool = True
    commonest: Commonest | None = None

    @property
    def bars(self) -> list[tuple[ErrorRate, str]]:
        """The rows of the chart, each with the length of its bar, of 100."""
        return [(rate, self._x(rate.figures.rate or 0)) for rate in self._rates]

    @property
    def limit_x(self) -> str:
        """Where the limit is drawn, of 100; "" without one."""
        return "" if self.ours.limit is None else self._x(float(self.ours.limit))

    @property
    def _rates(self) -> list[ErrorRate]:
        return [self.ours, *([self.online] if self.online else [])]

    def _x(self, rate: float) -> str:
        ends = [one.figures.rate or 0.0 for one in self._rates] + [float(self.ours.limit or 0), 0.8]
        return f"{100 * rate / min(1.3 * max(ends), 100):.1f}"


def percent(rate: float | None) -> str:
    """Return “12.5 %”, “0.25 %”: two decimals below ten, one above; “–” for None."""
    return "–" if rate is None else percentage(figure(rate))


def figure(rate: float) -> str:
    """Return the same without its sign."""
    return decimals(round(rate, 1) if rate >= 10 else rate)

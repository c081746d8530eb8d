"""What the form of a task says of a guardrail on past data: sentences, and an hour's bar each (G-13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core import times
from grayscale.backtest import HOUR, Moment, Past, Verdict
from grayscale.guardrail import Guardrail, harm
from grayscale.guardrail_words import harm_words, rate_words

HEIGHT = 56  # of the chart; an hour is 4 wide
STEP = 4


@dataclass(frozen=True)
class Bar:
    """An hour's highest error rate: `kind` is acts, quiet (too few devices) or fine."""

    x: int
    y: float
    height: float
    kind: str
    words: str


class Tried:
    """A guardrail on the past of a program; of none, why there is nothing to say."""

    def __init__(self, guardrail: Guardrail, past: Past) -> None:
        self.guardrail, self.past = guardrail, past
        self.verdict = Verdict(guardrail, past)

    @property
    def is_complete(self) -> bool:
        """Whether all hours are known; else the next look carries on."""
        return self.past.looked >= self.past.total or not self.past.versions

    @property
    def acts(self) -> list[str]:
        """When it would have suspended which version, and what it would have seen."""
        return [self._acted(moment) for moment in self.verdict.acts if not moment.is_online]

    @property
    def too_tight(self) -> str:
        """Say so where the online version itself exceeds a limit."""
        moment = next((moment for moment in self.verdict.acts if moment.is_online), None)
        if moment is None:
            return ""
        words = _("%(number)s also exceeded this limit while it was online, on %(time)s: %(harm)s.")
        return words % {"number": moment.number, "harm": self._harm(moment), "time": times.exact(moment.start)}

    @property
    def quiet(self) -> str:
        """Say what came nearest where it would not have acted."""
        if self.verdict.acts:
            return ""
        if moment := self.verdict.highest:
            words = _("It wouldn’t have suspended the task. Highest hour: %(rate)s with errors (%(number)s, %(time)s).")
            figures = moment.seen.ours
            rate = rate_words(figures.bad, figures.devices)
            return words % {"rate": rate, "number": moment.number, "time": times.exact(moment.start)}
        if moment := self.verdict.busiest:
            words = ngettext(
                "It wouldn’t have suspended the task: no hour had that many devices. The busiest had %(count)s.",
                "It wouldn’t have suspended the task: no hour had that many devices. The busiest had %(count)s.",
                moment.seen.ours.devices,
            )
            return words % {"count": f"{moment.seen.ours.devices:,}"}
        return _("No device reported or logged anything in that time, so there is no data to test with.")

    @property
    def span(self) -> str:
        """What was looked at."""
        days = round((self.past.end - self.past.start).total_seconds() / 86_400)
        words = ngettext("The last day, hour by hour", "The last %(days)d days, hour by hour", days)
        return words % {"days": days}

    @property
    def so_far(self) -> str:
        """How much of it is known, where that is not all."""
        if self.is_complete:
            return ""
        words = _("%(looked)d of %(total)d hours checked so far.")
        return words % {"looked": self.past.looked, "total": self.past.total}

    def _acted(self, moment: Moment) -> str:
        words = _("It would have suspended %(number)s on %(time)s: %(harm)s.")
        return words % {"number": moment.number, "time": times.exact(moment.start), "harm": self._harm(moment)}

    def _harm(self, moment: Moment) -> str:
        return harm_words(harm(self.guardrail, moment.seen, moment.broken)) if moment.broken else ""

    # Chart --------------------------------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """Of the chart."""
        return STEP * self.past.total

    @property
    def height(self) -> int:
        """Of the chart."""
        return HEIGHT

    @property
    def top(self) -> float:
        """The rate at the upper edge, in percent."""
        rates = [moment.rate for moment in self.verdict.counted or self.verdict.moments]
        return max(1.25 * max([float(self.guardrail.rate or 0), *rates]), 0.1)

    @property
    def limit_y(self) -> float | None:
        """Where the line of the limit is."""
        return None if self.guardrail.rate is None else round(HEIGHT * (1 - float(self.guardrail.rate) / self.top), 1)

    @property
    def has_quiet(self) -> bool:
        """Whether some hours do not count."""
        return len(self.verdict.counted) < len(self.verdict.moments)

    @property
    def too_few(self) -> str:
        """What a grey bar means."""
        count = self.guardrail.devices
        words = ngettext("fewer than %(count)s device", "fewer than %(count)s devices", count)
        return words % {"count": f"{count:,}"}

    @property
    def bars(self) -> list[Bar]:
        """The worst version of each hour, oldest first."""
        hours: dict[object, list[Moment]] = {}
        for moment in self.verdict.moments:
            hours.setdefault(moment.start, []).append(moment)
        return [self._bar(moments) for moments in hours.values()]

    def _bar(self, moments: Sequence[Moment]) -> Bar:
        counted = [moment for moment in moments if moment.seen.ours.devices >= self.guardrail.devices]
        worst = max(counted or moments, key=lambda moment: (moment.broken is not None, moment.rate))
        figures = worst.seen.ours
        height = min(max(round(HEIGHT * worst.rate / self.top, 1), 1), HEIGHT)
        kind = "acts" if worst.broken else "fine" if counted else "quiet"
        words = f"{times.exact(worst.start)}, {worst.number}: {rate_words(figures.bad, figures.devices)}"
        x = STEP * ((worst.start - self.past.start) // HOUR)
        return Bar(x, HEIGHT - height, height, kind, words)

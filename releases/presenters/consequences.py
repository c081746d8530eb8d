"""What a publish or a roll back does to devices and to the offline package, and what speaks for or against it.

Beside it a dialog lists other effects, as the verb reports them (docs/adr/0029). Here nothing is guessed: a figure that
is not known is None, and the page says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.hosts.models import HostApplication
from miniprograms.models import MiniProgram
from releases.field.errors import Evidence
from releases.field.spread import HigherTask, Spread, spread_of
from releases.models import Version
from releases.offline.actions import file_name
from releases.offline.presenters import presets_of
from releases.signals import errors_asked, release_considered


@dataclass(frozen=True)
class Landing:
    """An application: devices that were seen, that have the version already, and that a task gives a higher one."""

    application: HostApplication
    seen: int
    has: int
    higher: int

    @property
    def gets(self) -> int:
        """How many get the version."""
        return max(0, self.seen - self.has - self.higher)  # Each is rounded by itself where they are scaled.


@dataclass
class Consequences:
    """Of releasing `version` over `online`, for the applications that are bound now."""

    program: MiniProgram
    version: Version
    online: Version | None
    applications: Sequence[HostApplication]
    at: datetime

    # Devices ------------------------------------------------------------------------------------------------------

    @cached_property
    def tasks(self) -> list[HigherTask]:
        """The grayscale tasks of higher versions, which go on."""
        answers: list[tuple[Any, Any]] = release_considered.send(sender=Version, version=self.version)
        return [task for _receiver, found in answers for task in found]

    @cached_property
    def spread(self) -> Spread:
        """The devices of the last 30 days."""
        return spread_of(self.version, online=self.online, tasks=self.tasks, at=self.at)

    @cached_property
    def landings(self) -> list[Landing]:
        """The applications, in their order; one without devices has 0 of both."""
        counts = (self.spread.seen, self.spread.has, self.spread.higher)
        return [Landing(one, *(count.get(one.pk, 0) for count in counts)) for one in self.applications]

    @property
    def gets(self) -> int | None:
        """How many devices get it; None where no device was seen."""
        return sum(one.gets for one in self.landings) if self.has_devices else None

    @property
    def has(self) -> int:
        """How many have it already."""
        return sum(one.has for one in self.landings)

    @property
    def has_devices(self) -> bool:
        """Whether any device of these applications was seen."""
        return any(one.seen for one in self.landings)

    @property
    def heading(self) -> str:
        """“943,600 devices get 2.5.0”, “About …”, “More than …”."""
        if self.gets is None:
            return _("Devices")
        count = self.gets
        words = ngettext("%(count)s device gets %(number)s", "%(count)s devices get %(number)s", count)
        if self.spread.beyond:
            words = ngettext(
                "More than %(count)s device gets %(number)s", "More than %(count)s devices get %(number)s", count
            )
        elif not self.spread.exact:
            words = ngettext("About %(count)s device gets %(number)s", "About %(count)s devices get %(number)s", count)
        return words % {"count": f"{count:,}", "number": self.version}

    @property
    def reach(self) -> str:
        """“on devices of 2 apps, at their next start”."""
        count = len(self.applications)
        words = ngettext(
            "on devices of %(count)s app, at their next start",
            "on devices of %(count)s apps, at their next start",
            count,
        )
        return words % {"count": count} if count else _("on no device: no host app is bound")

    # The offline package ------------------------------------------------------------------------------------------

    @property
    def file(self) -> str:
        """What the offline package is called afterwards."""
        return file_name(self.program, self.version.number)

    @cached_property
    def presets(self) -> list[tuple[str, list[str]]]:
        """The versions that applications were given to ship built in, other than this one, and to which."""
        found: dict[str, list[str]] = {}
        for preset in presets_of(self.program):
            if preset.state in ("current", "stale") and preset.number != self.version.number:
                found.setdefault(preset.number, []).append(preset.name)
        return list(found.items())

    # Errors -------------------------------------------------------------------------------------------------------

    @cached_property
    def evidence(self) -> Evidence | None:
        """What devices report of its errors; None where none has it yet."""
        answers: list[tuple[Any, Any]] = errors_asked.send(sender=Version, version=self.version, online=self.online)
        return next((found for _receiver, found in answers if found), None)

    @property
    def meet(self) -> int | None:
        """About how many of the devices that get it would have an error; None where that is not known."""
        rate = self.evidence.ours.figures.rate if self.evidence else None
        return rounded(rate / 100 * self.gets) if rate and self.gets else None


def rounded(count: float) -> int:
    """Return a count with the three digits that say something: 29,251.6 → 29,300."""
    whole = round(count)
    unit = 10 ** max(len(str(whole)) - 3, 0)
    return round(whole / unit) * unit

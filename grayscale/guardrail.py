"""When a version does so much harm that its task suspends by itself (G-13). Pure: figures in, verdict out."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from releases.field.errors import ErrorRate, Figures, Meaning


class Breach(StrEnum):
    """What was broken: the limit of the error rate, or that of the distance to the online version."""

    RATE = "rate"
    POINTS = "points"


@dataclass(frozen=True, kw_only=True)
class Guardrail:
    """`rate` in percent and `points` in percentage points, one of them at least; `devices` before it acts at all."""

    rate: Decimal | None = None
    points: Decimal | None = None
    devices: int

    def plain(self) -> dict[str, Any]:
        """Return it as an activity entry holds it: {"rate": "5", "points": None, "devices": 100}."""
        return {"rate": _text(self.rate), "points": _text(self.points), "devices": self.devices}


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a look saw: the version's figures and those of the online version, named `number`.

    `since`: from when on it counted, ISO. `logs`: whether the log store answered; else reports alone were counted.
    """

    since: str
    ours: Figures = field(default_factory=Figures)
    online: Figures = field(default_factory=Figures)
    number: str = ""
    logs: bool = True

    def plain(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Seen:
        """Return what `plain` has made."""
        return cls(**{**plain, "ours": Figures(**plain["ours"]), "online": Figures(**plain["online"])})


def breach(guardrail: Guardrail, ours: Figures, online: Figures) -> Breach | None:
    """Return which limit the figures exceed; None while they keep to both, or where too few devices were seen.

    The distance to the online version is only looked at where that, too, has as many devices: a rate of three devices
    says nothing. Exact: no rounding decides.
    """
    if ours.devices < guardrail.devices:
        return None
    if guardrail.rate is not None and 100 * ours.bad > guardrail.rate * ours.devices:
        return Breach.RATE
    if guardrail.points is not None and online.devices >= max(guardrail.devices, 1):
        worse = 100 * (ours.bad * online.devices - online.bad * ours.devices)
        if worse > guardrail.points * ours.devices * online.devices:
            return Breach.POINTS
    return None


def exceeded(guardrail: Guardrail, seen: Seen) -> Breach | None:
    """Return which limit a look's figures exceed for people who decide, also before the guardrail acts itself.

    Of fewer devices than it acts at, a limit of the error rate is exceeded when all of the likely range is above it.
    """
    ours, online = seen.ours, seen.online
    if broken := breach(guardrail, ours, online):
        return broken
    if not 0 < ours.devices < guardrail.devices:
        return None
    broken = breach(replace(guardrail, devices=ours.devices), ours, online)
    is_sure = broken != Breach.RATE or ours.likely[0] > float(guardrail.rate or 0)
    return broken if is_sure else None


def is_looser(before: Guardrail | None, after: Guardrail | None) -> bool:
    """Return whether `after` lets something pass that `before` stopped: a higher limit, one less, or more devices."""
    if before is None:
        return False
    return after is None or any(
        (
            _is_raised(before.rate, after.rate),
            _is_raised(before.points, after.points),
            after.devices > before.devices,
        )
    )


def _is_raised(before: Decimal | None, after: Decimal | None) -> bool:
    return before is not None and (after is None or after > before)


def error_rate(number: str, guardrail: Guardrail | None, seen: Seen) -> ErrorRate:
    """Return what a look makes of the version's share of devices with errors (G-13), for pages."""
    limit, acts_at = (guardrail.rate, guardrail.devices) if guardrail else (None, 0)
    meaning = _meaning(guardrail, seen)
    return ErrorRate(number=number, figures=seen.ours, meaning=meaning, limit=limit, acts_at=acts_at)


def online_rate(seen: Seen) -> ErrorRate | None:
    """Return the online version's share, for comparison; None where nothing was online."""
    if not seen.number:
        return None
    return ErrorRate(number=seen.number, figures=seen.online, meaning=Meaning.REFERENCE)


def _meaning(guardrail: Guardrail | None, seen: Seen) -> Meaning:
    ours, online = seen.ours, seen.online
    if not ours.devices:
        return Meaning.NOTHING
    if guardrail is None:
        return Meaning.UNGUARDED
    if breach(guardrail, ours, online):
        return Meaning.OVER
    if exceeded(guardrail, seen):
        return Meaning.NEARLY
    can_compare = guardrail.rate is not None or online.devices >= guardrail.devices
    return Meaning.WITHIN if ours.devices >= guardrail.devices and can_compare else Meaning.FEW


def harm(guardrail: Guardrail, seen: Seen, broken: Breach) -> dict[str, Any]:
    """Return what an activity entry holds of a suspension: plain values, which each reader sees in their words."""
    values: dict[str, Any] = {"devices": seen.ours.devices, "bad": seen.ours.bad}
    if broken == Breach.RATE:
        return values | {"limit": _text(guardrail.rate)}
    online = {"online": seen.number, "online_devices": seen.online.devices, "online_bad": seen.online.bad}
    return values | online | {"points": _text(guardrail.points)}


def _text(value: Decimal | None) -> str | None:
    """Return “5” or “0.25”: no exponent, and no zeros at the end."""
    if value is None:
        return None
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

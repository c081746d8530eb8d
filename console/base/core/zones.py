"""Time zones of readers: which there are, and how the one of a page is named (P-9)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils import timezone

LONGEST = 64  # characters of a name; the longest there is has 32
NO_ZONES = {"Factory", "localtime", "posixrules"}  # files beside the zones: “not set”, and that of this machine


@cache
def names() -> frozenset[str]:
    """Return every name that this machine knows, old ones too: browsers and systems send those."""
    return frozenset(available_timezones() - NO_ZONES)


@cache
def places() -> tuple[str, ...]:
    """Return the names to choose from: places of continents and oceans, and UTC."""
    return ("UTC", *sorted(name for name in names() if "/" in name and not name.startswith(("Etc/", "US/"))))


def zone_of(name: str) -> ZoneInfo | None:
    """Return the zone of that name; None for anything else, as people's browsers can send anything."""
    return ZoneInfo(name) if name in names() else None


def offset(at: datetime) -> str:
    """Return how far the clock of an aware `at` is from UTC: “UTC+8”, “UTC-3:30”, “UTC”."""
    minutes = int((at.utcoffset() or timedelta()).total_seconds() // 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '-'}{hours}{f':{rest:02}' if rest else ''}"


def words() -> str:
    """Name the zone that pages are in now: “Asia/Shanghai (UTC+8)”, “UTC”."""
    name, clock = timezone.get_current_timezone_name(), offset(timezone.localtime())
    return name if name == clock else f"{name} ({clock})"


def differs() -> bool:
    """Whether the reader's clock shows another time than the platform's, today."""
    now = timezone.now()
    return timezone.localtime(now).utcoffset() != timezone.localtime(now, timezone.get_default_timezone()).utcoffset()

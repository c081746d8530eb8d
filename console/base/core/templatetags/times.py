"""Times as pages say them, in the zone of the reader (P-9). Loaded everywhere as a builtin, as console.py says."""

from typing import Any

from django import template
from django.conf import settings
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from console.base.core import times, zones

register = template.Library()


@register.simple_tag
def ago(at: Any, now: Any = None) -> SafeString | str:
    """Say when, relative within a week; exact on hover. `now` is another clock's than this machine's."""
    return _time(at, times.relative(at, now)) if at else ""


@register.simple_tag
def exact(at: Any) -> SafeString | str:
    """Say when, exactly: windows and records."""
    return _time(at, times.exact(at)) if at else ""


@register.simple_tag
def clock(at: Any) -> SafeString | str:
    """Say at what time, below the heading of its day."""
    return _time(at, f"{timezone.localtime(at):%H:%M}") if at else ""


@register.simple_block_tag
def timed(content: str, at: Any) -> SafeString:
    """Give words that say how long, “waiting 52 h”, the exact time that they count from, or to."""
    words = '<time datetime="{}" title="{}" data-words>{}</time>'
    return format_html(words, at.isoformat(), times.full(at), content)


@register.filter
def full_time(at: Any) -> str:
    """Say when, exactly, and by which clock: “22 Nov 2026, 03:41 UTC+8”, for mails and print."""
    return times.full(at)


@register.simple_tag
def full_time_now() -> str:
    """Say when a page was made, exactly and by which clock, for print."""
    return times.full(timezone.now())


@register.simple_tag
def time_zone() -> str:
    """Name the zone that the page's times are in: “Asia/Shanghai (UTC+8)”."""
    return zones.words()


@register.simple_tag
def zone_data() -> SafeString:
    """Give scripts the page's zone, and the cookie in which they name the browser's."""
    words = 'data-zone="{}" data-zone-cookie="{}"'
    return format_html(words, timezone.get_current_timezone_name(), settings.TIME_ZONE_COOKIE_NAME)


@register.simple_tag
def platform_days() -> str:
    """Say when a day of the platform begins, beside what counts by days; nothing where the reader's begin then, too."""
    return times.day_begins()


@register.filter(expects_localtime=True)
def day(at: Any) -> str:
    """Say which day: “22 Nov 2026”."""
    return times.day_and_year(at)


@register.filter(expects_localtime=True)
def short_day(at: Any) -> str:
    """Say which day of this year: “22 Nov”."""
    return times.day_of_year(at)


@register.filter(expects_localtime=True)
def month(at: Any) -> str:
    """Say which month: “Nov”."""
    return str(times.MONTHS[at.month - 1])


@register.filter
def long_day(at: Any) -> str:
    """Say which day, with its weekday: “Sunday, 22 Nov 2026”."""
    return times.long(at)


def _time(at: Any, words: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), times.full(at), words)

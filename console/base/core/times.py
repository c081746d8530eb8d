"""How the console writes times: relative within a week, exact in records; in the reader's language.

The order of the parts is the translation's: “22 Nov 2026, 03:41” and “2026年11月22日 03:41”.
"""

from datetime import UTC, date, datetime

from django.db import connection
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from console.base.core import zones

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # before anything that the console keeps
HOUR = 3600
MONTHS = (
    pgettext_lazy("short month", "Jan"),
    pgettext_lazy("short month", "Feb"),
    pgettext_lazy("short month", "Mar"),
    pgettext_lazy("short month", "Apr"),
    pgettext_lazy("short month", "May"),
    pgettext_lazy("short month", "Jun"),
    pgettext_lazy("short month", "Jul"),
    pgettext_lazy("short month", "Aug"),
    pgettext_lazy("short month", "Sep"),
    pgettext_lazy("short month", "Oct"),
    pgettext_lazy("short month", "Nov"),
    pgettext_lazy("short month", "Dec"),
)


# The platform's own zone ----------------------------------------------------------------------------------------


def platform_time(at: datetime | None = None) -> datetime:
    """Return `at`, or now, in the platform's own zone (TIME_ZONE), whatever zone its reader's pages are in (P-9)."""
    return timezone.localtime(at, timezone.get_default_timezone())


def platform_day(at: datetime | None = None) -> date:
    """Return the day of `at`, or today, in the platform's own zone: rules, limits and numbers use it (P-9)."""
    return platform_time(at).date()


def platform_midnight(at: datetime | None = None) -> datetime:
    """Return when the platform's day of `at`, or today, began."""
    return platform_time(at).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)


def day_begins() -> str:
    """Say when days of the platform begin, beside values that use it; "" if the reader's begin then, too (P-9)."""
    words = _("Days begin at 00:00 %(zone)s.")
    return words % {"zone": timezone.get_default_timezone_name()} if zones.differs() else ""


def begins(midnight: datetime) -> str:
    """Return “1 Dec” for when a day of the platform begins; “1 Dec, 00:00 Asia/Shanghai” for readers elsewhere."""
    local = platform_time(midnight)
    words = day_of_year(local) if local.year == platform_day().year else day_and_year(local)
    if timezone.localtime(midnight).utcoffset() == local.utcoffset():
        return words
    return at_time(words, f"{local:%H:%M} {timezone.get_default_timezone_name()}")


# Words, in the reader's zone ------------------------------------------------------------------------------------


def relative(at: datetime, now: datetime | None = None) -> str:
    """Return “8 min ago”, “yesterday, 16:20”, “3 days ago”; the date after a week, and for what is to come.

    `now` is given where this machine's clock is not to be trusted.
    """
    now = timezone.localtime(now)
    local = timezone.localtime(at)
    seconds = (now - local).total_seconds()
    days = (now.date() - local.date()).days
    if seconds < -60 or days >= 7:
        return day(local)
    if seconds < 60:
        return _("just now")
    if seconds < HOUR:
        return _("%(minutes)d min ago") % {"minutes": seconds // 60}
    if days == 0:
        return _("%(hours)d h ago") % {"hours": seconds // HOUR}
    if days == 1:
        return _("yesterday, %(time)s") % {"time": f"{local:%H:%M}"}
    return ngettext("%(days)d day ago", "%(days)d days ago", days) % {"days": days}


def days_until(at: datetime) -> int:
    """Return in how many days of the reader's calendar `at` is: 1 for any time tomorrow."""
    return (timezone.localdate(at) - timezone.localdate()).days


def day(at: datetime) -> str:
    """Return “22 Nov”, with the year when it is another one."""
    local = timezone.localtime(at)
    return day_of_year(local) if local.year == timezone.localtime().year else day_and_year(local)


def exact(at: datetime) -> str:
    """Return “22 Nov, 03:41”, with the year when it is another one."""
    return at_time(day(at), f"{timezone.localtime(at):%H:%M}")


def full(at: datetime) -> str:
    """Return “22 Nov 2026, 03:41 UTC+8”."""
    local = timezone.localtime(at)
    return at_time(day_and_year(local), f"{local:%H:%M} {zones.offset(local)}")


def at_time(day: str, time: str) -> str:
    """Return “22 Nov, 03:41:07”: the words for a day with a time of it."""
    return pgettext("a day and a time of it", "%(day)s, %(time)s") % {"day": day, "time": time}


def long(at: datetime) -> str:
    """Return “Sunday, 22 Nov 2026”."""
    local = timezone.localtime(at)
    words = {"weekday": WEEKDAYS[local.weekday()], "date": day_and_year(local)}
    return pgettext("a day with its weekday", "%(weekday)s, %(date)s") % words


def heading(of: date) -> str:
    """Return “Today”, “Yesterday”, “Sunday, 22 Nov”, with the year when it is another one."""
    today = timezone.localdate()
    if 0 <= (back := (today - of).days) <= 1:
        return _("Yesterday") if back else _("Today")
    words = day_of_year(of) if of.year == today.year else day_and_year(of)
    return pgettext("a day with its weekday", "%(weekday)s, %(date)s") % {
        "weekday": WEEKDAYS[of.weekday()],
        "date": words,
    }


def days(start: date, end: date) -> str:
    """Return “21 – 26 Nov” for two days of one month, with the year when it is another one."""
    words = {"start": start.day, "end": end.day, "month": MONTHS[end.month - 1], "year": end.year}
    if end.year == timezone.localtime().year:
        return pgettext("two days of a month", "%(start)d – %(end)d %(month)s") % words
    return pgettext("two days of a month", "%(start)d – %(end)d %(month)s %(year)d") % words


# Not Django's date_format, which parses its format anew for each of a list's many times.


def day_of_year(local: date) -> str:
    """Return “22 Nov”."""
    return pgettext("a day of this year", "%(day)d %(month)s") % _parts(local)


def day_and_year(local: date) -> str:
    """Return “22 Nov 2026”."""
    return pgettext("a day", "%(day)d %(month)s %(year)d") % _parts(local)


def _parts(local: date) -> dict[str, object]:
    return {"day": local.day, "month": MONTHS[local.month - 1], "year": local.year}


def of_the_database() -> datetime:
    """Return what time it is for the database: what workers do must not depend on the clocks of their machines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (at,) = cursor.fetchone()
        found: datetime = at
        return found

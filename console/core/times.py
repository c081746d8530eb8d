"""How the console writes times: relative within a week, exact in records."""

from datetime import datetime

from django.utils import timezone
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

HOUR = 3600


def relative(at: datetime) -> str:
    """Return “8 min ago”, “yesterday, 16:20”, “3 days ago”; the date after a week, and for what is to come."""
    now = timezone.localtime()
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


def day(at: datetime) -> str:
    """Return “22 Nov”, with the year when it is another one."""
    local = timezone.localtime(at)
    return _day(local) if local.year == timezone.localtime().year else f"{_day(local)} {local.year}"


def exact(at: datetime) -> str:
    """Return “22 Nov, 03:41”, with the year when it is another one."""
    local = timezone.localtime(at)
    return f"{day(local)}, {local:%H:%M}"


def full(at: datetime) -> str:
    """Return “22 Nov 2026, 03:41 UTC”."""
    local = timezone.localtime(at)
    return f"{_day(local)} {local:%Y, %H:%M %Z}"


def _day(local: datetime) -> str:
    # Not Django's date_format, which parses its format anew for each of a list's many times.
    return f"{local.day} {MONTHS_3[local.month].title()}"

"""When a task delivers, in words: its window, what that means now, and lengths of time (G-10)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.core import times
from grayscale.models import GrayscaleTask
from grayscale.states import Reason, TaskState


def window_dates(task: GrayscaleTask) -> str:
    """Return “21 – 26 Nov”, “28 Oct – 1 Nov”, “21 Nov, 09:00 – 18:00”."""
    start, end = timezone.localtime(task.starts_at), timezone.localtime(task.ends_at)
    if start.date() == end.date():
        return f"{times.exact(start)} – {end:%H:%M}"
    if (start.year, start.month) == (end.year, end.month):
        return times.days(start, end)
    return f"{times.day(start)} – {times.day(end)}"


def window_note(task: GrayscaleTask, *, at: datetime) -> str:
    """Return what the window means now: “2 days left”, “starts in 4 days”, why it was suspended or has ended."""
    state = task.state_at(at)
    if state == TaskState.PENDING:
        return _("starts in %(time)s") % {"time": span(task.starts_at - at)}
    if state == TaskState.DELIVERING:
        return _("%(time)s left") % {"time": span(task.ends_at - at)}
    if state == TaskState.SUSPENDED:
        return _suspended(task)
    return _ended(task)


def _suspended(task: GrayscaleTask) -> str:
    day = {"day": times.day(task.state_since)}
    if task.state_reason == Reason.OFF_SHELF:
        return _("off the shelf, %(day)s") % day
    if task.state_reason == Reason.GUARDRAIL:
        return _("by the guardrail, %(day)s") % day
    return _("suspended %(day)s") % day


def _ended(task: GrayscaleTask) -> str:
    reasons = {
        Reason.BY_HAND: _("ended manually"),
        Reason.PULLED_BACK: _("ended and pulled back"),
        Reason.PUBLISHED: _("%(number)s published") % {"number": task.version},
        Reason.OVERTAKEN: _("a higher version published"),
        Reason.UNBOUND: _("no host app bound"),
    }
    reason = task.state_reason if task.state == TaskState.ENDED else ""
    return reasons.get(reason, _("end time reached"))  # type: ignore[call-overload]  # "" and END_TIME


def span(length: timedelta) -> str:
    """Return “4 days”, “1 day”, “5 h”, “12 min”: the largest unit, rounded down."""
    minutes = max(int(length.total_seconds()) // 60, 0)
    if minutes >= 24 * 60:
        days = minutes // (24 * 60)
        return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    if minutes >= 60:
        return _("%(hours)d h") % {"hours": minutes // 60}
    return _("%(minutes)d min") % {"minutes": max(minutes, 1)}


def duration(start: datetime, end: datetime) -> str:
    """Return “4 days”, “4 days 3 h”, “3 h 20 min”: two units, for the form."""
    length = end - start
    first = span(length)
    minutes = int(length.total_seconds()) // 60
    rest = minutes % (24 * 60) // 60 * 60 if minutes >= 24 * 60 else minutes % 60 if minutes >= 60 else 0
    return f"{first} {span(timedelta(minutes=rest))}" if rest else first

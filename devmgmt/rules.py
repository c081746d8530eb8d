"""Why a move of development management is refused, in words; "" when it may be done.

The verbs raise these sentences and the pages show them under the disabled button, so both always agree.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from console.base.accounts.models import User
from console.base.core import times
from console.base.hosts.models import HostApplication
from devmgmt.models import QUERY_LENGTH, SavedQuery
from devmgmt.states import MOST_CHANGES, MOST_GRANTED, MOST_SAVED_QUERIES, MOST_SHARED_QUERIES
from miniprograms.models import MiniProgram
from miniprograms.rules import why_unbound


def month_of(at: datetime) -> datetime:
    """Return the start of the calendar month, in the console's own time zone."""
    return times.platform_midnight(at).replace(day=1)


def next_month(at: datetime) -> datetime:
    """Return the start of the calendar month that follows."""
    start = month_of(at)
    return start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)


def why_not_change_domains(used: int, *, at: datetime) -> str:
    """D-1: so many saved changes in a calendar month."""
    if used < MOST_CHANGES:
        return ""
    words = _("You’ve used all %(most)d changes this month. You can change domains again on %(day)s.")
    return words % {"most": MOST_CHANGES, "day": times.begins(next_month(at))}


def why_not_apply_for_exemption(program: MiniProgram, *, bound: int, askable: int) -> str:
    """D-2: of an application that is bound, and was not asked already."""
    if not bound:
        return why_unbound(program.asked_applications())
    return "" if askable else _("Every bound host app has already received a request or granted it.")


def why_not_apply_for_permissions(program: MiniProgram, application: HostApplication | None, *, askable: int) -> str:
    """D-3: of a bound application; `askable` is how many APIs it restricts that the program has not asked for."""
    if application is None:
        return why_unbound(program.asked_applications())
    words = _("%(application)s has no restricted API left to request.")
    return "" if askable else words % {"application": application}


def why_not_until(until: datetime | None, *, at: datetime) -> str:
    """D-10: a grant ends later than now, within MOST_GRANTED days, or not at all."""
    if until is None:
        return ""
    if until <= at:
        return _("Choose a date that isn’t in the past.")
    most = timedelta(days=MOST_GRANTED)
    return _("Choose a date within ten years, or leave it empty.") if until > at + most else ""


def why_not_keep_criteria(query: str) -> str:
    """D-6: what a URL carries."""
    return _("These criteria are too long to save.") if len(query) > QUERY_LENGTH else ""


def why_no_more_queries(program: MiniProgram, user: User, *, is_shared: bool) -> str:
    """D-6, D-8: so many saved queries of one person for one program, and so many that its team shares."""
    kept = SavedQuery.objects.filter(mini_program=program, is_shared=is_shared)
    if is_shared:
        if kept.count() < MOST_SHARED_QUERIES:
            return ""
        words = _(
            "The team already has %(most)d queries for this mini program. Delete one first, or save it for yourself."
        )
        return words % {"most": MOST_SHARED_QUERIES}
    if kept.filter(user=user).count() < MOST_SAVED_QUERIES:
        return ""
    words = _("You already have %(most)d saved queries for this mini program. Delete one first.")
    return words % {"most": MOST_SAVED_QUERIES}

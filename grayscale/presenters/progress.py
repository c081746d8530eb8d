"""How far a task is: its numbers, its curve, who got the version and who did not (G-11).

Nothing here grows with the task: places are summed from its shares, counted in bounded steps (`grayscale.stats`), and
what is read from samples is kept for a while.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import gettext as _

from console.base.core import times
from console.base.hosts.models import HostApplication
from grayscale.conditions import APPLICATION, CONDITIONS, NETWORK, PLATFORM
from grayscale.error_rates import Counting
from grayscale.estimate import sample
from grayscale.evidence import evidence_now, evidence_of_look
from grayscale.guardrail_words import guardrail_words
from grayscale.history import Step, ended_at, started_at, steps_of, suspended_spans
from grayscale.matching import Conditions, Range, failed, parts
from grayscale.models import Claim, GrayscaleTask
from grayscale.presenters.window import duration, span, window_note
from grayscale.program_state import rules_of
from grayscale.states import Reason, TaskState
from grayscale.stats import BUCKET, SETTLED, Stats, kept, stats_of
from grayscale.update_reports import Reports, reports_of
from releases.field.errors import Evidence
from releases.field.states import Platform
from releases.models import Version

HOUR = timedelta(hours=1)
MANY = 200_000  # places of the last hour that are counted one by one
SHOWN = 5  # lines of a split; the rest is “Other”


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of a split: how many of the counted are such."""

    label: str
    count: int
    percent: float


@dataclass
class Progress:
    """A task at the moment `at`."""

    task: GrayscaleTask
    at: datetime

    @cached_property
    def state(self) -> str:
        """What the clock says."""
        return self.task.state_at(self.at)

    @cached_property
    def delivered(self) -> int:
        """How many users have a place: exact."""
        return self.task.places_taken()

    @property
    def is_full(self) -> bool:
        """Whether the limit is reached."""
        return self.delivered >= self.task.user_limit

    @property
    def left(self) -> int:
        """How many places are left."""
        return max(self.task.user_limit - self.delivered, 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.state == TaskState.ENDED and (self.is_forgotten or self.stats.total >= self.delivered)

    @property
    def is_forgotten(self) -> bool:
        """Whether retention has deleted which devices have a place: their number is all that is left."""
        return self.task.enrolments_deleted_at is not None

    @cached_property
    def stats(self) -> Stats:
        """The places by time and kind of device."""
        return stats_of(self.task, at=self.at)

    @cached_property
    def last_hour(self) -> int:
        """How many got the version in the last hour; rounded to five minutes where they are very many."""
        recent = Claim.objects.filter(task=self.task, claimed_at__gt=self.at - HOUR, claimed_at__lte=self.at)
        count = recent[:MANY].count()
        return count if count < MANY else max(count, self.stats.since(self.at - HOUR))

    @cached_property
    def events(self) -> list[Step]:
        """The timeline, newest first."""
        return steps_of(self.task, at=self.at)

    @cached_property
    def suspended(self) -> list[tuple[datetime, datetime]]:
        """From when to when it was suspended."""
        return suspended_spans(self.events, at=self.at)

    @cached_property
    def started(self) -> datetime:
        """When the curve begins: at the start, by hand or by the clock; at the start time while it is pending."""
        return started_at(self.events) or self.task.starts_at

    @cached_property
    def ended(self) -> datetime | None:
        """When it ended."""
        return (ended_at(self.events) or self.task.state_since) if self.state == TaskState.ENDED else None

    @cached_property
    def limit_in(self) -> timedelta | None:
        """How long until the limit is reached when it goes on like the last hour; None when it will not."""
        if self.state != TaskState.DELIVERING or self.is_full or not self.last_hour:
            return None
        return self.left / self.last_hour * HOUR

    @cached_property
    def by_end(self) -> int:
        """How many will have it at the end when it goes on like the last hour."""
        hours = (self.task.ends_at - self.at) / HOUR
        return min(self.task.user_limit, self.delivered + round(self.last_hour * hours))

    # Tiles and chart -----------------------------------------------------------------------------------------------

    @property
    def window(self) -> tuple[str, str, str]:
        """What the second tile says: what it is about, its value, and a note."""
        start, end = times.full(self.task.starts_at), times.full(self.task.ends_at)
        if self.state == TaskState.PENDING:
            words = duration(self.at, self.task.starts_at)
            return _("Starts in"), words, _("at %(time)s") % {"time": start}
        if self.ended:
            return _("Ended"), times.exact(self.ended), window_note(self.task, at=self.at)
        return _("Time left"), duration(self.at, self.task.ends_at), _("until %(time)s") % {"time": end}

    @property
    def hour_note(self) -> str:
        """What the last hour means for the limit."""
        if self.state == TaskState.PENDING:
            return _("not started")
        if self.state == TaskState.ENDED:
            return _("no new devices after the end")
        if self.is_full:
            return _("limit reached")
        if self.state == TaskState.SUSPENDED:
            return _("suspended: no new devices")
        if self.limit_in is None:
            return _("no new devices")
        if self.at + self.limit_in > self.task.ends_at:
            return _("about %(count)s by the end") % {"count": f"{_rounded(self.by_end):,}"}
        return _("limit reached in about %(time)s") % {"time": _about(self.limit_in)}

    @property
    def summary(self) -> str:
        """The curve in a sentence, for those who do not see it, and to be read out when it has changed."""
        words = _("%(delivered)s of %(limit)s devices have %(number)s, %(hour)s of them in the last hour: %(note)s.")
        return words % {
            "delivered": f"{self.delivered:,}",
            "limit": f"{self.task.user_limit:,}",
            "number": self.task.version,
            "hour": f"{self.last_hour:,}",
            "note": self.hour_note,
        }

    @property
    def chart(self) -> dict[str, Any]:
        """What the chart draws; moments are POSIX seconds."""
        end = min(self.ended or self.at, self.at)
        start = min(self.started, self._first, end)
        spans = [(first.timestamp(), last.timestamp()) for first, last in self.suspended]
        return {
            "whole": self._drawn(start, end, ahead=max(2 * (end - start), HOUR)),
            "day": self._drawn(max(start, end - timedelta(days=1)), end, ahead=3 * HOUR),
            "limit": self.task.user_limit,
            "delivered": self.delivered,
            "suspended": spans,
            "zone": get_current_timezone_name(),
            "words": {
                "now": _("%(count)s now") if self.state != TaskState.ENDED else _("%(count)s"),
                "limit": _("limit %(count)s"),
                "suspended": _("suspended"),
            },
        }

    @property
    def _first(self) -> datetime:
        """When the first place was taken, roughly."""
        buckets = self.stats.buckets
        return datetime.fromtimestamp(min(buckets) * BUCKET, UTC) if buckets else self.at

    def _drawn(self, start: datetime, end: datetime, *, ahead: timedelta) -> dict[str, Any]:
        at, had = self.stats.curve(start, end)
        if self.stats.total <= self.delivered:  # Else places were taken since the sum was read.
            had[-1] = self.delivered if self.stats.until >= end - SETTLED else had[-1]
        until = end
        if self.state != TaskState.ENDED:
            until = min(self.task.ends_at, end + ahead)
        projection = []
        if self.limit_in is not None:
            last = min(until, self.at + self.limit_in)
            reached = min(self.delivered + self.last_hour * ((last - self.at) / HOUR), self.task.user_limit)
            projection = [[self.at.timestamp(), self.delivered], [last.timestamp(), reached]]
        return {"at": at, "had": had, "from": start.timestamp(), "to": until.timestamp(), "projection": projection}

    # Splits --------------------------------------------------------------------------------------------------------

    @cached_property
    def by_application(self) -> list[Line]:
        """Application and version."""
        names = HostApplication.objects.in_bulk({pk for pk, _version in self.stats.applications})
        labels = {(pk, number): f"{names.get(pk, '–')} {number}" for pk, number in self.stats.applications}
        return _lines(self.stats.applications, labels)

    @cached_property
    def by_platform(self) -> list[Line]:
        """Platform and system, by its first number."""
        platforms = dict(Platform.choices)
        found = self.stats.platforms
        return _lines(found, {key: f"{platforms.get(key[0], key[0])} {key[1]}" for key in found})

    @cached_property
    def by_network(self) -> list[Line]:
        """Network."""
        found = self.stats.networks
        return _lines(found, {network: NETWORK.words([network]) or _("Unknown") for network in found})

    @cached_property
    def others(self) -> tuple[list[Line], int]:
        """Why devices of the last 7 days did not get it, by the first condition in the way, and how many those are."""
        found: Counter[str] = kept(f"grayscale-others-1-{self.task.pk}-{self.task.revision}", self._others)
        labels = {reason: _reason_words(reason) for reason in found}
        return _lines(found, labels), found.total()

    def _others(self) -> Counter[str]:
        devices, _total = sample(self.task.mini_program, at=self.at)
        guids = [device.guid for device in devices]
        having = set(Claim.objects.filter(task=self.task, guid__in=guids).values_list("guid", flat=True))
        conditions = rules_of(GrayscaleTask.objects.filter(pk=self.task.pk))[self.task.pk].conditions
        return Counter(
            _why_not(conditions, device, full=self.is_full) for device in devices if device.guid not in having
        )

    # Guardrail -----------------------------------------------------------------------------------------------------

    @property
    def guardrail(self) -> str:
        """When it suspends by itself, in words; "" without a guardrail (G-13)."""
        return guardrail_words(self.task.guardrail.plain()) if self.task.guardrail else ""

    @cached_property
    def evidence(self) -> Evidence | None:
        """What devices report of its errors beside the online version's, by the one definition (G-13).

        What its guardrail saw, where one has looked; else read now. None where no device counts: before the start,
        and once its places are deleted.
        """
        if self.task.seen:
            return evidence_of_look(self.task, number=self.task.version.number)
        if self.is_forgotten or self.state in (TaskState.PENDING, TaskState.ENDED):
            return None
        return evidence_now(self.task, at=self.at)

    @property
    def is_guarded_off(self) -> bool:
        """Whether the guardrail has suspended it."""
        return self.state == TaskState.SUSPENDED and self.task.state_reason == Reason.GUARDRAIL

    # Against the online version ------------------------------------------------------------------------------------

    @cached_property
    def online(self) -> Version | None:
        """The version that everybody else gets."""
        return self.task.mini_program.versions.online().first()

    @property
    def is_compared(self) -> bool:
        """Whether another version is online, to compare this one with."""
        return self.online is not None and self.online != self.task.version

    @property
    def reports_days(self) -> int:
        """Of how many days reports are there, where there may have been earlier ones; else 0."""
        days = settings.REPORT_DAYS
        return days if days and self.started < self.at - timedelta(days=days) else 0

    @cached_property
    def reports(self) -> Reports:
        """What devices with a place reported about this version (G-17); nothing once their places are deleted."""
        return Reports() if self.is_forgotten else reports_of(Counting.of(self.task), self.task)

    @cached_property
    def online_reports(self) -> Reports:
        """What all devices of the task's applications reported about the online version."""
        if self.online is None:
            return Reports()
        return reports_of(Counting(self.online, None, Counting.of(self.task).applications), self.task)

    @cached_property
    def is_proved(self) -> bool:
        """Whether all of the task's applications require proof of what it counts since before it started (R-9)."""
        applications = HostApplication.objects.filter(pk__in=self.task.applications.values("application"))
        return not applications.exclude(
            places_proved_since__lte=self.started,
            reports_proved_since__lte=self.started,
            logs_proved_since__lte=self.started,
        ).exists()


def _about(length: timedelta) -> str:
    """Return “41 h”, “3 days”, “12 min”: hours up to two days, as people plan."""
    hours = length / HOUR
    if 1 <= hours < 48:
        return _("%(hours)d h") % {"hours": round(hours)}
    return span(length)


def _rounded(count: int) -> int:
    """Return the count with two digits that say something: 15,342 → 15,000."""
    unit = 10 ** max(len(str(count)) - 2, 0)
    return round(count / unit) * unit


def _lines(counts: Counter[Any], labels: dict[Any, str]) -> list[Line]:
    """Return the most frequent lines, and “Other” for the rest."""
    total = counts.total()
    sorted_counts = sorted(counts.items(), key=lambda item: (-item[1], labels[item[0]]))
    shown = [(labels[key], count) for key, count in sorted_counts[:SHOWN]]
    if rest := total - sum(count for _label, count in shown):
        shown.append((_("Other"), rest))
    return [Line(label=label.strip(), count=count, percent=100 * count / total) for label, count in shown if count]


def _why_not(conditions: Conditions, device: Any, *, full: bool) -> str:
    """Return the first condition that the device fails, and which way it fails a range."""
    reason = next(failed(conditions, device, application=device.application_id), None)
    if reason is None:
        return "full" if full else "fits"
    if reason == APPLICATION.version:
        return f"app_{_side(conditions.applications[device.application_id], device.app_version)}"
    if reason == PLATFORM.version:
        return f"{device.platform}_{_side(conditions.platforms[device.platform], device.os_version)}"
    return reason


def _side(allowed: Range, version: str) -> str:
    return "old" if allowed.lowest is not None and parts(version) < allowed.lowest else "new"


def _reason_words(reason: str) -> str:
    """`reason` as `_why_not` returns it: full, fits, what fails, or a range's value and side."""
    words = {one.of_device: str(one.other) for one in CONDITIONS}
    words |= {"full": _("Limit reached"), "fits": _("Eligible, hasn’t checked in yet")}
    words |= {"app_old": str(APPLICATION.too_old), "app_new": str(APPLICATION.too_new)}
    for platform in Platform:
        value = {"value": platform.label}
        words |= {f"{platform}_old": str(PLATFORM.too_old) % value, f"{platform}_new": str(PLATFORM.too_new) % value}
    return words[reason]

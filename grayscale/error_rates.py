"""How the versions of a mini program stand: on how many devices they are, and how many of those had an error (G-13).

A device is on a version when it reported an update to it or logged with it. It had an error when the update failed, or
when it logged an entry of level error. Each device counts once, whatever it sent.

What is read is bounded: of a span the newest MOST_REPORTS of each version and the newest MOST_ENTRIES of the program.
In a program that sends more, the figures are those of the span's end.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from devmgmt.logs.criteria import Criteria, StoreAway, TooSlow
from devmgmt.logs.store import log_store
from grayscale.guardrail import Figures
from releases.field.models import UpdateReport
from releases.field.states import ReportResult
from releases.models import Version

MOST_REPORTS = 50_000
MOST_ENTRIES = 100_000

logger = logging.getLogger(__name__)

ErrorRates = dict[tuple[datetime, str], Figures]  # by the start of a span and the version's number


class Unread(Exception):
    """The log store did not answer in time."""


def error_rates(
    versions: Sequence[Version], *, start: datetime, end: datetime, step: timedelta, logs: bool = True
) -> ErrorRates:
    """Return the figures of versions of one program in spans of `step` from `start` to before `end`.

    A span without a device is left out. Raises Unread; without `logs`, reports alone are counted.
    """
    seen: dict[tuple[datetime, str], dict[str, bool]] = defaultdict(dict)
    for at, number, guid, bad in _reported(versions, start=start, end=end):
        span = seen[start + (at - start) // step * step, number]
        span[guid] = bad
    if logs and versions:
        for at, number, guid, bad in _logged(versions, start=start, end=end, step=step):
            span = seen[at, number]
            span[guid] = span.get(guid, False) or bad
    return {key: Figures(len(devices), sum(devices.values())) for key, devices in seen.items()}


def error_rates_now(versions: Sequence[Version], *, start: datetime, end: datetime) -> tuple[dict[str, Figures], bool]:
    """Return the figures from `start` to `end` by number, and whether the logs are in them.

    A log store that does not answer is no reason to suspend anything, nor to leave the reports out.
    """
    has_logs = True
    try:
        found = error_rates(versions, start=start, end=end, step=end - start)
    except Unread:
        logger.warning("the guardrail counts reports alone: the log store did not answer")
        found, has_logs = error_rates(versions, start=start, end=end, step=end - start, logs=False), False
    return {number: figures for (_start, number), figures in found.items()}, has_logs


def _reported(
    versions: Sequence[Version], *, start: datetime, end: datetime
) -> Iterable[tuple[datetime, str, str, bool]]:
    for version in versions:
        reports = UpdateReport.objects.filter(version=version, reported_at__gte=start, reported_at__lt=end)
        newest = reports.order_by("-reported_at").values_list("reported_at", "guid", "result")[:MOST_REPORTS]
        for at, guid, result in newest:
            yield at, version.number, guid, result == ReportResult.FAILED


def _logged(
    versions: Sequence[Version], *, start: datetime, end: datetime, step: timedelta
) -> Iterable[tuple[datetime, str, str, bool]]:
    numbers = [version.number for version in versions]
    criteria = Criteria(versions[0].mini_program_id, start, end)
    try:
        return log_store().devices(criteria, numbers, step=step, limit=MOST_ENTRIES)
    except (TooSlow, StoreAway) as error:
        raise Unread from error

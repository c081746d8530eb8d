"""`POST /runtime/v1/logs` (R-5, D-5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from django.conf import settings
from django.db import Error
from django.utils import timezone

from console.api.device import rate
from console.api.device.credentials import Source, authenticate, check_guid
from console.api.device.http import ApiError, not_found, read_batch, unavailable
from console.api.device.proof import admit
from console.api.device.schema import LogBatch, LogEntry, LogsAccepted
from console.api.http import Environ, Response, json_response
from console.base.core import busy, metrics
from devmgmt.logs import volume
from devmgmt.logs.criteria import StoreAway
from devmgmt.logs.entry import Entry, Line, Mark, Origin, Times, entry
from devmgmt.logs.store import log_store
from devmgmt.states import Level

LONGEST_BATCH = 1024 * 1024  # bytes, as sent and inflated
CUT = int(Mark.CUT)
LEVELS = {level.code: int(level) for level in Level}

_decoder = msgspec.json.Decoder(LogBatch)


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Keep a batch of log entries, all or none; answered when they outlive a crash.

    Raises ApiError (401, 400, 403, 404, 411, 413, 415, 422, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    batch = read_batch(environ, _decoder, longest=LONGEST_BATCH)
    check_guid(batch.guid, batch.platform)
    rate.limiter.hit(application.pk, batch.guid)
    admit(environ, application, "logs", required=application.logs, guid=batch.guid)
    program = rows.program(batch.app_id)
    if program is None or application.pk not in program.bound:
        raise not_found()
    now = timezone.now()
    entries = _entries(batch, program.pk, application.pk, now)
    _keep(program.pk, entries, now)
    metrics.log_entries.inc(len(entries))
    metrics.log_bytes.inc(int(environ["CONTENT_LENGTH"]))
    return json_response(LogsAccepted(len(entries), sum(bool(entry.marks & CUT) for entry in entries)))


def _entries(batch: LogBatch, program: int, application: int, now: datetime) -> list[Entry]:
    origin = Origin(
        program,
        application,
        batch.guid,
        batch.platform,
        batch.os_version,
        batch.library_version,
        batch.client_version,
        batch.version,
    )
    times = Times.at(now, days=settings.LOG_DAYS)
    return [_entry(sent, origin, times) for sent in batch.entries]


def _entry(sent: LogEntry, origin: Origin, times: Times) -> Entry:
    return entry(
        origin,
        times,
        time=sent.time,
        page=sent.page,
        filter_msg=sent.filter_msg or "",
        trace_id=sent.trace_id or "",
        lines=[Line(line.time, LEVELS[line.level], line.text) for line in sent.lines],
    )


def _keep(program: int, entries: Sequence[Entry], now: datetime) -> None:
    """Write unless the program has had its share of a day; raises ApiError 429 and 503."""
    try:
        if any(volume.buffer.is_over(program, day) for day in {entry.time.date() for entry in entries}):
            metrics.log_refused.labels("quota").inc()
            raise _quota_exceeded(now)
        if entries:
            log_store().write(entries)
    except (StoreAway, Error) as error:
        busy.note(error.__cause__ or error, "logs can't be written")
        metrics.log_refused.labels("store").inc()
        raise unavailable() from None
    volume.buffer.add(entries)


def _quota_exceeded(now: datetime) -> ApiError:
    now = now.astimezone(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return ApiError(
        429,
        "log_quota_exceeded",
        f"The mini program reached its limit of {settings.LOG_ENTRIES_PER_DAY} log entries a day.",
        [("Retry-After", str(int((midnight - now).total_seconds()) + 1))],
    )

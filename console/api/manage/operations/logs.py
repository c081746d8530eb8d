"""Real-time logs: the page's questions, as a list and as a file (A-2, D-6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, cast

from django.http import HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from ninja import Field, Query, Schema

from console.api.manage.api import api
from console.api.manage.endpoint import ApiRequest, endpoint
from console.api.manage.operations.checking import checked, typed
from console.api.manage.operations.references import ApplicationRef, application_ref
from console.api.manage.paging import Asked, Page, Whole
from console.api.manage.problems import Problem, wrong_cursor, wrong_fields
from console.api.manage.states import Scope
from console.base.accounts.permissions import Permission
from console.base.core.sheets import gathered, take_turn
from console.base.hosts.models import HostApplication
from devmgmt.forms.logs import RANGE, CriteriaForm, mark_of
from devmgmt.logs.criteria import Criteria, ErrorGroup, StoreAway, TooSlow
from devmgmt.logs.export import record
from devmgmt.logs.store import log_store
from devmgmt.presenters import log_files
from devmgmt.presenters.logs import MOST_GROUPS, Bar, bars_of, buckets_of, place_text, read_place, step_for
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

TAGS = ["Logs"]
NAMES = {  # of the page's address, by those that entries have
    "last": "time",
    "platform": "system",
    "filter_msg": "filter",
    "library_version": "library",
    "client_version": "client",
    "trace_id": "trace",
}
WAIT = "60"  # seconds, for who asks for more files than are written at a time


class LogCriteria(Schema):
    """What is asked of the logs, by the names that entries have."""

    last: str = Field("", description="15m, 1h (usual), 6h, 24h or 7d; without `since`")
    since: str = Field("", description="ISO 8601 with offset; in place of `last`")
    until: str = Field("", description="ISO 8601 with offset; only with `since`, usually now")
    level: str = Field("", description="all (usual), info, warn, error: this one and above")
    platform: str = Field("", description="android or ios")
    guid: str = Field("", description="of a device")
    page: str = Field("", description="how the page link begins")
    filter_msg: str = Field("", description="what filterMsg contains")
    library_version: str = Field("", description="of the base library")
    client_version: str = Field("", description="of the host app")
    trace_id: str = Field("", description="of a launch")
    version: str = Field("", description="of the mini program")
    error: str = Field("", description="what errors are grouped by")


class LogsAsked(LogCriteria, Asked):
    """The criteria, and which part of the list."""


class LogLine(Schema):
    """One line of an entry."""

    time: str
    level: str
    text: str


class LogEntryOut(Schema):
    """A log entry, with the texts exactly as they were sent; times are ISO 8601 in UTC."""

    time: datetime
    level: str = Field(description="info, warn or error: the highest of its lines")
    guid: str
    trace_id: str
    page: str
    filter_msg: str
    message: str = Field(description="the first line of that level, cut")
    lines: list[LogLine]
    version: str
    application: ApplicationRef | None
    client_version: str
    library_version: str
    platform: str
    os_version: str
    marks: list[str] = Field(description="cut: longer than is kept; clock: the device's clock was wrong")
    id: str


class LogBar(Schema):
    """How many entries there are from `starts_at` up to `ends_at`, by their highest level."""

    starts_at: datetime
    ends_at: datetime
    info: int
    warn: int
    error: int


class ErrorGroupOut(Schema):
    """Entries with the same error in the same version."""

    error: str = Field(description="without what differs from one device to the next")
    version: str = Field(description="of the mini program")
    entries: int
    devices: int
    first_at: datetime
    last_at: datetime
    new: bool = Field(description="no other version had it in all that is kept")


@endpoint(
    api.get,
    "/programs/{app_id}/logs",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Page[LogEntryOut],
    tags=TAGS,
)
def list_logs(request: ApiRequest, program: MiniProgram, asked: Annotated[LogsAsked, Query()]) -> dict[str, Any]:
    """List the log entries that fit, newest first."""
    before = read_place(asked.cursor)
    if asked.cursor and before is None:
        raise wrong_cursor()
    criteria = _form(asked, program).criteria
    with _asking(criteria):
        found = log_store().latest(criteria, before=before, limit=asked.limit + 1)
    kept = found[: asked.limit]
    references = _references(pk__in={entry.application for entry in kept})
    items = [record(entry, references.get(entry.application)) for entry in kept]
    return {"items": items, "next": place_text(kept[-1]) if len(found) > len(kept) else ""}


@endpoint(
    api.get,
    "/programs/{app_id}/logs.ndjson",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    sends="application/x-ndjson",
    tags=TAGS,
)
def export_logs(request: ApiRequest, program: MiniProgram, asked: Annotated[LogCriteria, Query()]) -> HttpResponse:
    """Return everything that fits, an entry a line, newest first.

    A last line `{"cut": true, "reason": …}` says why there is no more. A token reads one file at a time.
    """
    criteria = _form(asked, program).criteria
    turn = take_turn(request.user.pk)
    if turn is None:
        words = "Other exports are still running. Try again in a minute."
        raise Problem(429, words, code="too_many_exports", headers={"Retry-After": WAIT})
    references = _references(pk__in=program.bindings.applications().values("pk"))
    turn.send(gathered(log_files.contents(program, criteria, "ndjson", applications=references)))
    return cast("HttpResponse", log_files.answer(turn, program, criteria, "ndjson"))


@endpoint(
    api.get,
    "/programs/{app_id}/log-errors",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Whole[ErrorGroupOut],
    tags=TAGS,
)
def list_log_errors(
    request: ApiRequest, program: MiniProgram, asked: Annotated[LogCriteria, Query()]
) -> dict[str, Any]:
    """Group the errors among the log entries that fit by message and version: the ten most frequent."""
    criteria = _form(asked, program).criteria
    with _asking(criteria):
        return {"items": [_group_out(group) for group in log_store().errors(criteria, limit=MOST_GROUPS)]}


@endpoint(
    api.get,
    "/programs/{app_id}/log-volume",
    Scope.READ,
    Permission.VIEW,
    load=mini_program_for,
    response=Whole[LogBar],
    tags=TAGS,
)
def get_log_volume(request: ApiRequest, program: MiniProgram, asked: Annotated[LogCriteria, Query()]) -> dict[str, Any]:
    """Count the log entries that fit over time, in at most 75 steps, as the page's chart does."""
    form = _form(asked, program)
    criteria = replace(form.criteria, end=form.end)
    step = step_for(criteria.end - criteria.start)
    with _asking(criteria):
        bars = bars_of(buckets_of(criteria, step, at=form.at), criteria, step)
    return {"items": [_bar_out(bar) for bar in bars]}


@contextmanager
def _asking(criteria: Criteria) -> Iterator[None]:
    """Answer a problem when the store does not answer."""
    try:
        yield
    except TooSlow as error:
        raise Problem(422, log_files.trouble_words(error, criteria), code="too_slow") from error
    except StoreAway as error:
        raise Problem(503, log_files.trouble_words(error, criteria), headers={"Retry-After": WAIT}) from error


def _form(asked: LogCriteria, program: MiniProgram) -> CriteriaForm:
    """Return what the page's form reads of the criteria; raises Problem 422 beside the one that is wrong."""
    sent, now = asked.dict(include={*LogCriteria.model_fields}), timezone.now()
    if asked.last and asked.since:
        raise wrong_fields([("since", "Send either last or since.")])
    if asked.until and not asked.since:
        raise wrong_fields([("until", "Send since, too: until is the end of a range that since begins.")])
    if asked.since:
        sent |= {"last": RANGE, "until": asked.until or mark_of(now)}
    for name in ("since", "until"):
        _refuse_without_offset(name, getattr(asked, name))
    form = CriteriaForm(typed({NAMES.get(name, name): value for name, value in sent.items()}), program=program, at=now)
    checked(form, **{field: name for name, field in NAMES.items()})
    return form


def _refuse_without_offset(name: str, text: str) -> None:
    """Raise Problem 422 beside a time that does not say its zone: the console's is not the script's."""
    try:
        moment = parse_datetime(text.strip())
    except ValueError:
        moment = None
    if text and (moment is None or timezone.is_naive(moment)):
        words = "Send an ISO 8601 time with its offset, such as 2026-11-30T12:00:00Z (in a query, + is %2B)."
        raise wrong_fields([(name, words)])


def _references(**which: Any) -> dict[int, dict[str, Any]]:
    """Return host apps as answers name them, by primary key."""
    return {application.pk: application_ref(application) for application in HostApplication.objects.filter(**which)}


def _group_out(group: ErrorGroup) -> dict[str, Any]:
    facts = {name: getattr(group, name) for name in ("error", "version", "entries", "devices")}
    return {**facts, "first_at": group.first, "last_at": group.last, "new": group.is_new}


def _bar_out(bar: Bar) -> dict[str, Any]:
    counts = {name: getattr(bar, name) for name in ("info", "warn", "error")}
    return {"starts_at": bar.start, "ends_at": bar.end, **counts}

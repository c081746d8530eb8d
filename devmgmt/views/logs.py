"""The real-time logs of one mini program: list, chart, errors, one entry, export (D-6)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission
from console.base.core import zones
from console.base.core.sheets import gathered, take_turn
from devmgmt.forms.logs import RANGE, CriteriaForm, mark_of
from devmgmt.logs import export as files
from devmgmt.logs import volume as minutes
from devmgmt.logs.criteria import Criteria, StoreAway, TooSlow
from devmgmt.logs.store import log_store
from devmgmt.models import SavedQuery
from devmgmt.presenters import log_files
from devmgmt.presenters.log_files import trouble_words
from devmgmt.presenters.logs import (
    MOST_GROUPS,
    OpenRow,
    Row,
    bars_of,
    buckets_of,
    error_rows,
    names_of,
    read_place,
    step_for,
    used_words,
)
from devmgmt.states import Level
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

PAGE = 50


@route(Permission.VIEW, load=mini_program_for)
def logs(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The page: criteria and the newest entries that fit; the rest comes by itself."""
    form = _form(request, program)
    context = {
        **_listing(request, form),
        **_today(program),
        "mini_program": program,
        "saved": _saved(request, program),
        "days": settings.LOG_DAYS,
        "zone": zones.words(),
        "most": files.MOST_EXPORTED,
    }
    return render(request, "devmgmt/logs.html", context)


@route(Permission.VIEW, load=mini_program_for)
def entries(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The list alone, for older entries and live tail."""
    listing = _listing(request, _form(request, program))
    return render(request, "devmgmt/logs_list.html", {**listing, "mini_program": program})


@route(Permission.VIEW, load=mini_program_for)
def volume(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """How many entries fit, by level and over time; for the page around it also how many there are today."""
    form = _form(request, program)
    context: dict[str, Any] = {"mini_program": program, "form": form}
    if _is_inside(request):
        context |= _today(program)
    if form.is_valid():
        try:
            context |= _chart(form)
        except (TooSlow, StoreAway) as error:
            context["trouble"] = trouble_words(error, form.criteria)
    return _part(request, "devmgmt/logs_volume.html", context | {"title": _("Entries over time")})


@route(Permission.VIEW, load=mini_program_for)
def errors(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The errors among what fits, by message and version."""
    form = _form(request, program)
    context: dict[str, Any] = {"mini_program": program, "form": form}
    if form.is_valid():
        try:
            groups = log_store().errors(form.criteria, limit=MOST_GROUPS)
        except (TooSlow, StoreAway) as error:
            context["trouble"] = trouble_words(error, form.criteria)
        else:
            rows = error_rows(groups, form.criteria)
            if len(groups) < MOST_GROUPS:
                context["sum"] = sum(group.entries for group in groups)
            context["rows"] = [
                (row, form.query(level="error", error=row.group.error, version=row.group.version)) for row in rows
            ]
    return _part(request, "devmgmt/logs_errors.html", context | {"title": form.errors_title})


@route(Permission.VIEW, load=mini_program_for)
def entry(request: SignedInRequest, program: MiniProgram, place: str) -> HttpResponse:
    """One entry with all its lines: in the list, or a page of its own."""
    form = _form(request, program)
    named, found, trouble = read_place(place), None, ""
    if named is None:
        raise Http404
    try:
        found = log_store().entry(program.pk, named)
    except (TooSlow, StoreAway) as error:
        trouble = trouble_words(error, None)
    else:
        if found is None:
            raise Http404
    row = OpenRow(found, query=form.query, program=program, names=names_of([found])) if found else None
    context = {"mini_program": program, "form": form, "row": row, "trouble": trouble}
    if found:
        context["device_query"] = form.only_time(guid=found.guid)
        context["launch_query"] = form.only_time(guid=found.guid, trace=found.trace_id)
    template = "devmgmt/logs_entry.html" if _is_inside(request) else "devmgmt/logs_entry_page.html"
    return render(request, template, context)


@route(Permission.VIEW, load=mini_program_for)
def export(request: SignedInRequest, program: MiniProgram, kind: str) -> HttpResponse:
    """Everything that fits as a file, up to a limit, newest first; it is written while it is read."""
    form = _form(request, program)
    if not form.is_valid():
        return redirect(f"{reverse('devmgmt:logs', args=[program.app_id])}?{form.query()}")
    parts = None
    if request.method != "HEAD":
        parts = take_turn(request.user.pk)
        if parts is None:
            messages.error(request, _("Other exports are still running. Try again in a minute."))
            return redirect(f"{reverse('devmgmt:logs', args=[program.app_id])}?{form.query()}")
        parts.send(gathered(log_files.contents(program, form.criteria, kind)))
    return cast("HttpResponse", log_files.answer(parts or (), program, form.criteria, kind))


def _is_inside(request: SignedInRequest) -> bool:
    """Whether a script asks, which puts the answer into the page that it is on."""
    return request.headers.get("X-Requested-With") == "fetch"


def _part(request: SignedInRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """A part that comes after the page; a page of its own without scripts."""
    if _is_inside(request):
        return render(request, template, context)
    return render(request, "devmgmt/logs_part_page.html", context | {"part": template, "alone": True})


def _form(request: SignedInRequest, program: MiniProgram) -> CriteriaForm:
    return CriteriaForm(request.GET, program=program, at=timezone.now())


def _saved(request: SignedInRequest, program: MiniProgram) -> list[tuple[SavedQuery, bool]]:
    """The saved queries that the user sees, their own first, each with whether they may change it."""
    found = SavedQuery.objects.seen_by(request.user).filter(mini_program=program).select_related("user")
    return [(one, one.may_be_changed_by(request.user, program.held)) for one in found.order_by("is_shared", "name")]


def _listing(request: SignedInRequest, form: CriteriaForm) -> dict[str, Any]:
    """The rows of the list, or why there are none."""
    before = read_place(request.GET.get("before", ""))
    context: dict[str, Any] = {"form": form, "query": form.query(), "is_first": before is None, "rows": []}
    if not form.is_valid():
        return context
    criteria = form.criteria
    try:
        found = log_store().latest(criteria, before=before, limit=PAGE + 1)
        context["nothing_yet"] = not found and before is None and _is_empty(form)
    except (TooSlow, StoreAway) as error:
        return context | {"trouble": trouble_words(error, criteria)}
    context["rows"] = [Row(entry, query=form.query) for entry in found[:PAGE]]
    if len(found) > PAGE:
        context["older"] = f"{form.query()}&before={context['rows'][-1].place}".removeprefix("&")
    return context


def _is_empty(form: CriteriaForm) -> bool:
    """Whether the program has no logs at all."""
    everything = Criteria(
        form.program.pk,
        start=form.at - timedelta(days=settings.LOG_DAYS + 1),
        end=form.at + timedelta(days=1),
    )
    return not log_store().latest(everything, limit=1)


def _today(program: MiniProgram) -> dict[str, Any]:
    """How much of the daily limit is used."""
    today, most = minutes.entries_today(program.pk), settings.LOG_ENTRIES_PER_DAY
    return {"today": today, "today_words": used_words(today, most), "today_most": most}


def _chart(form: CriteriaForm) -> dict[str, Any]:
    criteria = replace(form.criteria, end=form.end)
    step = step_for(criteria.end - criteria.start)
    bars = bars_of(buckets_of(criteria, step, at=form.at), criteria, step)
    end = criteria.end + timedelta(microseconds=-criteria.end.microsecond % 1_000_000)  # A URL has whole seconds.
    marks = [mark_of(moment) for moment in (*(bar.start for bar in bars), end)]
    chart = {
        "at": [bar.start.timestamp() for bar in bars],
        "end": criteria.end.timestamp(),
        "step": step.total_seconds(),
        "marks": marks,
        "info": [bar.info for bar in bars],
        "warn": [bar.warn for bar in bars],
        "error": [bar.error for bar in bars],
        "zone": timezone.get_current_timezone_name(),
        "words": {"warn": Level.WARN.label, "error": Level.ERROR.label},
        "url": f"{reverse('devmgmt:logs', args=[form.program.app_id])}?{form.query(time=RANGE)}",
    }
    rows = [
        (bar, form.query(time=RANGE, since=since, until=until))
        for bar, since, until in ((bar, *ends) for bar, ends in zip(bars, pairwise(marks), strict=True))
        if bar.total
    ]
    info, warn, error = (sum(getattr(bar, name) for bar in bars) for name in ("info", "warn", "error"))
    return {
        "chart": json.dumps(chart, default=str),
        "bars": rows,
        "info": info,
        "warn": warn,
        "error": error,
        "total": info + warn + error,
    }

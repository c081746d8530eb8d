"""The send log of a mini program (M-8): the list with the days' counts, one message, and sending it again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.catalogue import Act, acts_page, buttons
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.pages import confirm_page, posted
from console.base.core.sheets import is_asked, sheet
from messaging import rules
from messaging.access import message_for
from messaging.actions import messages
from messaging.events import MessageReplayed
from messaging.forms.log import LogForm
from messaging.models import Message, MyTemplate
from messaging.presenters.log import Opened, Place, Row, fitting, latest
from messaging.sheets import MESSAGES
from messaging.states import PUSHES_PER_DAY, MessageState
from messaging.stats import DAYS, Day, days_of
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

PAGE = 50
SHOWN_REPLAYS = 10
TOTALS = ("accepted", "delivered", "waiting", "failed")
LOWEST = 2.0  # percent of the chart's height, so that a few failed ones among many are seen


@route(Permission.VIEW, load=mini_program_for)
def log(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """What fits the criteria, newest first, below the counts of the last days."""
    form = LogForm(request.GET, program=program)
    if is_asked(request) and form.is_valid():
        return sheet(request, fitting(program, form.criteria), MESSAGES, name=f"messages-{program.app_id}", of=_rows)
    days = days_of(program, at=timezone.now())
    context = {
        "mini_program": program,
        "form": form,
        "days": _bars(days, form),
        "total": {name: sum(getattr(day, name) for day in days) for name in TOTALS},
        "most": max(day.accepted for day in days),
        "day_count": DAYS,
        "missing": lacking(program.held, Permission.DEVELOP),
        "needs": Permission.DEVELOP,
        "buttons": buttons(MESSAGE_ACTS, "messaging:selected_messages", program.app_id),
        **_listing(request, program, form),
    }
    context["picks"] = not context["missing"] and any(row.is_failed for row in context["rows"])
    return render(request, "messaging/log.html", context)


def _rows(found: Iterable[Message]) -> list[Row]:
    return [Row(message) for message in found]


def _listing(request: SignedInRequest, program: MiniProgram, form: LogForm) -> dict[str, Any]:
    """The rows of the list, or why there are none."""
    before = Place.read(request.GET.get("before", ""))
    if not form.is_valid():
        return {"rows": []}
    found = latest(program, form.criteria, before=before, limit=PAGE + 1)
    context: dict[str, Any] = {"rows": _rows(found[:PAGE]), "is_first": before is None}
    if len(found) > PAGE:
        context["older"] = f"{form.query()}&before={context['rows'][-1].place}".removeprefix("&")
    if not found and before is None and not form.is_asking:
        context["has_templates"] = MyTemplate.objects.live().filter(mini_program=program).exists()
    return context


def _bars(days: list[Day], form: LogForm) -> list[dict[str, Any]]:
    """The days with the heights of what is stacked in their bars, in percent, and the query that shows one day."""
    most = max(max(day.accepted for day in days), 1)
    bars = []
    for day in days:
        parts, top = [], 100.0
        for state in (MessageState.DELIVERED, MessageState.WAITING, MessageState.FAILED):
            if count := getattr(day, state):
                height = max(count / most * 100, LOWEST)
                top -= height
                parts.append({"state": state.value, "y": f"{max(top, 0):.2f}", "height": f"{height:.2f}"})
        date = day.date.isoformat()
        bars.append({"day": day, "parts": parts, "query": form.query(since=date, until=date)})
    return bars


@route(Permission.VIEW, load=message_for)
def message(request: SignedInRequest, message: Message) -> HttpResponse:
    """One message: what the user sees, and all that is known of its way."""
    program = message.mini_program
    entries = ActivityEntry.objects.of_program(program.app_id).filter(verb=MessageReplayed.name)
    context = {
        "mini_program": program,
        "message": message,
        "row": Opened(message),
        "why_not_replay": lacking(program.held, Permission.DEVELOP) or messages.why_not_replay(message),
        "needs": Permission.DEVELOP,
        "replays": entries.filter(target_type="message", target_id=str(message.pk))[:SHOWN_REPLAYS],
    }
    return render(request, "messaging/message.html", context)


def _takes_place(message: Message) -> bool:
    """Whether it counts as a message of today when it is sent again (M-6)."""
    return message.day is not None and message.day < times.platform_day()


MESSAGE_ACTS = {
    "replay": Act(
        label=gettext_lazy("Send again"),
        icon="refresh",
        verb=lambda message, by: messages.replay(message, by=by),
        ask_one=gettext_lazy("Send this message again?"),
        ask=gettext_lazy("Send %(count)d messages again?"),
        done_one=gettext_lazy("The message is waiting for delivery again."),
        done=gettext_lazy("%(count)d messages wait for delivery again."),
        effects=(("refresh", gettext_lazy("Each gets as many tries as a new one.")),),
        effects_of=lambda rows: [("calendar", rules.day_limit())] if any(map(_takes_place, rows)) else [],
    )
}


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def selected_messages(request: SignedInRequest, program: MiniProgram, act: str) -> HttpResponse:
    """Send the ticked failed messages again, each by the same verb as alone."""
    rows = Message.objects.filter(mini_program=program).select_related("template", "application", "consent__user")
    url = reverse("messaging:log", args=[program.app_id])
    return acts_page(request, MESSAGE_ACTS, act, rows, by=request.user, url=url)


@route(Permission.DEVELOP, load=message_for, methods="GET POST")
def replay(request: SignedInRequest, message: Message) -> HttpResponse:
    """Send a failed message again; from the list of failed ones the way leads back there (`?list=1`)."""
    program = message.mini_program
    page = reverse("messaging:message", args=[program.app_id, message.pk])
    log_url = f"{reverse('messaging:log', args=[program.app_id])}?state=failed"
    return confirm_page(
        request,
        forms.Form(posted(request)),
        template="messaging/confirm/replay.html",
        save=lambda data: messages.replay(message, by=request.user),
        toast=lambda replayed: _("%(message)s is waiting for delivery again.") % {"message": replayed},
        back=log_url if request.GET.get("list") else page,
        message=message,
        row=Row(message),
        takes_place=_takes_place(message),
        most=PUSHES_PER_DAY,
        mini_program=program,
    )

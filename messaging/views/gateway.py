"""An application's message gateway: where its server takes messages, and what has become of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.errors import Conflict
from console.base.core.outbox.reasons import in_words
from console.base.core.pages import Shown, confirm_page, page_of, posted, secret_page
from console.base.core.text import visible
from console.base.hosts import rules as host_rules
from console.base.hosts.access import application_for
from console.base.hosts.actions import sealed
from console.base.hosts.models import HostApplication
from console.base.hosts.states import Overlap
from messaging import delivery, rules
from messaging.actions import gateways as actions
from messaging.events import GatewaySet, GatewayTested
from messaging.filters import GatewayProgramFilter
from messaging.forms.gateway import GatewayForm, RemoveForm, SecretForm
from messaging.localization import ban_subject, title_of
from messaging.models import Gateway, Message, MyTemplate
from messaging.states import MessageState

FAILED_SHOWN = 25
DAY = timedelta(days=1)
TEST_PAUSE = 3  # seconds between two tests of an application: the button is no way to try out addresses


@route(Permission.VIEW_APPLICATION, load=application_for)
def gateway(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """The gateway and how it answers, the server secret, messages, and the programs that send them."""
    return render(request, "messaging/gateway.html", _page(request, application))


def _page(request: SignedInRequest, application: HostApplication) -> dict[str, Any]:
    now = timezone.now()
    found, test = actions.gateway_of(application), _newest_test(application)
    secrets = list(application.server_secrets.usable(at=now).select_related("created_by"))
    current = next((secret for secret in secrets if secret.ends_at is None), None)
    failed = Message.objects.failed().filter(application=application).count()
    has_wanted = bool(failed) and actions.failed_and_wanted(application).exists()
    return {
        "application": application,
        "gateway": found,
        "is_open": found.is_open(at=now),
        "test": test,
        "test_failed": _shows_failure(test, found) if test else False,
        "secret": current,
        "old_secrets": [secret for secret in secrets if secret.ends_at],
        "figures": _figures(application, since=now - DAY),
        "failed": _failed(application) if failed else [],
        "failed_count": failed,
        **_programs(request, application, since=now - DAY),
        "why_not_edit": lacking(application.held, Permission.EDIT_APPLICATION),  # type: ignore[attr-defined]
        "needs": Permission.EDIT_APPLICATION,
        "why_not_test": rules.why_not_test(has_gateway=bool(found.url), has_secret=current is not None),
        "why_not_replay": rules.why_not_replay_all(has_gateway=bool(found.url), has_failed=has_wanted),
        "why_not_generate": host_rules.why_not_generate_server_secret(current),
        "why_not_reset": host_rules.why_not_reset_server_secret(current),
    }


def _newest_test(application: HostApplication) -> ActivityEntry | None:
    entries = ActivityEntry.objects.of_application(application.application_id)
    return entries.filter(verb=GatewayTested.name).first()


def _shows_failure(test: ActivityEntry, gateway: Gateway) -> bool:
    """Whether the gateway as it is now failed its test, and has taken nothing since."""
    is_same = (test.after or {}).get("address") == gateway.url and test.at > gateway.changed_at
    return bool(test.reason) and is_same and not (gateway.last_success_at and gateway.last_success_at > test.at)


def _figures(application: HostApplication, *, since: datetime) -> dict[str, int]:
    """Count the messages that were accepted since then, and what has become of them."""
    rows = Message.objects.taken_by(application, since=since).values_list("state")
    counts = dict(rows.annotate(count=Count("pk")).order_by())
    return {"accepted": sum(counts.values()), **{state: counts.get(state, 0) for state in MessageState.values}}


def _failed(application: HostApplication) -> list[dict[str, Any]]:
    """Return the newest failed messages, without what is in them."""
    rows = Message.objects.failed().filter(application=application).order_by("-pk").defer("values", "page")
    found = rows.select_related("mini_program", "template", "consent__user")[:FAILED_SHOWN]
    return [
        {"message": message, "title": title_of(message.template), "why": visible(in_words(message.reason))}
        for message in found
    ]


def _programs(request: SignedInRequest, application: HostApplication, *, since: datetime) -> dict[str, Any]:
    """Return the bound programs of the list's page, and whose messages are stopped."""
    bans = list(application.bans.in_force().select_related("mini_program__team", "template", "created_by"))
    bound = application.bindings.bound().select_related("mini_program__team").order_by("-decided_at", "-pk")
    filters = GatewayProgramFilter(request.GET, bound, request=request)
    page = page_of(request, filters.qs)
    programs = [binding.mini_program for binding in page.object_list]
    sent, templates = Message.objects.taken_by(application, since=since), MyTemplate.objects.live()
    counts = [
        dict(rows.filter(mini_program__in=programs).values_list("mini_program").annotate(n=Count("pk")).order_by())
        for rows in (sent, templates)
    ]
    lines = [
        {
            "program": program,
            "sent": counts[0].get(program.pk, 0),
            "templates": counts[1].get(program.pk, 0),
            "ban": next((ban for ban in bans if ban.mini_program_id == program.pk and ban.template is None), None),
            "parts": sum(ban.mini_program_id == program.pk and ban.template is not None for ban in bans),
        }
        for program in programs
    ]
    return {"bans": [(ban, ban_subject(ban)) for ban in bans], "filter": filters, "page": page, "lines": lines}


# Gateway ----------------------------------------------------------------------------------------------------------


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def set_gateway(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Set or change the address; with ?remove=1, take it away."""
    current = actions.gateway_of(application)
    if "remove" in request.GET:
        return _remove_gateway(request, application, current)
    form = GatewayForm(posted(request), initial={"url": current.url, "revision": current.revision})

    def save(data: dict[str, Any]) -> Gateway:
        try:
            return actions.set_gateway(application, by=request.user, **data)
        except Conflict:
            edits = ActivityEntry.objects.of_application(application.application_id).filter(verb=GatewaySet.name)
            form.show_conflict(actions.gateway_of(application), edits)
            raise

    return dialog(
        request,
        application,
        form,
        template="messaging/confirm/set_gateway.html",
        save=save,
        toast=lambda _saved: _("Address saved. Send a test to check that it responds."),
        address=current.url,
    )


def _remove_gateway(request: SignedInRequest, application: HostApplication, current: Gateway) -> HttpResponse:
    return dialog(
        request,
        application,
        RemoveForm(posted(request), initial={"revision": current.revision}),
        template="messaging/confirm/remove_gateway.html",
        save=lambda data: actions.set_gateway(application, url="", by=request.user, **data),
        toast=lambda _none: _("Gateway removed."),
        address=current.url,
        waiting=Message.objects.filter(application=application, state=MessageState.WAITING).count(),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="POST")
def send_test(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Send a test message; the page shows how it ended."""
    current = actions.gateway_of(application)
    has_secret = application.server_secrets.usable(at=timezone.now()).exists()
    if refusal := rules.why_not_test(has_gateway=bool(current.url), has_secret=has_secret):
        messages.error(request, refusal)
    elif not cache.add(f"gateway-test:{application.pk}", True, TEST_PAUSE):
        messages.error(request, _("A test was just sent. Wait a few seconds."))
    else:
        current.application = application
        outcome = delivery.send_test(current)
        actions.note_test(current, outcome=outcome, by=request.user)
        if outcome.ok:
            messages.success(request, _("Test succeeded."))
        else:
            messages.error(request, _("Test failed: %(why)s") % {"why": in_words(outcome.reason)})
    return redirect(address_of(application))


# Server secret ----------------------------------------------------------------------------------------------------


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def generate_server_secret(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Make the first server secret; the answer shows it once."""
    return _secret_dialog(
        request,
        application,
        forms.Form(posted(request)),
        template="messaging/confirm/generate_secret.html",
        make=lambda _data: sealed.generate_server_secret(application, by=request.user),
    )


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST", sudo=True)
def reset_server_secret(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Replace the server secret; the answer shows the new one once."""
    current = application.server_secrets.filter(ends_at=None).first()
    return _secret_dialog(
        request,
        application,
        SecretForm(posted(request), initial={"seen": current.pk if current else 0}),
        template="messaging/confirm/reset_secret.html",
        make=lambda data: sealed.reset_server_secret(
            application, seen=data["seen"], overlap=data["overlap"], reason=data["note"], by=request.user
        ),
        current=current,
        stop_now=Overlap.NONE.label,
    )


def _secret_dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, make: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, then show the secret."""
    return secret_page(
        request,
        form,
        make=make,
        shown=partial(_shown, application),
        application=application,
        cancel=address_of(application),
        **context,
    )


def _shown(application: HostApplication, secret: str) -> Shown:
    old = application.server_secrets.exclude(ends_at=None).usable(at=timezone.now()).order_by("ends_at").last()
    works = _("The old secret works until %(time)s. Until then, messages are signed with both.")
    return Shown(
        _("New server secret of %(application)s") % {"application": application},
        secret,
        f"{application.application_id}-server-secret.txt",
        address_of(application),
        works % {"time": times.full(old.ends_at)} if old and old.ends_at else "",
    )


# Failed messages --------------------------------------------------------------------------------------------------


@route(Permission.EDIT_APPLICATION, load=application_for, methods="GET POST")
def replay_failed(request: SignedInRequest, application: HostApplication) -> HttpResponse:
    """Send every failed message again."""
    return dialog(
        request,
        application,
        forms.Form(posted(request)),
        template="messaging/confirm/replay_failed.html",
        save=lambda _data: actions.replay_failed(application, by=request.user),
        toast=lambda count: (
            ngettext("Sending %(count)d message again.", "Sending %(count)d messages again.", count) % {"count": count}
        ),
        failed=actions.failed_and_wanted(application)[: actions.MOST_REPLAYED].count(),
        most=actions.MOST_REPLAYED,
        day_limit=rules.day_limit(),
    )


def address_of(application: HostApplication) -> str:
    return reverse("hosts:gateway", args=[application.application_id])


def dialog(
    request: SignedInRequest, application: HostApplication, form: forms.Form, *, toast: Any, **context: Any
) -> HttpResponse:
    """Ask in a dialog, run the verb, and return to the page."""
    return confirm_page(request, form, toast=toast, back=address_of(application), application=application, **context)

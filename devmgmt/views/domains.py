"""The pages of a program's server domains (D-1), with what lets it skip their verification (D-2)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.core import times
from console.base.core.errors import Conflict
from console.base.core.pages import form_page, posted
from console.base.core.sheets import is_asked, sheet
from console.base.core.text import is_chinese
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt import actions, rules
from devmgmt.events import DomainsChanged
from devmgmt.forms.domains import DomainsForm, TesterForm
from devmgmt.models import DomainExemption, ServerDomain
from devmgmt.sheets import DOMAINS
from devmgmt.states import MOST_CHANGES, MOST_DOMAINS, SHOWN_PAST, DomainType
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

SHOWN_CHANGES = 5
SHOWN_HOSTS = 3  # of one change, before the rest is only counted


@route(Permission.VIEW, load=mini_program_for)
def domains(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """The hosts that the program may speak to, who skips their verification, and a box that tests a URL."""
    if is_asked(request):
        return sheet(request, program.server_domains.all(), DOMAINS, name=f"domains-{program.app_id}")
    at, lists = timezone.now(), actions.domains_of(program)
    used = actions.domain_changes(program, at=at)
    month = times.platform_day(at).month
    bound = list(program.bindings.bound().applications())
    exemptions = DomainExemption.objects.filter(mini_program=program)
    shown = exemptions.select_related("application", "requested_by", "decided_by", "ended_by")
    live = sorted(shown.live(), key=lambda grant: (grant.state != DecisionState.APPROVED, -grant.pk))
    missing = lacking(program.held, Permission.DEVELOP)
    settled = {grant.application_id for grant in live if not grant.can_be_renewed}
    askable = {application.pk for application in bound} - settled
    context = {
        "mini_program": program,
        "types": [(kind, lists[kind]) for kind in DomainType],
        "empty": not any(lists.values()),
        "most_domains": MOST_DOMAINS,
        "used": used,
        "most_changes": MOST_CHANGES,
        "month": times.MONTHS[month - 1] if is_chinese() else MONTHS[month],
        "why_not_edit": missing or rules.why_not_change_domains(used, at=at),
        "exemptions": live,
        "renewable": askable,
        "past_exemptions": shown.closed()[:SHOWN_PAST],
        "past_count": exemptions.closed().count(),
        "shown_past": SHOWN_PAST,
        "why_not_apply": missing or rules.why_not_apply_for_exemption(program, bound=len(bound), askable=len(askable)),
        "missing": missing,
        "needs": Permission.DEVELOP,
        "changes": _last_changes(_changes(program)[:SHOWN_CHANGES])[:SHOWN_CHANGES],
        **_tester(request, lists, bound, live),
    }
    return render(request, "devmgmt/domains.html", context)


def _tester(
    request: SignedInRequest,
    lists: dict[str, list[ServerDomain]],
    bound: list[HostApplication],
    live: list[DomainExemption],
) -> dict[str, Any]:
    """Judge the URL in the address, and say what each bound application makes of it, unless it is no URL at all."""
    form = TesterForm(request.GET)
    verdict = form.verdict(lists)
    skipping = {grant.application_id for grant in live if grant.shown_state == "granted"}
    answers = [(application, application.pk in skipping) for application in bound] if verdict and verdict.checks else []
    return {"form": form, "verdict": verdict, "answers": answers}


def _changes(program: MiniProgram) -> ActivityQuerySet:
    return ActivityEntry.objects.of_program(program.app_id).filter(verb=DomainsChanged.name)


def _last_changes(entries: ActivityQuerySet) -> list[dict[str, Any]]:
    """Return what was added to and removed from each list, newest first, without the scheme that the type says."""
    found = []
    for entry in entries:
        for kind, removed, added in entry.changes():
            for is_new, origins in ((True, added), (False, removed)):
                hosts = [str(origin).partition("://")[2] for origin in origins or []]  # type: ignore[attr-defined]
                if hosts:
                    shown, more = hosts[:SHOWN_HOSTS], max(len(hosts) - SHOWN_HOSTS, 0)
                    found.append({"is_new": is_new, "kind": kind, "hosts": shown, "more": more, "entry": entry})
    return found


@route(Permission.DEVELOP, load=mini_program_for, methods="GET POST")
def edit(request: SignedInRequest, program: MiniProgram) -> HttpResponse:
    """All five lists together; the second of two editors sees what changed (D-1, L-3)."""
    at, url = timezone.now(), reverse("devmgmt:domains", args=[program.app_id])
    used = actions.domain_changes(program, at=at)
    if request.method == "GET" and rules.why_not_change_domains(used, at=at):
        return redirect(url)
    form = DomainsForm(posted(request), current=actions.domains_of(program))

    def save(data: dict[str, Any]) -> MiniProgram:
        try:
            return actions.change_domains(program, lists=form.lists(), seen=data["seen"], by=request.user)
        except Conflict:
            form.show_conflict(actions.domains_of(program), list(_changes(program)[:1]))
            raise

    return form_page(
        request,
        form,
        save=save,
        success=lambda saved: (_("Server domains of %(program)s saved.") % {"program": saved}, url),
        template="devmgmt/domains_form.html",
        cancel=url,
        mini_program=program,
        used=used,
        most_changes=MOST_CHANGES,
        most_domains=MOST_DOMAINS,
    )

"""The pages that belong to no section: home, search, activity, notifications, health, errors."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.actions import choose_language, choose_notifications, mark_notifications_read
from console.base.accounts.forms import LanguageForm, NotificationChoicesForm
from console.base.accounts.middleware import keep_in_cookie
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.models import ActivityEntry
from console.base.activity.querysets import ActivityQuerySet
from console.base.activity.views import activity_page
from console.base.core import busy
from console.base.core.middleware import busy_page
from console.base.core.pages import form_page, page_of, posted, show
from console.base.hosts.models import HostApplication
from console.home.elsewhere import elsewhere
from console.home.figures import holdings, sent_by
from console.home.lines import lines_of
from console.home.person import Person
from console.home.rows import gather
from console.home.waiting import waiting
from console.sections import Section, section_of
from grayscale.models import GrayscaleTask
from grayscale.presenters.tasks import rows_of, with_facts
from miniprograms.models import MiniProgram
from releases.models import Version

SHOWN = 10
RUNNING = 5
FOUND = 50
RECENT = 5  # of a switcher
ICON_SECONDS = 365 * 24 * 3600


def own_activity(request: SignedInRequest) -> ActivityQuerySet:
    """Return the entries of the user's teams and applications."""
    return ActivityEntry.objects.of_any(
        team_ids=Team.objects.visible_to(request.user).values_list("pk", flat=True),
        application_ids=HostApplication.objects.visible_to(request.user).values_list("application_id", flat=True),
    )


@route(Permission.SIGNED_IN)
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the user and what they wait for, which grayscale tasks run, what was sent, what changed."""
    at, person = timezone.now(), Person(request.user)
    programs = MiniProgram.objects.of_teams(person.held)
    tasks = GrayscaleTask.objects.filter(mini_program__in=programs)
    running = (tasks.delivering(at=at) | tasks.suspended(at=at)).order_by("-created_at", "-id")
    creates = bool(person.teams(Permission.MANAGE))
    context = {
        "person": person,
        "waiting": lines_of(gather(waiting(person, at=at))),
        "elsewhere": lines_of(gather(elsewhere(person, at=at))),
        "running": rows_of(with_facts(running)[:RUNNING], at=at, held=person.held) if person.held else [],
        "sent": sent_by(person, at=at),
        "holdings": holdings() if request.user.is_staff and not person.held else [],
        "entries": own_activity(request)[:SHOWN],
        "today": timezone.localtime(),
        "programs": programs.count(),
        "applications": HostApplication.objects.visible_to(request.user).count(),
        "why_not_create": "" if creates else lacking(frozenset(), Permission.MANAGE),
    }
    return render(request, "core/home.html", context)


@route(Permission.SIGNED_IN)
def search(request: SignedInRequest) -> HttpResponse:
    """Find mini programs by name or App ID, versions by number, applications by name."""
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    programs = MiniProgram.objects.visible_to(request.user)
    context: dict[str, Any] = {"words": words}
    if words:
        context |= {
            "programs": programs.matching(words).select_related("team")[:FOUND],
            "versions": Version.objects.numbered(words)
            .filter(mini_program__in=programs)
            .select_related("mini_program__team")[:FOUND],
            "applications": HostApplication.objects.visible_to(request.user)
            .matching(words)
            .select_related("team")[:FOUND],
        }
    return render(request, "core/search.html", context)


@route(Permission.SIGNED_IN)
def activity(request: SignedInRequest) -> HttpResponse:
    """Everything that was done in the user's teams and applications."""
    return activity_page(request, own_activity(request))


@route(Permission.SIGNED_IN)
def notifications(request: SignedInRequest) -> HttpResponse:
    """All notifications that the user has in the console."""
    return render(request, "core/notifications.html", {"page": page_of(request, request.user.notifications.shown())})


@route(Permission.SIGNED_IN, methods="POST")
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """Mark everything read."""
    mark_notifications_read(request.user)
    messages.success(request, _("All notifications are marked as read."))
    return redirect("notifications")


@route(Permission.SIGNED_IN, methods="GET POST")
def notification_choices(request: SignedInRequest) -> HttpResponse:
    """Which kinds the user is notified of, and where."""
    form = NotificationChoicesForm(posted(request), user=request.user)
    return form_page(
        request,
        form,
        save=lambda _data: choose_notifications(request.user, choices=form.choices),
        success=lambda _saved: (_("Saved."), reverse("notification_choices")),
        template="core/notification_choices.html",
        cancel=reverse("notifications"),
    )


@route(Permission.PUBLIC, methods="POST")
def language(request: HttpRequest) -> HttpResponse:
    """Show the console in another language from now on, beginning with the page that the person is on."""
    page = request.POST.get("next", "")
    ours = page.startswith("/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    answer = HttpResponseRedirect(page if ours else reverse("home"))
    form = LanguageForm(request.POST)
    if form.is_valid():
        chosen = form.cleaned_data["language"]
        if isinstance(request.user, User):
            choose_language(request.user, language=chosen)
        keep_in_cookie(answer, chosen)
    return answer


@route(Permission.SIGNED_IN)
def switch(request: SignedInRequest, kind: str) -> HttpResponse:
    """The rows of a switcher, loaded when it opens and while one types; another program keeps the section.

    `recent` names the ids that this browser was last at, newest first.
    """
    words = request.GET.get("q", "").replace("\0", "").strip()[:100]
    if kind == "applications":
        found: Any = HostApplication.objects.visible_to(request.user)
        id_field, address = "application_id", lambda row: reverse("hosts:detail", args=[row.application_id])
        everything = reverse("hosts:list")
    elif kind == "programs":
        section = section_here(request)
        found = MiniProgram.objects.filter(team__in=Team.objects.where(request.user, section.permission))
        id_field, address, everything = "app_id", lambda row: section.url_for(row.app_id), section.url
    else:
        raise Http404
    found = found.matching(words).select_related("team").order_by("team__name", "name")
    ids = [] if words else request.GET.get("recent", "").replace("\0", "").split(",")[:RECENT]
    recent = sorted(found.filter(**{f"{id_field}__in": ids}), key=lambda row: ids.index(getattr(row, id_field)))
    others = found.exclude(**{f"{id_field}__in": ids})[: FOUND + 1]
    context = {
        "kind": kind,
        "all": everything,
        "words": words,
        "recent": [(row, address(row)) for row in recent],
        "rows": [(row, address(row)) for row in others[:FOUND]],
        "more": len(others) > FOUND,
    }
    is_search = request.headers.get("HX-Target") == "switch-rows"
    return render(request, "core/switch.html#rows" if is_search else "core/switch.html", context)


def section_here(request: SignedInRequest) -> Section:
    """Return the section of the page that an htmx request comes from."""
    try:
        return section_of(resolve(urlsplit(request.headers.get("HX-Current-URL", "/")).path))
    except (Resolver404, ValueError):  # A page that is none of ours, or an address that is none.
        return section_of(None)


@route(Permission.PUBLIC)
def icon_file(request: HttpRequest, name: str) -> HttpResponse:
    """An icon; its name can't be guessed and its bytes never change."""
    try:
        with default_storage.open(f"icons/{name}") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    response["Cache-Control"] = f"public, max-age={ICON_SECONDS}, immutable"
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: yours, without the right."""
    return show(request, "403.html", {}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not yours."""
    return show(request, "404.html", {}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """500, our fault, without a query; 503 where a middleware or an error page met a busy or absent database."""
    error = sys.exc_info()[1]  # Django calls this where it caught the error.
    if error is None or not busy.passes(error):
        return server_error(request)
    return busy_page(request, error, may_be_saved=True)  # A middleware may have met it after the view.

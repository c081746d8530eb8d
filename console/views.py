"""The pages that belong to no section: home, search, activity, notifications, health, errors."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.contrib import messages
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from console.accounts.access import SignedInRequest, held_by_team, route
from console.accounts.models import Team
from console.accounts.permissions import Permission, lacking
from console.activity.models import ActivityEntry
from console.activity.querysets import ActivityQuerySet
from console.activity.views import activity_page
from console.core.pages import page_of, show
from console.hosts.models import HostApplication
from console.reviews import querysets
from console.sections import Section, section_of
from grayscale.models import GrayscaleTask
from grayscale.overview import rows_of, with_facts
from miniprograms.models import MiniProgram
from releases.models import Version

SHOWN = 10
RUNNING = 5
FOUND = 50
ICON_SECONDS = 365 * 24 * 3600


def own_activity(request: SignedInRequest) -> ActivityQuerySet:
    """Return the entries of the user's teams and applications."""
    return ActivityEntry.objects.of_any(
        team_ids=Team.objects.visible_to(request.user).values_list("pk", flat=True),
        application_ids=HostApplication.objects.visible_to(request.user).values_list("application_id", flat=True),
    )


@route(Permission.SIGNED_IN)
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the user, oldest first, which grayscale tasks run, and what changed."""
    line = querysets.in_line(querysets.waiting_for(request.user))
    managed = Team.objects.where(request.user, Permission.MANAGE)
    ready = Version.objects.publishable().filter(mini_program__team__in=managed)
    at, held_by = timezone.now(), held_by_team(request.user)
    programs = MiniProgram.objects.visible_to(request.user)
    tasks = GrayscaleTask.objects.filter(mini_program__in=programs)
    running = tasks.delivering(at=at) | tasks.suspended(at=at)
    creates = any(Permission.MANAGE in held for held in held_by.values())
    context = {
        "decisions": querysets.lines(list(line[:SHOWN])),
        "ready": ready.select_related("mini_program").order_by("uploaded_at")[:SHOWN],
        "ready_count": ready.count(),
        "running": rows_of(with_facts(running)[:RUNNING], at=at, held=held_by),
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
            .filter(Q(name__icontains=words) | Q(application_id__startswith=words.lower()))
            .select_related("team")[:FOUND],
        }
    return render(request, "core/search.html", context)


@route(Permission.SIGNED_IN)
def activity(request: SignedInRequest) -> HttpResponse:
    """Everything that was done in the user's teams and applications."""
    return activity_page(request, own_activity(request))


@route(Permission.SIGNED_IN)
def notifications(request: SignedInRequest) -> HttpResponse:
    """Everything that the user was told."""
    return render(request, "core/notifications.html", {"page": page_of(request, request.user.notifications.all())})


@route(Permission.SIGNED_IN, methods="POST")
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """Mark everything read."""
    request.user.notifications.unread().update(read_at=timezone.now())
    messages.success(request, _("All notifications are marked as read."))
    return redirect("notifications")


@route(Permission.SIGNED_IN, methods="GET POST")
def notification_choices(request: SignedInRequest) -> HttpResponse:
    """Which kinds the user is told of, and where."""
    return HttpResponse()


@route(Permission.PUBLIC, methods="POST")
def language(request: HttpRequest) -> HttpResponse:
    """Show the console in another language from now on."""
    return HttpResponse()


@route(Permission.SIGNED_IN)
def switch(request: SignedInRequest, kind: str) -> HttpResponse:
    """The rows of the switcher in the top bar, loaded when it opens; another program keeps the section."""
    if kind == "applications":
        hosts = HostApplication.objects.visible_to(request.user).select_related("team")[:FOUND]
        context: dict[str, Any] = {
            "rows": [(host, reverse("hosts:detail", args=[host.application_id])) for host in hosts]
        }
    elif kind == "programs":
        section = section_here(request)
        teams = Team.objects.where(request.user, section.permission)
        programs = MiniProgram.objects.filter(team__in=teams).select_related("team")[:FOUND]
        context = {
            "all": section.url,
            "rows": [(program, section.url_for(program.app_id)) for program in programs],
        }
    else:
        raise Http404
    return render(request, "core/switch.html", context)


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


@route(Permission.PUBLIC)
def healthz(request: HttpRequest) -> HttpResponse:
    """The process lives."""
    return HttpResponse("ok", content_type="text/plain")


@route(Permission.PUBLIC)
def readyz(request: HttpRequest) -> HttpResponse:
    """PostgreSQL and Valkey answer."""
    failed = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        failed.append("database")
    try:
        redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2).ping()
    except redis.RedisError:
        failed.append("valkey")
    words = "not ready: " + ", ".join(failed) if failed else "ok"
    return HttpResponse(words, content_type="text/plain", status=503 if failed else 200)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: yours, without the right."""
    return show(request, "403.html", {}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not yours."""
    return show(request, "404.html", {}, status=404)

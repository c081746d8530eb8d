"""The pages that belong to no section: home, search, activity, notifications, health, errors."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from copy import copy
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.defaults import server_error

from console.base.accounts.access import SignedInRequest, route
from console.base.accounts.actions import choose_language, mark_notifications_read
from console.base.accounts.actions.notices import (
    choose_notifications,
    restore_notifications,
    unmark_notifications_read,
)
from console.base.accounts.forms import LanguageForm, NotificationChoicesForm, ReadMarkForm
from console.base.accounts.middleware import keep_in_cookie
from console.base.accounts.models import Team, User
from console.base.accounts.permissions import Permission, lacking
from console.base.activity.views import activity_page
from console.base.core import busy
from console.base.core.errors import Conflict
from console.base.core.middleware import busy_page
from console.base.core.pages import form_page, page_of, posted, show
from console.base.core.resend import is_from_here, resend_page
from console.base.core.toasts import Undo, toast
from console.base.hosts.access import activity_for
from console.base.hosts.models import HostApplication
from console.frame import Frame
from console.home import kinds
from console.home.elsewhere import elsewhere
from console.home.figures import holdings, sent_by
from console.home.first_run import checklist_for
from console.home.lines import lines_of
from console.home.named_pages import pages_of_named
from console.home.person import Person
from console.home.rows import gather
from console.home.search import Group, Scope, actions, cleaned, find, pages
from console.home.waiting import waiting
from console.sections import section_of
from grayscale.models import GrayscaleTask
from grayscale.presenters.tasks import rows_of, with_facts
from miniprograms.access import mini_program_for
from miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)

READ = 40  # newest entries of the log, of which the home page shows a few lines
WAITING = 5
ELSEWHERE = 3
RUNNING = 3
FOUND = 50
RECENT = 5  # of a switcher
IN_PALETTE = 3  # hits of a kind
YEAR = 365 * 24 * 3600
HIDDEN_LISTS = 20


def hidden_lists(request: HttpRequest) -> list[str]:
    """Return the keys of the checklists that were hidden in this browser."""
    return request.COOKIES.get(settings.FIRST_RUN_COOKIE_NAME, "").split(".")


@route(Permission.SIGNED_IN)
def home(request: SignedInRequest) -> HttpResponse:
    """What waits for the user and what they wait for, which grayscale tasks run, what was sent, what changed."""
    at, person = timezone.now(), Person(request.user)
    programs = MiniProgram.objects.of_teams(person.held)
    tasks = GrayscaleTask.objects.filter(mini_program__in=programs)
    running = (tasks.delivering(at=at) | tasks.suspended(at=at)).order_by("-created_at", "-id")
    creates = bool(person.teams(Permission.MANAGE))
    begun = checklist_for(person, request, at=at)
    hidden = begun is not None and begun.key in hidden_lists(request)
    checklist = None if hidden else begun
    rows = gather([*waiting(person, at=at), *elsewhere(person, at=at)])
    context = {
        "person": person,
        "checklist": checklist,
        "hidden": begun if hidden else None,
        "waiting": lines_of([row for row in rows if row.kind not in kinds.ELSEWHERE], at_once=WAITING),
        "elsewhere": lines_of([row for row in rows if row.kind in kinds.ELSEWHERE], at_once=ELSEWHERE),
        "running": rows_of(with_facts(running)[:RUNNING], at=at, held=person.held) if person.held else [],
        "sent": sent_by(person, at=at),
        "holdings": holdings() if request.user.is_staff and not person.held and not checklist else [],
        "entries": activity_for(request.user)[:READ],
        "today": timezone.localtime(),
        "programs": programs.count(),
        "applications": HostApplication.objects.visible_to(request.user).count(),
        "why_not_create": "" if creates else lacking(frozenset(), Permission.MANAGE),
    }
    return render(request, "core/home.html", context)


@route(Permission.SIGNED_IN, methods="POST")
def first_run(request: SignedInRequest) -> HttpResponse:
    """Hide one's checklist in this browser, or show it again (P-11); Undo shows the very one that was hidden."""
    begun = checklist_for(Person(request.user), request, at=timezone.now())
    keys, again = hidden_lists(request), request.POST.get("again", "")
    if again:
        keys = [key for key in keys if key != again]
    elif begun and begun.key in keys:
        keys.remove(begun.key)
    elif begun:
        keys = [*keys, begun.key][-HIDDEN_LISTS:]
        toast(request, _("First steps hidden."), undo=Undo(reverse("first_run"), {"again": begun.key}))
    answer = redirect("home")
    answer.set_cookie(
        settings.FIRST_RUN_COOKIE_NAME,
        ".".join(keys),
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


@route(Permission.SIGNED_IN)
def search(request: SignedInRequest) -> HttpResponse:
    """Find anything that the user may see, as a page; as the palette also what can be done here, while one types.

    The palette over a program's page can be limited to that program: `only`.
    """
    words, part = cleaned(request.GET.get("q", "")), request.headers.get("HX-Target", "")
    template = {"palette": "core/palette.html", "palette-hits": "core/palette.html#hits"}.get(part)
    if template is None:
        groups = find(Scope(request.user), words, limit=FOUND) if words else []
        return render(request, "core/search.html", {"words": words, "groups": groups})
    program, menu = _here(request)
    only = program if request.GET.get("only") else None
    groups = _begun_here(request, words, program, _own(menu) if only else menu, everywhere=not only)
    if words:
        groups += find(Scope(request.user, only), words, limit=IN_PALETTE)
    return render(request, template, {"words": words, "groups": groups, "here": program, "only": only})


Menu = list[dict[str, Any]]


def _here(request: SignedInRequest) -> tuple[MiniProgram | None, Menu]:
    """Return the program and the menu of the page that an htmx request comes from."""
    here, program = copy(request), None
    here.path, here.resolver_match = _page_here(request)
    if app_id := here.resolver_match and here.resolver_match.kwargs.get("app_id"):
        with suppress(Http404, PermissionDenied):
            program = mini_program_for(request.user, Permission.VIEW, app_id)
    frame = Frame(here)
    return program, frame.menu_in_program if program else frame.menu


def _own(menu: Menu) -> Menu:
    """Return what of a menu belongs to the program itself."""
    return [group for group in menu if group.get("own")]


def _begun_here(
    request: SignedInRequest, words: str, program: MiniProgram | None, menu: Menu, *, everywhere: bool
) -> list[Group]:
    """Return actions and pages for the palette, `everywhere` or of the program alone."""
    creates = everywhere and bool(Person(request.user).teams(Permission.MANAGE))
    title = _("In %(program)s") % {"program": program} if program else _("Actions")
    there = pages(menu, words)
    if words:
        there = [*there[:IN_PALETTE], *(pages_of_named(request.user, words)[:IN_PALETTE] if everywhere else [])]
    found = [
        Group(title, actions(program, words, creates=creates)),
        Group(_("Pages") if words else _("Go to"), there[:FOUND]),
    ]
    return [group for group in found if group.hits]


def _page_here(request: SignedInRequest) -> tuple[str, ResolverMatch | None]:
    """Return the path of the page that an htmx request comes from, and what it resolves to; "/" for none of ours."""
    try:
        path = urlsplit(request.headers.get("HX-Current-URL", "/")).path
        return path, resolve(path)
    except (Resolver404, ValueError):
        return "/", None


@route(Permission.SIGNED_IN)
def shortcuts(request: SignedInRequest) -> HttpResponse:
    """The keys that work on every page, and the letters of the pages that the menu leads to."""
    hits = pages(_here(request)[1], "")
    return show(request, "core/shortcuts.html", {"letters": [hit for hit in hits if hit.keys]})


@route(Permission.SIGNED_IN)
def activity(request: SignedInRequest) -> HttpResponse:
    """Everything that was done in the user's teams and applications."""
    return activity_page(request, activity_for(request.user))


@route(Permission.SIGNED_IN)
def notifications(request: SignedInRequest) -> HttpResponse:
    """All notifications that the user has in the console."""
    return render(request, "core/notifications.html", {"page": page_of(request, request.user.notifications.shown())})


@route(Permission.SIGNED_IN, methods="POST")
def notifications_read(request: SignedInRequest) -> HttpResponse:
    """Mark everything read."""
    before = request.user.notifications_read_to
    mark_notifications_read(request.user)
    fields = {"to": str(before), "since": str(request.user.notifications_read_to)}
    undo = Undo(reverse("notifications_unread"), fields) if fields["to"] != fields["since"] else None
    toast(request, _("All notifications marked as read."), undo=undo)
    return redirect("notifications")


@route(Permission.SIGNED_IN, methods="POST")
def notifications_unread(request: SignedInRequest) -> HttpResponse:
    """Take back that everything was marked read."""
    form = ReadMarkForm(request.POST)
    if form.is_valid():
        try:
            unmark_notifications_read(request.user, **form.cleaned_data)
        except Conflict as conflict:
            messages.error(request, conflict.message)
    return redirect("notifications")


@route(Permission.SIGNED_IN, methods="GET POST")
def notification_choices(request: SignedInRequest) -> HttpResponse:
    """Which kinds the user is notified of, and where."""
    form, page = NotificationChoicesForm(posted(request), user=request.user), reverse("notification_choices")
    return form_page(
        request,
        form,
        save=lambda _data: _choose(request.user, form),
        success=lambda _saved: (_("Saved."), page),
        undo=lambda _saved: Undo(page, form.fields_that_restore()) if form.has_changed() else None,
        template="core/notification_choices.html",
        cancel=reverse("notifications"),
    )


def _choose(user: User, form: NotificationChoicesForm) -> None:
    if (replaced := form.replaced) is None:
        choose_notifications(user, choices=form.choices)
    else:
        restore_notifications(user, choices=form.choices, instead_of=replaced)


@route(Permission.PUBLIC)
def session(request: HttpRequest) -> HttpResponse:
    """Who is signed in, and the token for forms that are open: what session.js asks before it sends one."""
    answer = JsonResponse({"user": request.user.pk, "token": get_token(request)})
    answer["Cache-Control"] = "no-store"
    return answer


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
        section = section_of(_page_here(request)[1])
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
    is_search = request.headers.get("HX-Trigger-Name") == "q"
    return render(request, "core/switch.html#rows" if is_search else "core/switch.html", context)


@route(Permission.PUBLIC)
def icon_file(request: HttpRequest, name: str) -> HttpResponse:
    """An icon; its name can't be guessed and its bytes never change."""
    try:
        with default_storage.open(f"icons/{name}") as file:
            response = HttpResponse(file.read(), content_type="image/webp")
    except FileNotFoundError:
        raise Http404 from None
    except OSError as error:
        logger.error("icon %s can't be read: %s", name, error)
        return HttpResponse(status=503, headers={"Retry-After": "5", "Cache-Control": "no-store"})
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: yours, without the right."""
    return show(request, "403.html", {}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form's token is not this session's, mostly of a sign-in meanwhile; a page of ours may send it again.

    htmx gets a plain 401, upon which session.js renews the token and sends it again.
    """
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401)
    if not is_from_here(request):
        return show(request, "403_csrf.html", {}, status=403)
    words = _("Nothing was saved: you signed in again after opening this form. Resubmit it.")
    return resend_page(request, title=_("This form has expired"), words=words, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: not there, or not yours."""
    return show(request, "404.html", {}, status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """500, our fault, without a query; 503 where a middleware or an error page met a busy or absent database."""
    error = sys.exc_info()[1]  # Django calls this where it caught the error.
    if error is None or not busy.passes(error):
        return server_error(request)
    return busy_page(request, error, may_be_saved=True)  # A middleware may have met it after the view.

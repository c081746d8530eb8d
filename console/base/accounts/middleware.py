"""Which language a page is written in, whose time zone its times are in, and what keeps sessions safe."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.core.signals import request_finished
from django.db import Error
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from console.base.accounts import devices
from console.base.accounts.authentication import proofs
from console.base.accounts.security import note_used
from console.base.core import busy, zones
from console.base.core.middleware import busy_page

MACHINES = ("device", "server")
FOR_ALL = ("public", *MACHINES)  # permissions of routes that ask for nobody signed in


class LanguageMiddleware(LocaleMiddleware):
    """A person's own choice, on every device; else the cookie, else what the browser asks for.

    Pages for all do not look for a person, which would cost queries; they follow the cookie, so it follows the choice.
    """

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], arguments: Any, names: Any
    ) -> HttpResponse | None:
        """Use the language of the signed-in person: the first query, which finds the database busy or down."""
        policy = getattr(view, "policy", None)
        if policy is not None and policy.permission in FOR_ALL:
            return None
        try:
            language = getattr(request.user, "language", "")
        except Exception as error:
            if not busy.passes(error):
                raise
            return busy_page(request, error, may_be_saved=False)
        if language:
            translation.activate(language)
            request.LANGUAGE_CODE = language
            request.own_language = language  # type: ignore[attr-defined]
        return None

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Say what the page depends on, and let the cookie follow."""
        answer = super().process_response(request, response)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(answer, ["Cookie"])
        language = getattr(request, "own_language", "")
        if language and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME) != language:
            keep_in_cookie(answer, language)
        return answer


class TimeZoneMiddleware:
    """P-9: the zone that a person has chosen, on every device; else the browser's, which a cookie names.

    Where neither is known, as on the first page of a browser, and for machines, it is the platform's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        named = request.COOKIES.get(settings.TIME_ZONE_COOKIE_NAME, "")
        timezone.activate(zones.zone_of(named) or timezone.get_default_timezone())
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], arguments: Any, names: Any) -> None:
        """Take the zone; the language's middleware, which comes first, has found the person or answered already."""
        policy = getattr(view, "policy", None)
        permission = policy.permission if policy is not None else None
        if permission in MACHINES:
            timezone.deactivate()
        elif permission not in FOR_ALL and (zone := zones.zone_of(getattr(request.user, "time_zone", ""))):
            timezone.activate(zone)


@receiver(request_finished)
def forget_reader(**kwargs: Any) -> None:
    """Leave no language or zone behind in the thread: the APIs, which answer in English, share it with the pages."""
    translation.deactivate()
    timezone.deactivate()


def keep_in_cookie(response: HttpResponseBase, language: str) -> None:
    """Let this browser show the console in `language` from now on."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.LANGUAGE_COOKIE_AGE,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
        samesite="Lax",
    )


class SafetyMiddleware:
    """What an account's safety asks of every answer (P-6): sessions are noted as used, and nothing of them is kept."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if getattr(request, "signed_out", False):
            # Not the cookies: the session's is gone with it, and the browser's own opens nothing.
            answer["Clear-Site-Data"] = '"cache", "storage"'
        if user := getattr(request, "person_of_browser", None):
            devices.remember(request, answer, user)
        session = request.session
        # What was read of it: where the database is away nothing was, and nobody asks it once more.
        if SESSION_KEY in getattr(session, "_session_cache", {}):
            answer.setdefault("Cache-Control", "no-store")
            self._note_used(request)
        return answer

    def _note_used(self, request: HttpRequest) -> None:
        """Note it at most once a minute; a busy or absent database is no reason for another answer."""
        session, at = request.session, timezone.now()
        try:
            if session.prolong(at=at) and request.user.is_authenticated:  # type: ignore[attr-defined]
                began = proofs(request)
                signed_in_at = datetime.fromtimestamp(began[0], UTC) if began else at
                note_used(request, request.user, signed_in_at=signed_in_at, at=at)
        except Error as error:
            if not busy.passes(error):
                raise
            busy.note(error, "The use of a session was not noted")

"""What every request of the API passes before its body is read: token, scope, rate, Idempotency-Key."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError

from console.api.manage import idempotency, reading
from console.api.manage.authentication import ensure_usable, token_of
from console.api.manage.models import Token
from console.api.manage.problems import NAMES, Problem
from console.api.manage.states import Scope
from console.api.rate import Counter
from console.base.accounts.access import team_asking_for_factor
from console.base.accounts.devices import network_of
from console.base.activity.middleware import Source, source
from console.base.core import bodies, busy
from console.base.core.errors import ActionRefused, Conflict, TemporarilyRefused, TooManyAtOnce
from console.base.core.proxies import client_address
from releases.inspection import PackageRefused

calls = Counter(settings.API_RATE_LIMIT)
failures = Counter("60/minute")  # of a network, with tokens that are none

IN_A_MINUTE = "60"  # seconds


def guard(scope: Scope | None, kind: str, run: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap an operation of ninja: it runs for a token that opens the scope, and errors are problems.

    `kind` is the content type that it takes. A body may take minutes to come, so the token is looked at once more when
    it is here: what was revoked meanwhile does nothing. Whatever a verb has begun by then, it ends.
    """

    @wraps(run)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        headers: dict[str, str] = {}
        try:
            token = _token(request)
            headers = counted(token)
            enter(request, token, scope)
            if reading.read(request, kind, kwargs):
                ensure_usable(token)
            with acting(request):
                response = idempotency.once(request, token, lambda: run(request, *args, **kwargs))
        except Exception as error:
            if (problem := problem_of(error)) is None:
                raise
            response = problem.answer()
        for name, value in headers.items():
            response.setdefault(name, value)
        response.setdefault("Cache-Control", "no-store")
        return response

    return answer


def _token(request: HttpRequest) -> Token:
    """Return the token; who shows many that are none is told to wait. One that is right comes in all the same."""
    try:
        return token_of(request)
    except Problem as problem:
        if problem.status == 401:
            count_failure(request)
        raise


def count_failure(request: HttpRequest) -> None:
    """Count a token that is none, in this process; raises Problem 429 for a network that shows many."""
    if wait := failures.count(network_of(client_address(request.META))):
        raise _too_many(wait)


def counted(token: Token) -> dict[str, str]:
    """Count a call of the token, in this process; return the headers that say how many are left.

    Raises Problem 429, with the same headers, for one too many.
    """
    wait = calls.count(token.pk)
    left, seconds = calls.left(token.pk)
    headers = {
        "RateLimit-Limit": str(calls.amount),
        "RateLimit-Remaining": str(left),
        "RateLimit-Reset": str(seconds),
    }
    if wait:
        raise _too_many(wait, headers)
    return headers


def _too_many(wait: int, headers: dict[str, str] | None = None) -> Problem:
    """What is answered to a request that comes too early."""
    words = f"Too many requests. Try again in {wait} seconds."
    return Problem(429, words, headers={"Retry-After": str(wait), **(headers or {})})


def enter(request: HttpRequest, token: Token, scope: Scope | None) -> None:
    """Let the token in where it has the scope, None for any; the request is its holder's from here on."""
    if scope is not None and scope not in token.scopes:
        raise Problem(403, f"The token lacks the scope {scope}.", code="scope", scope=scope.value)
    request.user, request.token = token.holder, token  # type: ignore[attr-defined]
    if not token.asks_for_factor:
        return
    browser, request.session = request.session, SessionBase()  # A cookie that comes along says nothing of who asks.
    asking, request.session = team_asking_for_factor(request), browser
    if asking:
        raise Problem(403, "A team of yours requires a second factor. Set it up in the console.", code="second_factor")


@contextmanager
def acting(request: HttpRequest) -> Iterator[None]:
    """Write into the activity log that a token did it."""
    before = source.set(Source("api", client_address(request.META)))
    try:
        yield
    finally:
        source.reset(before)


def problem_of(error: Exception) -> Problem | None:
    """Return what the API answers to an error; None for one that is ours."""
    match error:
        case Problem():
            return error
        case Http404():
            return Problem(404, "Not found, or the token has no access to it.")
        case PermissionDenied():
            return Problem(403, "The token's holder may not do this.", code="permission")
        case PackageRefused():
            found = [finding.as_dict() for finding in error.inspection.findings]
            return Problem(422, error.message, code="package_refused", findings=found)
        case Conflict():
            return Problem(409, error.message)
        case TemporarilyRefused():
            status = 429 if isinstance(error, TooManyAtOnce) else 503
            return Problem(status, error.message, headers={"Retry-After": IN_A_MINUTE})
        case ActionRefused():
            field = error.field or ""
            errors = [{"field": NAMES.get(field, field), "message": error.message}]
            return Problem(422, error.message, code="refused", errors=errors)
        case RequestDataTooBig():
            return Problem(413, "The body is too large.", code="content_too_large")
        case UnreadablePostError():
            late = isinstance(error.__cause__ or error.__context__, bodies.BodyLate)
            return Problem(408 if late else 400, "The body did not arrive.")
        case MultiPartParserError() | SuspiciousOperation() | BadRequest():
            return Problem(400, "The body is malformed.")
        case Error() if busy.passes(error):
            busy.note(error, "/api/v1/")
            busy.renew_connection()
            return Problem(503, busy.sentence(error), headers={"Retry-After": busy.RETRY_AFTER})
    return None

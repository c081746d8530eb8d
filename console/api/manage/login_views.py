"""What a program asks that wants a token of a person's own: RFC 8628, and RFC 7009 for its end.

Answers are JSON with the errors of OAuth, not problems: libraries know these. Nobody is signed in here, and no cookie
counts, so no token of a form is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt

from console.api.manage import logins
from console.api.manage.states import OF_PEOPLE, Scope
from console.api.rate import Counter
from console.base.accounts.access import route
from console.base.accounts.devices import network_of
from console.base.accounts.permissions import Permission
from console.base.core.fields import LineField
from console.base.core.proxies import client_address

FORM = "application/x-www-form-urlencoded"
LONGEST = 8 * 1024  # bytes of a body; what libraries send has a few hundred
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
begun = Counter("20/minute")  # of a network, in this process
asked = Counter("240/minute")


def small_form(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest], JsonResponse]:
    """Refuse any other body before it is read: Django would spool a stranger's files to the disk (415, 413).

    A body of unannounced length is none to Django.
    """

    @wraps(view)
    def answer(request: HttpRequest) -> JsonResponse:
        if request.content_type != FORM:
            return _error("invalid_request", f"Send the body as {FORM}.", 415)
        announced = request.META.get("CONTENT_LENGTH") or ""
        if announced.isdecimal() and int(announced) > LONGEST:
            return _error("invalid_request", f"The body must not exceed {LONGEST} bytes.", 413)
        return view(request)

    return answer


class BeginForm(forms.Form):
    """What a program says of itself."""

    client_id = LineField(max_length=40)
    machine = LineField(max_length=60, required=False)
    scope = forms.CharField(max_length=200, required=False)

    def clean_scope(self) -> list[str]:
        """Return the scopes; raises ValidationError for one that is none. Without any, all that is read."""
        names = self.cleaned_data["scope"].split() or [Scope.READ.value]
        if not set(names) <= {scope.value for scope in OF_PEOPLE}:
            raise forms.ValidationError("unknown", code="scope")
        return [scope.value for scope in OF_PEOPLE if scope in names]


@csrf_exempt
@route(Permission.PUBLIC, methods="POST")
@small_form
def device_code(request: HttpRequest) -> JsonResponse:
    """Begin: return a code for the program and one for the person (RFC 8628 3.2)."""
    if wait := begun.count(_network(request)):
        return _too_many(wait)
    form = BeginForm(request.POST)
    if not form.is_valid():
        wrong = "scope" if "scope" in form.errors else "request"
        return _error(f"invalid_{wrong}", f"Wrong: {', '.join(form.errors)}.")
    data = form.cleaned_data
    made = logins.begin(
        client=data["client_id"],
        machine=data["machine"],
        scopes=data["scope"],
        address=client_address(request.META),
    )
    page = settings.BASE_URL + reverse("automation:login")
    return _answer(
        {
            "device_code": made.device_code,
            "user_code": made.row.shown_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={made.row.shown_code}",
            "expires_in": int(logins.LIFE.total_seconds()),
            "interval": made.row.interval,
        }
    )


@csrf_exempt
@route(Permission.PUBLIC, methods="POST")
@small_form
def device_token(request: HttpRequest) -> JsonResponse:
    """Ask for the token (RFC 8628 3.4)."""
    if wait := asked.count(_network(request)):
        return _too_many(wait)
    if request.POST.get("grant_type") != GRANT:
        return _error("unsupported_grant_type", f"grant_type must be {GRANT}.")
    try:
        made = logins.fetch(request.POST.get("device_code", ""))
    except logins.NotYet as error:
        return _error(error.code, str(error))
    ends = made.row.expires_at
    return _answer(
        {
            "access_token": made.secret,
            "token_type": "Bearer",
            "scope": " ".join(made.row.scopes),
            "name": made.row.name,
            "expires_at": ends.isoformat() if ends else None,
        }
    )


@csrf_exempt
@route(Permission.PUBLIC, methods="POST")
@small_form
def device_revoke(request: HttpRequest) -> JsonResponse:
    """End a token of a person's own that the caller shows (RFC 7009): 200 whether there was one or not."""
    if wait := asked.count(_network(request)):
        return _too_many(wait)
    return _answer({"revoked": logins.end(request.POST.get("token", ""))})


def _network(request: HttpRequest) -> str:
    return network_of(client_address(request.META))


def _answer(content: dict[str, Any], status: int = 200) -> JsonResponse:
    answer = JsonResponse(content, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def _error(code: str, words: str, status: int = 400) -> JsonResponse:
    return _answer({"error": code, "error_description": words}, status)


def _too_many(wait: int) -> JsonResponse:
    answer = _error("slow_down", f"Too many requests. Try again in {wait} seconds.", 429)
    answer["Retry-After"] = str(wait)
    return answer

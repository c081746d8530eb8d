"""The order in which a person left each list, kept in the browser for that person alone (docs/adr/0040)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MOST_LISTS = 40  # in one cookie of 2 KB at most; one more forgets the one that was sorted first
COOKIE_SECONDS = 400 * 86_400  # the most that browsers keep


def remembered(request: HttpRequest) -> str:
    """Return how the person left the list of this address, as a `sort` of its URL; "" where nothing is known.

    The browser may say anything: whoever uses it looks whether the list has such an order.
    """
    return _kept(request).get(_list(request), "")


def remember(request: HttpRequest, order: str) -> None:
    """Let the list of this address begin in that order at the next visit; the list has looked at `order`."""
    kept = _kept(request)
    if _cookie(request) and kept.get(_list(request)) != order:
        kept.pop(_list(request), None)
        request.orders = {**kept, _list(request): order}  # type: ignore[attr-defined]


class SortMiddleware:
    """Send the cookie where a list was put into another order."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        orders: dict[str, str] | None = getattr(request, "orders", None)
        if orders:
            response.set_cookie(
                _cookie(request),
                urlencode(list(orders.items())[-MOST_LISTS:], safe=":"),
                max_age=COOKIE_SECONDS,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _kept(request: HttpRequest) -> dict[str, str]:
    try:
        return dict(parse_qsl(request.COOKIES.get(_cookie(request), ""), max_num_fields=MOST_LISTS))
    except ValueError:
        return {}


def _cookie(request: HttpRequest) -> str:
    """Return the name of the person's cookie: who else uses the browser has another. "" for nobody."""
    user = getattr(request, "user", None)
    return f"{settings.ORDERS_COOKIE_NAME}_{user.pk}" if user is not None and user.pk else ""


def _list(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else ""

"""Who asks: the token of a request (A-1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network

from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from console.api.manage.models import PREFIX, Token, digest_of
from console.api.manage.problems import Problem
from console.base.core.proxies import client_address, is_within

USED_EVERY = timedelta(minutes=1)
WRONG = "The token is wrong, revoked or expired."


def token_of(request: HttpRequest, *, at: datetime | None = None) -> Token:
    """Return the token in `Authorization: Bearer mpc_…`, and note that it is used; raises Problem 401 or 403.

    Why a token is refused is said to nobody who may only guess: wrong, revoked and expired ones have one answer.
    """
    at = at or timezone.now()
    kind, _space, shown = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not shown.startswith(PREFIX):
        raise _unauthorized("Send a token: Authorization: Bearer mpc_…")
    token = usable(at=at, sha256=digest_of(shown.strip()))
    if token is None:
        raise _unauthorized(WRONG)
    return admitted(token, request, at=at)


def usable(*, at: datetime, **key: str) -> Token | None:
    """Return the token by a unique field of its own; None when it, or who holds it, may act no more."""
    rows = Token.objects.usable(at=at).filter(holder__is_active=True, **key)
    return next(iter(rows.with_holder().order_by()[:1]), None)


def admitted(token: Token, request: HttpRequest, *, at: datetime) -> Token:
    """Return the token that the request has proved to hold, and note that it is used; raises Problem 403."""
    address = client_address(request.META)
    if token.addresses and not is_within(address or "", tuple(map(ip_network, token.addresses))):
        raise Problem(403, "The token may not be used from this address.", code="address")
    _note_used(token, address, request.headers.get("User-Agent", ""), at=at)
    return token


def ensure_usable(token: Token, *, at: datetime | None = None) -> None:
    """Raise Problem 401 where the token was revoked, replaced or has expired since it was shown."""
    same = Token.objects.usable(at=at or timezone.now()).filter(pk=token.pk, sha256=token.sha256)
    if not same.exists():
        raise _unauthorized(WRONG)


def _unauthorized(detail: str) -> Problem:
    return Problem(401, detail, headers={"WWW-Authenticate": 'Bearer realm="console"'})


def _note_used(token: Token, address: str | None, agent: str, *, at: datetime) -> None:
    """Write when and from where, at most once a minute."""
    if token.last_used_at and token.last_used_at > at - USED_EVERY and token.last_used_from == address:
        return
    old = Q(last_used_at=None) | Q(last_used_at__lt=at)
    Token.objects.filter(old, pk=token.pk).update(
        last_used_at=at, last_used_from=address, last_agent=agent.encode("ascii", "replace").decode()[:100]
    )

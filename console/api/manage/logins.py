"""How a program without a browser gets a token of a person's own: the device flow of RFC 8628 (A-1, A-3).

The program shows a code, the person types it at a page and approves; the program asks until then. A token is made when
the approved program fetches it, once. Requests leave no entry in the activity log; the token that comes of one does.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.api.manage import rules
from console.api.manage.actions import Made, create_own, revoke
from console.api.manage.models import LoginRequest, Token, digest_of
from console.api.manage.states import LoginState
from console.base.accounts.models import User
from console.base.core.errors import ActionRefused, Conflict, refuse_if

LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628 6.1: no vowels, so no words; nothing that looks like something else
LIFE = timedelta(minutes=10)
INTERVAL, SLOWER = 5, 5  # seconds


class Begun(NamedTuple):
    """A request, and the code by which its program asks."""

    row: LoginRequest
    device_code: str


class NotYet(Exception):
    """There is no token: `code` is one of the errors of RFC 8628 3.5 and RFC 6749 5.2."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def begin(*, client: str, machine: str, scopes: list[str], address: str | None, at: datetime | None = None) -> Begun:
    """Let a program wait for a person's answer."""
    at, device_code = at or timezone.now(), secrets.token_urlsafe(32)
    row = LoginRequest.objects.create(
        device_sha256=digest_of(device_code),
        user_code="".join(secrets.choice(LETTERS) for _place in range(8)),
        client=client,
        machine=machine,
        scopes=scopes,
        address=address,
        interval=INTERVAL,
        created_at=at,
        expires_at=at + LIFE,
    )
    return Begun(row, device_code)


@transaction.atomic
def approve(
    asked: LoginRequest,
    *,
    name: str,
    scopes: list[str],
    addresses: list[str],
    expires_at: datetime | None,
    by: User,
    at: datetime | None = None,
) -> LoginRequest:
    """Let the program fetch a token of `by` with at most the scopes that it asked for."""
    current, at = _lock(asked, at=at), at or timezone.now()
    if not set(scopes) <= set(current.scopes):
        raise ActionRefused(_("Choose from the scopes that were asked for."), field="scopes")
    refuse_if(rules.why_not_scopes(scopes), "scopes")
    refuse_if(rules.why_not_end(expires_at, at=at), "expires_at")
    refuse_if(rules.why_no_more_own(by))
    current.state, current.decided_by = LoginState.APPROVED, by
    current.token_name, current.scopes = name, scopes
    current.token_addresses, current.token_expires_at = addresses, expires_at
    current.save()
    return current


@transaction.atomic
def deny(asked: LoginRequest, *, by: User, at: datetime | None = None) -> LoginRequest:
    """Tell the program that it gets nothing."""
    current = _lock(asked, at=at)
    current.state, current.decided_by = LoginState.DENIED, by
    current.save(update_fields=["state", "decided_by"])
    return current


def fetch(device_code: str, *, at: datetime | None = None) -> Made:
    """Return the token, once; raises NotYet, which is noted where the program asks too often."""
    found = _fetch(device_code, at=at or timezone.now())
    if isinstance(found, NotYet):
        raise found
    return found


@transaction.atomic
def _fetch(device_code: str, *, at: datetime) -> Made | NotYet:
    """Return what `fetch` raises, so that it does not undo what is noted."""
    rows = LoginRequest.objects.select_for_update(of=("self",)).select_related("decided_by")
    row = rows.filter(device_sha256=digest_of(device_code)).first()
    if row is None or row.state == LoginState.USED:
        return NotYet("invalid_grant", "The device code is unknown or was used.")
    if row.state == LoginState.DENIED:
        return NotYet("access_denied", "The request was denied.")
    if row.expires_at <= at:
        return NotYet("expired_token", "The request has expired. Start again.")
    if row.state == LoginState.WAITING:
        return _wait(row, at=at)
    row.state = LoginState.USED
    row.save(update_fields=["state"])
    return _made(row, at=at)


def _wait(row: LoginRequest, *, at: datetime) -> NotYet:
    """Note the question; who asks too early has to ask less often from now on."""
    too_early = row.asked_at is not None and at < row.asked_at + timedelta(seconds=row.interval)
    row.asked_at = at
    if too_early:
        row.interval = min(row.interval + SLOWER, int(LIFE.total_seconds()))
    row.save(update_fields=["asked_at", "interval"])
    if too_early:
        return NotYet("slow_down", f"Ask every {row.interval} seconds.")
    return NotYet("authorization_pending", "Nobody has answered yet.")


def _made(row: LoginRequest, *, at: datetime) -> Made | NotYet:
    """Make the token, unless the person lost the account or has too many by now."""
    by = row.decided_by
    if by is None or not by.is_active:
        return NotYet("access_denied", "The account is closed.")
    try:
        return create_own(
            by,
            name=row.token_name,
            scopes=row.scopes,
            addresses=row.token_addresses,
            expires_at=row.token_expires_at,
            at=at,
        )
    except ActionRefused as refused:
        return NotYet("access_denied", refused.message)


def end(secret: str, *, at: datetime | None = None) -> bool:
    """Revoke the person's own token whose secret is shown (RFC 7009); return whether there was one.

    A robot is ended by who administers its team.
    """
    at = at or timezone.now()
    row = Token.objects.usable(at=at).filter(sha256=digest_of(secret), team=None).select_related("holder").first()
    if row is None:
        return False
    try:
        revoke(row, by=row.holder, at=at)
    except Conflict:  # somebody else revoked it meanwhile
        return False
    return True


def _lock(asked: LoginRequest, *, at: datetime | None) -> LoginRequest:
    """Return the row, locked; raises ActionRefused when its time is over, Conflict when it was answered meanwhile."""
    current = LoginRequest.objects.select_for_update().get(pk=asked.pk)
    if current.state != LoginState.WAITING:
        raise Conflict(_("This request was answered meanwhile."))
    if current.expires_at <= (at or timezone.now()):
        raise ActionRefused(_("This request has expired. Start again in the terminal."))
    return current

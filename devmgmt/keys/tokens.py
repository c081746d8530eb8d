"""Access tokens: given for an AppSecret, checked at each call (K-3)."""

from __future__ import annotations

import base64
import logging
import re
import secrets
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import DateTimeField, Exists, Value
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.crypto import salted_hmac

from console.base.core import times
from console.base.core.errors import ServerRefused
from devmgmt.keys.models import AccessToken, AppSecret
from devmgmt.keys.states import (
    FORCED_PER_DAY,
    RENEWAL,
    TOKEN_LIFETIME,
    TOKEN_OVERLAP,
    TOKENS_PER_DAY,
    UNKNOWN_ADDRESS,
    TokenKind,
)
from miniprograms.models import MiniProgram

logger = logging.getLogger(__name__)
APP_ID = re.compile(r"mp[a-z0-9]{14}")
TOKEN = re.compile(r"[A-Za-z0-9_-]{86}")

# The program whose secret this is, and the note that it was used: one statement. What is frozen is not used.
USE = """
    WITH found AS (
        SELECT program.*, secret.id AS secret_id, secret.ends_at, secret.frozen_at
        FROM keys_appsecret AS secret JOIN miniprograms_miniprogram AS program ON program.id = secret.mini_program_id
        WHERE secret.sha256 = %(sha256)s AND program.app_id = %(app_id)s
            AND (secret.ends_at IS NULL OR secret.ends_at > %(at)s)
    ), used AS (
        INSERT INTO keys_secretuse AS use (secret_id, day, address, path, uses, last_at)
        SELECT secret_id, %(day)s, %(address)s, %(path)s, 1, %(at)s FROM found WHERE frozen_at IS NULL
        ON CONFLICT (secret_id, day, address) DO UPDATE
        SET uses = use.uses + 1, path = EXCLUDED.path, last_at = greatest(use.last_at, EXCLUDED.last_at)
    )
    SELECT * FROM found
"""
REFUSAL = """
    INSERT INTO keys_refusal AS refusal (mini_program_id, day, errcode, count) VALUES (%s, %s, %s, 1)
    ON CONFLICT (mini_program_id, day, errcode) DO UPDATE SET count = refusal.count + 1
"""


class Caller(NamedTuple):
    """From where a server calls, and which interface (`/cgi-bin/token`)."""

    address: str
    path: str


class _Used(NamedTuple):
    """A program, the row of its secret that was given, and its end as it was then."""

    program: MiniProgram
    secret_id: int
    ends_at: datetime | None


class Issued(NamedTuple):
    """A token, and for how many seconds it is good."""

    token: str
    seconds: int


def authenticate(app_id: str, secret: str, *, caller: Caller) -> MiniProgram:
    """Return the program whose AppSecret this is, and note the use; raises ServerRefused (40013, 40125, 40243)."""
    return _use(app_id, secret, caller=caller).program


def issue(
    app_id: str, secret: str, *, kind: TokenKind, caller: Caller, force: bool = False, at: datetime | None = None
) -> Issued:
    """Give an access token for the AppSecret; raises ServerRefused (as authenticate, 45009).

    A stable token that lives is given again without a lock: whatever ends it meanwhile holds at its next use.
    """
    used = _use(app_id, secret, caller=caller, at=at)
    if kind == TokenKind.STABLE and not force and (living := _living(used, at=at or timezone.now())):
        return living
    try:
        with transaction.atomic():
            at = _hold(used, at=at)
            return _plain(used, at=at) if kind == TokenKind.PLAIN else _stable(used, at=at, force=force)
    except ServerRefused as refused:
        _count_refusal(used.program.pk, refused)
        raise


def program_of(token: str) -> MiniProgram:
    """Return the program that a token is of; raises ServerRefused (40001, 40014, 40243, 42001)."""
    if not TOKEN.fullmatch(token):
        raise ServerRefused(40014)
    rows = AccessToken.objects.select_related("mini_program", "secret")
    row = rows.filter(sha256=_hash(token)).first()
    if row is None:
        raise ServerRefused(40001)
    if refused := _why_refused(row, at=timezone.now()):
        _count_refusal(row.mini_program_id, refused)
        raise refused
    return row.mini_program


def _why_refused(row: AccessToken, *, at: datetime) -> ServerRefused | None:
    if row.ended_at:
        return ServerRefused(40001)
    if row.secret.frozen_at:
        return ServerRefused(40243)
    return ServerRefused(42001) if row.expires_at <= at else None


# Secrets ----------------------------------------------------------------------------------------------------------


def _use(app_id: str, secret: str, *, caller: Caller, at: datetime | None = None) -> _Used:
    """Find the program by its secret and note the use; what no program has is the same as a wrong secret."""
    if not APP_ID.fullmatch(app_id):
        raise ServerRefused(40013)
    at = at or timezone.now()
    given = {"app_id": app_id, "sha256": _hash(secret), "at": at, "day": times.platform_day(at)}
    given |= {"address": _address(caller.address), "path": caller.path.replace("\0", "")[:60]}
    for program in MiniProgram.objects.raw(USE, given):
        if program.frozen_at:  # type: ignore[attr-defined]
            refused = ServerRefused(40243)
            _count_refusal(program.pk, refused)
            raise refused
        return _Used(program, program.secret_id, program.ends_at)  # type: ignore[attr-defined]
    known = MiniProgram.objects.filter(app_id=app_id).values_list("pk", flat=True).first()
    if known is None:
        raise ServerRefused(40013)
    refused = ServerRefused(40125)
    _count_refusal(known, refused)
    raise refused


def _hold(used: _Used, *, at: datetime | None) -> datetime:
    """Lock the program's secrets and look again at the one that was given; return `at`, or the time of the lock."""
    held = {row.pk: row for row in AppSecret.objects.held(used.program, at=at or timezone.now())}
    row, at = held.get(used.secret_id), at or timezone.now()
    if row is None or row.is_replaced(at=at):
        raise ServerRefused(40125)
    if row.frozen_at:
        raise ServerRefused(40243)
    return at


def _count_refusal(program_id: int, refused: ServerRefused) -> None:
    """Note a refusal for the keys page; that this fails is nothing to the caller."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(REFUSAL, [program_id, times.platform_day(), refused.errcode])
    except DatabaseError:
        logger.warning("a refused call could not be counted", exc_info=True)


def _address(text: str) -> str:
    """Return the address as it is kept; UNKNOWN_ADDRESS for what is none."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    return str(address.ipv4_mapped or address if isinstance(address, IPv6Address) else address)


def _hash(secret: str) -> str:
    return sha256(secret.encode(errors="replace")).hexdigest()


# Tokens -----------------------------------------------------------------------------------------------------------


def _plain(used: _Used, *, at: datetime) -> Issued:
    """Give a new plain token; those before it work for TOKEN_OVERLAP at most."""
    tokens = AccessToken.objects.filter(mini_program=used.program, kind=TokenKind.PLAIN)
    if tokens.filter(issued_at__gte=times.platform_midnight(at)).count() >= TOKENS_PER_DAY:
        raise ServerRefused(45009, f"the limit is {TOKENS_PER_DAY} tokens a day")
    soon = Value(at + TOKEN_OVERLAP, DateTimeField())
    tokens.active(at=at).update(expires_at=Least("expires_at", soon))
    return _new(used, TokenKind.PLAIN, at=at)


def _stable(used: _Used, *, at: datetime, force: bool) -> Issued:
    """Give the stable token again, or a new one: near its end, which the old one keeps, or by force, which ends it."""
    if not force:
        return _living(used, at=at) or _new(used, TokenKind.STABLE, at=at)
    tokens = AccessToken.objects.filter(mini_program=used.program, kind=TokenKind.STABLE)
    if tokens.filter(issued_at__gte=times.platform_midnight(at), forced=True).count() >= FORCED_PER_DAY:
        raise ServerRefused(45009, f"the limit is {FORCED_PER_DAY} calls with force_refresh a day")
    tokens.active(at=at).update(ended_at=at)
    return _new(used, TokenKind.STABLE, at=at, forced=True)


def _living(used: _Used, *, at: datetime) -> Issued | None:
    """Return the stable token that is given again, with the seconds that it has left.

    None when a reset came since the secret was looked at: what lives now may be the new secret's.
    """
    as_it_was = AppSecret.objects.filter(pk=used.secret_id, ends_at=used.ends_at)
    tokens = AccessToken.objects.active(at=at + RENEWAL).filter(
        Exists(as_it_was), mini_program=used.program, kind=TokenKind.STABLE
    )
    row = tokens.order_by("-issued_at").first()
    token = _again(row) if row else None
    return Issued(token, int((row.expires_at - at).total_seconds())) if row and token else None


def _new(used: _Used, kind: TokenKind, *, at: datetime, forced: bool = False) -> Issued:
    nonce = secrets.token_hex(16)
    token = _derive(nonce, settings.SECRET_KEY)
    AccessToken.objects.create(
        secret_id=used.secret_id,
        mini_program=used.program,
        kind=kind,
        nonce=nonce,
        sha256=_hash(token),
        issued_at=at,
        expires_at=at + TOKEN_LIFETIME,
        forced=forced,
    )
    return Issued(token, int(TOKEN_LIFETIME.total_seconds()))


def _again(row: AccessToken) -> str | None:
    """Make a token anew; None when the SECRET_KEY that it was made with is not configured any more."""
    made = (_derive(row.nonce, key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))
    return next((token for token in made if _hash(token) == row.sha256), None)


def _derive(nonce: str, secret_key: str) -> str:
    digest = salted_hmac("devmgmt.keys.access_token", nonce, secret=secret_key, algorithm="sha512").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

"""Access tokens: given for an AppSecret, checked at each call (K-3)."""

from __future__ import annotations

import base64
import logging
import re
import secrets
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac

from console.base.core import times
from console.base.core.errors import ServerRefused
from console.base.core.statements import ask
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

# The secret that was given, and the note that it was used. What is frozen is not used.
_USED = """
    found AS (
        SELECT program.id AS program_id, secret.id AS secret_id, secret.frozen_at
        FROM keys_appsecret AS secret JOIN miniprograms_miniprogram AS program ON program.id = secret.mini_program_id
        WHERE secret.sha256 = %(sha256)s AND program.app_id = %(app_id)s
            AND (secret.ends_at IS NULL OR secret.ends_at > %(at)s)
    ), used AS (
        INSERT INTO keys_secretuse AS use (secret_id, day, address, path, uses, last_at)
        SELECT secret_id, %(day)s, %(address)s, %(path)s, 1, %(at)s FROM found WHERE frozen_at IS NULL
        ON CONFLICT (secret_id, day, address) DO UPDATE
        SET uses = use.uses + 1, path = EXCLUDED.path, last_at = greatest(use.last_at, EXCLUDED.last_at)
    )"""
# With the stable token that is given again. Nothing is lost with the note of a use if the server fails within the next
# second, so nobody waits until it is on disk.
USE = f"""
    WITH {_USED}
    SELECT program_id, secret_id, frozen_at IS NOT NULL, living.nonce, living.sha256, living.expires_at,
        set_config('synchronous_commit', 'off', true)
    FROM found LEFT JOIN LATERAL (
        SELECT token.nonce, token.sha256, token.expires_at FROM keys_accesstoken AS token
        WHERE token.mini_program_id = found.program_id AND token.kind = 'stable' AND token.ended_at IS NULL
            AND token.expires_at > %(renewed_until)s AND found.frozen_at IS NULL
        ORDER BY token.issued_at DESC LIMIT 1
    ) AS living ON true
"""  # noqa: S608 - put together from constants
# `AppSecretQuerySet.held`, for who gave one of the program's secrets.
HOLD = """
    SELECT held.id
    FROM keys_appsecret AS given JOIN miniprograms_miniprogram AS program ON program.id = given.mini_program_id
    JOIN keys_appsecret AS held ON held.mini_program_id = given.mini_program_id
    WHERE given.sha256 = %(sha256)s AND program.app_id = %(app_id)s AND (held.ends_at IS NULL OR held.ends_at > %(at)s)
    ORDER BY held.id FOR NO KEY UPDATE OF held
"""
# A new plain token, and TOKEN_OVERLAP for the one before; those before that have less already. For who holds the
# secrets: all that is read here was committed before.
PLAIN = f"""
    WITH {_USED}, counted AS (
        SELECT found.*, (
            SELECT count(*) FROM keys_accesstoken AS token
            WHERE token.mini_program_id = found.program_id AND token.kind = 'plain' AND token.issued_at >= %(midnight)s
        ) AS count FROM found WHERE found.frozen_at IS NULL
    ), old AS (
        UPDATE keys_accesstoken AS token SET expires_at = %(soon)s FROM counted
        WHERE token.mini_program_id = counted.program_id AND token.kind = 'plain' AND token.ended_at IS NULL
            AND token.expires_at > %(soon)s AND token.issued_at > %(earliest)s AND counted.count < %(most)s
    ), new AS (
        INSERT INTO keys_accesstoken (
            secret_id, mini_program_id, kind, nonce, sha256, issued_at, expires_at, ended_at, forced
        )
        SELECT secret_id, program_id, 'plain', %(nonce)s, %(token_sha256)s, %(at)s, %(expires_at)s, NULL, false
        FROM counted WHERE count < %(most)s
        RETURNING id
    )
    SELECT program_id, frozen_at IS NOT NULL, EXISTS (SELECT FROM new) FROM found
"""  # noqa: S608 - put together from constants
# The program whose token may be used now, in statements that look up more with it; `program_of` says why there is none.
USABLE = """
    SELECT token.mini_program_id
    FROM keys_accesstoken AS token JOIN keys_appsecret AS secret ON secret.id = token.secret_id
    WHERE token.sha256 = %(token)s AND token.ended_at IS NULL AND secret.frozen_at IS NULL AND token.expires_at > %(at)s
"""
# All that a token can be refused for is in this row, at each call: a freeze or a reset holds on the next one.
ASKING = """
    SELECT token.mini_program_id, token.ended_at IS NOT NULL, secret.frozen_at IS NOT NULL, token.expires_at <= %(at)s
    FROM keys_accesstoken AS token JOIN keys_appsecret AS secret ON secret.id = token.secret_id
    WHERE token.sha256 = %(sha256)s
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
    """A row of USE: the secret that was given, and the stable token that lives, if there is one."""

    program: int
    secret: int
    is_frozen: bool
    nonce: str | None
    sha256: str
    expires_at: datetime


class Issued(NamedTuple):
    """A token, and for how many seconds it is good."""

    token: str
    seconds: int


def authenticate(app_id: str, secret: str, *, caller: Caller) -> MiniProgram:
    """Return the program whose AppSecret this is, and note the use; raises ServerRefused (40013, 40125, 40243).

    As of `program_of`: its other fields are read from the database when they are asked for.
    """
    return _program(_use(_given(app_id, secret, caller, at=None)).program)


def issue(
    app_id: str, secret: str, *, kind: TokenKind, caller: Caller, force: bool = False, at: datetime | None = None
) -> Issued:
    """Give an access token for the AppSecret; raises ServerRefused (as authenticate, 45009).

    A stable token that lives is given again without a lock: whatever ends it meanwhile holds at its next use.
    """
    given = _given(app_id, secret, caller, at=at)
    if kind == TokenKind.PLAIN:
        return _plain(given, at=at)
    used = _use(given)
    if not force and (living := _living(used, at=given["at"])):
        return living
    try:
        with transaction.atomic():
            return _stable(used, at=_hold(used, at=at), force=force)
    except ServerRefused as refused:
        _count_refusal(used.program, refused)
        raise


def program_of(token: str) -> MiniProgram:
    """Return the program that a token is of; raises ServerRefused (40001, 40014, 40243, 42001).

    It has its key only, as most calls need no more: other fields are read from the database when they are asked for.
    """
    rows = ask(ASKING, {"sha256": sha256_of(token), "at": timezone.now()})
    if not rows:
        raise ServerRefused(40001)
    ((program, is_ended, is_frozen, is_over),) = rows
    errcode = 40001 if is_ended else 40243 if is_frozen else 42001 if is_over else 0
    if errcode:
        refused = ServerRefused(errcode)
        _count_refusal(program, refused)
        raise refused
    return _program(program)


def sha256_of(token: str) -> str:
    """Return what a token is kept as; raises ServerRefused 40014 for what is none."""
    if not TOKEN.fullmatch(token):
        raise ServerRefused(40014)
    return _hash(token)


def _program(key: int) -> MiniProgram:
    return MiniProgram.from_db(DEFAULT_DB_ALIAS, ["id"], [key])


# Secrets ----------------------------------------------------------------------------------------------------------


def _given(app_id: str, secret: str, caller: Caller, *, at: datetime | None) -> dict[str, Any]:
    """Return what the statements ask with; raises ServerRefused 40013."""
    if not APP_ID.fullmatch(app_id):
        raise ServerRefused(40013)
    at = at or timezone.now()
    return {
        "app_id": app_id,
        "sha256": _hash(secret),
        "at": at,
        "day": times.platform_day(at),
        "renewed_until": at + RENEWAL,
        "address": _address(caller.address),
        "path": caller.path.replace("\0", "")[:60],
    }


def _use(given: dict[str, Any]) -> _Used:
    """Find the secret and note the use; what no program has is the same as a wrong secret."""
    for row in ask(USE, given):
        used = _Used(*row[:-1])
        if used.is_frozen:
            raise _frozen(used.program)
        return used
    raise _unknown(given["app_id"])


def _frozen(program_id: int) -> ServerRefused:
    refused = ServerRefused(40243)
    _count_refusal(program_id, refused)
    return refused


def _unknown(app_id: str) -> ServerRefused:
    """Return what is wrong with a secret that is none of the program's: maybe there is no such program."""
    known = MiniProgram.objects.filter(app_id=app_id).values_list("pk", flat=True).first()
    if known is None:
        return ServerRefused(40013)
    refused = ServerRefused(40125)
    _count_refusal(known, refused)
    return refused


def _hold(used: _Used, *, at: datetime | None) -> datetime:
    """Lock the program's secrets and look again at the one that was given; return `at`, or the time of the lock."""
    held = {row.pk: row for row in AppSecret.objects.held(_program(used.program), at=at or timezone.now())}
    row, at = held.get(used.secret), at or timezone.now()
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


def _plain(given: dict[str, Any], *, at: datetime | None) -> Issued:
    """Give a new plain token; the one before it works for TOKEN_OVERLAP at most."""
    token, nonce = _make()
    with transaction.atomic():
        held = ask(HOLD, given)
        at = at or timezone.now()  # that of the lock
        given |= {
            "at": at,
            "midnight": times.platform_midnight(at),
            "earliest": at - TOKEN_LIFETIME,
            "soon": at + TOKEN_OVERLAP,
            "expires_at": at + TOKEN_LIFETIME,
            "most": TOKENS_PER_DAY,
            "nonce": nonce,
            "token_sha256": _hash(token),
        }
        rows = ask(PLAIN, given) if held else []
    if not rows:
        raise _unknown(given["app_id"])
    ((program, is_frozen, is_new),) = rows
    if is_frozen:
        raise _frozen(program)
    if not is_new:
        refused = ServerRefused(45009, f"the limit is {TOKENS_PER_DAY} tokens a day")
        _count_refusal(program, refused)
        raise refused
    return Issued(token, int(TOKEN_LIFETIME.total_seconds()))


def _stable(used: _Used, *, at: datetime, force: bool) -> Issued:
    """Give the stable token again, or a new one: near its end, which the old one keeps, or by force, which ends it."""
    tokens = AccessToken.objects.filter(mini_program=used.program, kind=TokenKind.STABLE)
    if not force:
        row = tokens.active(at=at + RENEWAL).order_by("-issued_at").first()  # Another one may have come meanwhile.
        found = row and used._replace(nonce=row.nonce, sha256=row.sha256, expires_at=row.expires_at)
        if found and (living := _living(found, at=at)):
            return living
    else:
        if tokens.filter(issued_at__gte=times.platform_midnight(at), forced=True).count() >= FORCED_PER_DAY:
            raise ServerRefused(45009, f"the limit is {FORCED_PER_DAY} calls with force_refresh a day")
        tokens.active(at=at).update(ended_at=at)
    token, nonce = _make()
    AccessToken.objects.create(
        secret_id=used.secret,
        mini_program_id=used.program,
        kind=TokenKind.STABLE,
        nonce=nonce,
        sha256=_hash(token),
        issued_at=at,
        expires_at=at + TOKEN_LIFETIME,
        forced=force,
    )
    return Issued(token, int(TOKEN_LIFETIME.total_seconds()))


def _living(used: _Used, *, at: datetime) -> Issued | None:
    """Return the stable token that is given again, with the seconds that it has left.

    It is made anew; None when the SECRET_KEY that it was made with is not configured any more.
    """
    if used.nonce is None:
        return None
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        if _hash(token := _derive(used.nonce, key)) == used.sha256:
            return Issued(token, int((used.expires_at - at).total_seconds()))
    return None


def _make() -> tuple[str, str]:
    """Return a new token, and the nonce by which it is made again."""
    nonce = secrets.token_hex(16)
    return _derive(nonce, settings.SECRET_KEY), nonce


def _derive(nonce: str, secret_key: str) -> str:
    digest = salted_hmac("devmgmt.keys.access_token", nonce, secret=secret_key, algorithm="sha512").digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

"""Login codes: asked for by a host application's server, exchanged once by a mini program's server (K-4).

What a code is exchanged for is a session: a user has one at a time, whose key is derived and in no row.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha256
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from console.base.core.errors import ServerRefused, refusing_duplicate
from console.base.hosts.models import HostApplication
from devmgmt.keys.models import LoginCode
from devmgmt.keys.states import CODE_LIFETIME, SESSION_LIFETIME
from miniprograms.actions import user_of
from miniprograms.models import MiniProgram, ProgramUser

# Every condition is on the row that is updated: of two writers the second looks again at what the first has written.
USE = """
    WITH used AS (
        UPDATE keys_logincode AS code SET used_at = %(at)s
        FROM miniprograms_programuser AS program_user
        WHERE code.sha256 = %(sha256)s AND code.used_at IS NULL AND code.expires_at > %(at)s
            AND program_user.id = code.user_id AND program_user.mini_program_id = %(program)s
        RETURNING program_user.id, program_user.openid, program_user.unionid
    ), session AS (
        INSERT INTO keys_usersession (user_id, nonce, started_at) SELECT id, %(nonce)s, %(at)s FROM used
        ON CONFLICT (user_id) DO UPDATE SET nonce = EXCLUDED.nonce, started_at = EXCLUDED.started_at
    )
    SELECT openid, unionid FROM used
"""


class Session(NamedTuple):
    """Who the user of a code is. `session_key` is new each time, and ends the one before."""

    openid: str
    unionid: str
    session_key: str


@transaction.atomic
def make(program: MiniProgram, *, application: HostApplication, account: str, request_id: str) -> str:
    """Return a code for the account, good for CODE_LIFETIME; raises ActionRefused for a `request_id` that was used."""
    user = user_of(program, application=application, account=account)
    code, at = secrets.token_urlsafe(32), timezone.now()
    with refusing_duplicate("login_code_request_once", _("This request has already been used."), field="request_id"):
        LoginCode.objects.create(
            user=user,
            application=application,
            request_id=request_id,
            sha256=_hash(code),
            created_at=at,
            expires_at=at + CODE_LIFETIME,
        )
    return code


def exchange(program: MiniProgram, code: str) -> Session:
    """Use a code up; raises ServerRefused (40029 unknown, of another program or too old, 40163 used)."""
    nonce = secrets.token_hex(16)
    given: dict[str, Any] = {"sha256": _hash(code), "program": program.pk, "at": timezone.now(), "nonce": nonce}
    with connection.cursor() as cursor:
        cursor.execute(USE, given)
        found = cursor.fetchone()
    if found is None:
        used = LoginCode.objects.filter(sha256=given["sha256"], user__mini_program=program).exclude(used_at=None)
        raise ServerRefused(40163 if used.exists() else 40029)
    openid, unionid = found
    return Session(openid, unionid, _session_key(nonce, settings.SECRET_KEY))


def check_session(program: MiniProgram, openid: str, *, signature: str) -> None:
    """Raise ServerRefused unless the session lives whose key has signed "": 40003 no such user, 87009 any other reason.

    `signature` is HMAC-SHA256 in hex; its key is the session key as it was given, in Base64.
    """
    user = ProgramUser.objects.filter(mini_program=program, openid=openid).select_related("session").first()
    if user is None:
        raise ServerRefused(40003)
    session = getattr(user, "session", None)
    if session is None or session.started_at <= timezone.now() - SESSION_LIFETIME:
        raise ServerRefused(87009)
    for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        key = _session_key(session.nonce, secret_key)
        if constant_time_compare(hmac.digest(key.encode(), b"", "sha256").hex(), signature.lower()):
            return
    raise ServerRefused(87009)


def _session_key(nonce: str, secret_key: str) -> str:
    """Return 16 bytes in Base64, as SDKs decode them."""
    digest = salted_hmac("devmgmt.keys.session_key", nonce, secret=secret_key, algorithm="sha256").digest()
    return base64.b64encode(digest[:16]).decode()


def _hash(code: str) -> str:
    return sha256(code.encode(errors="replace")).hexdigest()

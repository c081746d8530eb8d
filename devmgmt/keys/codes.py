"""Login codes: asked for by a host application's server, exchanged once by a mini program's server (K-4)."""

from __future__ import annotations

import base64
import secrets
from hashlib import sha256
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from console.base.core.errors import ServerRefused, refusing_duplicate
from console.base.hosts.models import HostApplication
from devmgmt.keys.models import LoginCode
from devmgmt.keys.states import CODE_LIFETIME
from miniprograms.actions import user_of
from miniprograms.models import MiniProgram

# Every condition is on the row that is updated: of two at once the second looks again at what the first has written.
USE = """
    UPDATE keys_logincode AS code SET used_at = %(at)s
    FROM miniprograms_programuser AS program_user
    WHERE code.sha256 = %(sha256)s AND code.used_at IS NULL AND code.expires_at > %(at)s
        AND program_user.id = code.user_id AND program_user.mini_program_id = %(program)s
    RETURNING program_user.openid, program_user.unionid
"""


class Session(NamedTuple):
    """Who the user of a code is. `session_key` is new each time and opens nothing yet: WeChat's SDKs expect one."""

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
    given: dict[str, Any] = {"sha256": _hash(code), "program": program.pk, "at": timezone.now()}
    with connection.cursor() as cursor:
        cursor.execute(USE, given)
        found = cursor.fetchone()
    if found is None:
        used = LoginCode.objects.filter(sha256=given["sha256"], user__mini_program=program).exclude(used_at=None)
        raise ServerRefused(40163 if used.exists() else 40029)
    openid, unionid = found
    return Session(openid, unionid, base64.b64encode(secrets.token_bytes(16)).decode())


def _hash(code: str) -> str:
    return sha256(code.encode(errors="replace")).hexdigest()

"""`GET /sns/jscode2session` (K-4)."""

from __future__ import annotations

from console.api.http import Environ, Response, json_response
from console.api.server.reading import caller, query
from console.api.server.tokens import check
from console.base.core.errors import ServerRefused
from devmgmt.keys import codes, tokens

GRANT = "authorization_code"


def answer(environ: Environ) -> Response:
    """Say who the user of a login code is, once.

    Raises ServerRefused (40002, 40013, 40029, 40125, 40163, 40243, 41002, 41004, 41008).
    """
    given = query(environ)
    appid, secret = given.get("appid", ""), given.get("secret", "")
    check(appid, secret, given.get("grant_type", ""), grant=GRANT)
    code = given.get("js_code", "")
    if not code:
        raise ServerRefused(41008)
    program = tokens.authenticate(appid, secret, caller=caller(environ))
    session = codes.exchange(program, code)
    return json_response({"openid": session.openid, "session_key": session.session_key, "unionid": session.unionid})

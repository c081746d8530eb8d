"""`GET /sns/jscode2session` (K-4), and `GET /wxa/checksession` on what it gave."""

from __future__ import annotations

from console.api.http import Environ, Response, json_response
from console.api.server.reading import caller, program_asking, query
from console.api.server.tokens import check
from console.base.core.errors import ServerRefused
from devmgmt.keys import codes, tokens

GRANT = "authorization_code"
METHOD = "hmac_sha256"  # WeChat's only one


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


def check_session(environ: Environ) -> Response:
    """Say whether a session key still holds. Raises ServerRefused (40003, 40097, 87009, and those of the token)."""
    program, given = program_asking(environ), query(environ)
    if (method := given.get("sig_method", "")) != METHOD:
        raise ServerRefused(40097, f"sig_method must be {METHOD}" + (", it is missing" if not method else ""))
    openid = given.get("openid", "")
    if not (openid.isascii() and openid.isprintable()):
        raise ServerRefused(40003)
    codes.check_session(program, openid, signature=given.get("signature", ""))
    return json_response({"errcode": 0, "errmsg": "ok"})

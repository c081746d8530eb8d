"""`GET /cgi-bin/token` and `POST /cgi-bin/stable_token` (K-3)."""

from __future__ import annotations

import msgspec

from console.api.http import Environ, Response, json_response
from console.api.server.reading import caller, parse, query, read
from console.base.core.errors import ServerRefused
from devmgmt.keys import tokens
from devmgmt.keys.states import TokenKind

GRANT = "client_credential"


class StableToken(msgspec.Struct):
    """The body of `stable_token`; unknown members are ignored."""

    appid: str = ""
    secret: str = ""
    grant_type: str = ""
    force_refresh: bool | None = None


_decoder = msgspec.json.Decoder(StableToken)


def plain(environ: Environ) -> Response:
    """Give a new token; the one before works for five more minutes.

    Raises ServerRefused (40002, 40013, 40125, 40243, 41002, 41004, 45009).
    """
    given = query(environ)
    appid, secret = given.get("appid", ""), given.get("secret", "")
    check(appid, secret, given.get("grant_type", ""))
    return _answer(tokens.issue(appid, secret, kind=TokenKind.PLAIN, caller=caller(environ)))


def stable(environ: Environ) -> Response:
    """Give the token that holds, or a new one when `force_refresh` asks for it.

    Raises ServerRefused (as `plain`; 44002, 47001).
    """
    asked = parse(read(environ), _decoder)
    check(asked.appid, asked.secret, asked.grant_type)
    force = bool(asked.force_refresh)
    return _answer(tokens.issue(asked.appid, asked.secret, kind=TokenKind.STABLE, caller=caller(environ), force=force))


def check(appid: str, secret: str, grant_type: str, *, grant: str = GRANT) -> None:
    """Raise ServerRefused for what is missing or wrong, in WeChat's order: appid, secret, grant_type."""
    if not appid:
        raise ServerRefused(41002)
    if not secret:
        raise ServerRefused(41004)
    if grant_type != grant:
        raise ServerRefused(40002, f"it must be {grant}")


def _answer(issued: tokens.Issued) -> Response:
    return json_response({"access_token": issued.token, "expires_in": issued.seconds})

"""`POST /cgi-bin/message/subscribe/send` (M-5)."""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec

from console.api.http import Environ, Response, json_response
from console.api.server.reading import access_token, parse, read
from console.base.core.errors import ServerRefused
from devmgmt.keys.tokens import program_of
from messaging import sending

_KEY = re.compile(r"[ -~]{1,255}")
_decoder = msgspec.json.Decoder(sending.Body)


def answer(environ: Environ) -> Response:
    """Accept a message.

    Raises ServerRefused (40003, 40037, 40097, 41030, 43101, 43107, 43116, 44002, 45009, 47001, 47003, 48001, and those
    of the access token).
    """
    token = access_token(environ)
    try:
        body = read(environ)
        key = _idempotency_key(environ)
        asked = parse(body, _decoder).sending()
    except ServerRefused:
        program_of(token)  # What is wrong with the token comes first.
        raise
    message = sending.send(token, asked, idempotency_key=key, body_sha256=sha256(body).hexdigest() if key else "")
    return json_response({"errcode": 0, "errmsg": "ok", "msgid": message})


def _idempotency_key(environ: Environ) -> str:
    key: str = environ.get("HTTP_IDEMPOTENCY_KEY", "")
    if key and not _KEY.fullmatch(key):
        raise ServerRefused(40097, "Idempotency-Key must have 1 to 255 printable ASCII characters")
    return key

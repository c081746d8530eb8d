"""`POST /cgi-bin/message/subscribe/send` (M-5)."""

from __future__ import annotations

import re
from hashlib import sha256

import msgspec

from console.api.http import Environ, Response, json_response
from console.api.server.reading import parse, program_asking, read
from console.core.errors import ServerRefused
from messaging import sending

_KEY = re.compile(r"[ -~]{1,255}")


class Value(msgspec.Struct):
    """One value of `data`; SDKs send numbers as well."""

    value: str | int | float


class Send(msgspec.Struct):
    """The body; unknown members are ignored, as are empty ones that have a default."""

    touser: str = ""
    template_id: str = ""
    data: dict[str, Value] = {}
    page: str | None = None
    miniprogram_state: str | None = None
    lang: str | None = None


_decoder = msgspec.json.Decoder(Send)


def answer(environ: Environ) -> Response:
    """Accept a message.

    Raises ServerRefused (40003, 40037, 40097, 41030, 43101, 43107, 43116, 44002, 45009, 47001, 47003, 48001, and those
    of the access token).
    """
    program = program_asking(environ)
    body = read(environ)
    key = _idempotency_key(environ)
    asked = _sending(parse(body, _decoder))
    message = sending.send(program, asked, idempotency_key=key, body_sha256=sha256(body).hexdigest() if key else "")
    return json_response({"errcode": 0, "errmsg": "ok", "msgid": message})


def _idempotency_key(environ: Environ) -> str:
    key: str = environ.get("HTTP_IDEMPOTENCY_KEY", "")
    if key and not _KEY.fullmatch(key):
        raise ServerRefused(40097, "Idempotency-Key: 1 to 255 printable characters of ASCII")
    return key


def _sending(asked: Send) -> sending.Sending:
    """Return what is asked: an empty member with a default is as good as none."""
    optional = {"page": asked.page, "program_state": asked.miniprogram_state, "lang": asked.lang}
    data = {key: str(given.value) for key, given in asked.data.items()}
    given = {name: value for name, value in optional.items() if value}
    return sending.Sending(asked.touser, asked.template_id, data, **given)

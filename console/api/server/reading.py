"""What servers send, read with care: the query, a body of JSON, the access token."""

from __future__ import annotations

from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec

from console.api.http import LONGEST_BODY, BodyRefused, Environ, decode, read_at_most, read_body, too_large
from console.base.core.errors import ServerRefused
from console.base.core.proxies import client_address
from devmgmt.keys.tokens import Caller, program_of
from messaging.states import LANGUAGES
from miniprograms.models import MiniProgram

T = TypeVar("T")

MOST_PARAMETERS = 50
LONGEST_PARAMETER = 2048  # characters


def query(environ: Environ) -> dict[str, str]:
    """Return the parameters of the query; of one that comes twice the last. Raises ServerRefused 40097."""
    given = environ.get("QUERY_STRING", "").encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        found = dict(parse_qsl(given, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError:
        raise ServerRefused(40097, f"send at most {MOST_PARAMETERS} parameters") from None
    if any(len(value) > LONGEST_PARAMETER for value in found.values()):
        raise ServerRefused(40097, f"a parameter is longer than {LONGEST_PARAMETER} characters")
    return found


def convert(parameters: dict[str, str], shape: type[T]) -> T:
    """Return a query's parameters in the shape of a body; raises ServerRefused 40097, which names what is wrong."""
    try:
        return msgspec.convert(parameters, shape, strict=False)
    except msgspec.ValidationError as error:
        raise ServerRefused(40097, str(error)) from None


def read(environ: Environ) -> bytes:
    """Return the body, whole or in chunks, whatever its Content-Type; raises ServerRefused (44002, 47001)."""
    try:
        body = _read_chunks(environ) if is_chunked(environ) else _read(environ)
    except BodyRefused as error:
        status = error.status if error.status == 408 else 200
        raise ServerRefused(47001, error.message, status=status) from None
    if not body:
        raise ServerRefused(44002)
    return body


def is_chunked(environ: Environ) -> bool:
    """Whether the body ends by itself instead of by Content-Length, as the clients of .NET send JSON."""
    return not environ.get("CONTENT_LENGTH") and "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()


def _read(environ: Environ) -> bytes:
    return read_body(environ, LONGEST_BODY) if environ.get("CONTENT_LENGTH") else b""


def _read_chunks(environ: Environ) -> bytes:
    body = read_at_most(environ, LONGEST_BODY + 1)
    if len(body) > LONGEST_BODY:
        raise too_large(LONGEST_BODY)
    return body


def parse(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body, checked; raises ServerRefused 47001, which names the member that is wrong."""
    try:
        return decode(body, decoder)
    except BodyRefused as error:
        raise ServerRefused(47001, error.message) from None


def language(environ: Environ) -> str:
    """Return the `lang` of the query, in which titles and names are answered; raises ServerRefused 40097."""
    lang = query(environ).get("lang") or LANGUAGES[0]
    if lang not in LANGUAGES:
        raise ServerRefused(40097, f"lang must be one of {', '.join(LANGUAGES)}")
    return lang


def program_asking(environ: Environ) -> MiniProgram:
    """Return the program whose access token is in the query; raises ServerRefused (40001, 40014, 41001, 42001 …)."""
    return program_of(access_token(environ))


def access_token(environ: Environ) -> str:
    """Return what stands for one in the query; raises ServerRefused 41001."""
    token = query(environ).get("access_token", "")
    if not token:
        raise ServerRefused(41001)
    return token


def caller(environ: Environ) -> Caller:
    """Return from where the request comes and what it asks, without the prefix."""
    return Caller(address(environ), environ["PATH_INFO"].removeprefix("/openserver"))


def address(environ: Environ) -> str:
    """Return the client's address; "" when there is none."""
    return client_address(environ) or ""

"""One try: a POST to a receiver, and how it ended in words."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import aiohttp
from django.conf import settings

from console.base.core import tracing
from console.base.core.egress import EgressRefused

MOST_READ = 4096  # bytes of an answer; a connection is only used again when it was read
LONGEST_WAIT = 10**8  # seconds of a Retry-After that are believed; what is sent expires long before
GATEWAY = "The gateway"  # what a receiver is called in reasons: `console.base.core.outbox.reasons` knows them


class Answer(NamedTuple):
    """What a receiver said: its head, as pairs, and the beginning of its body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


class Outcome(NamedTuple):
    """How one try ended: `status` of the answer (None without one), `reason` in English when it was not a success.

    `retry_after` is what the receiver asked for, in seconds; `answer` what it said, where that was asked for. `kept` is
    what its courier writes down of the try.
    """

    ok: bool
    status: int | None
    reason: str
    seconds: float
    retry_after: float = 0.0
    answer: Answer | None = None
    kept: dict[str, Any] | None = None


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    called: str = GATEWAY,
    keep: bool = False,
) -> Outcome:
    """Try once, for at most MESSAGE_TIMEOUT seconds. What the head of the answer says counts, its body does not.

    `called` is the receiver's name in the reason; with `keep` the outcome has the answer.
    """
    with tracing.span(f"POST {called.removeprefix('The ')}", "client") as span:
        began = time.perf_counter()
        try:
            response = await session.post(url, data=body, headers=headers, allow_redirects=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(False, None, _why(error, called), time.perf_counter() - began)
        said = await _finish(response, keep=keep)
        seconds, status = time.perf_counter() - began, response.status
        if span is not None:
            span.set_attribute("http.response.status_code", status)
    answer = Answer(tuple(response.headers.items()), said) if keep else None
    if 200 <= status < 300:
        return Outcome(True, status, "", seconds, answer=answer)
    wait = _wait(response.headers.get("Retry-After", ""))
    return Outcome(False, status, f"{called} responded with {status}", seconds, wait, answer)


def timeout() -> aiohttp.ClientTimeout:
    """Return the limit of one try, connecting included."""
    return aiohttp.ClientTimeout(total=settings.MESSAGE_TIMEOUT)


async def _finish(response: aiohttp.ClientResponse, *, keep: bool) -> bytes:
    """Make the connection free for the next try if the answer is short, else close it; return its beginning."""
    said = bytearray()
    if response.connection is None and not keep:  # The whole answer has come.
        return b""
    try:
        while len(said) < MOST_READ and (read := await response.content.read(MOST_READ - len(said))):
            said += read
    except (aiohttp.ClientError, OSError):
        pass
    response.close()
    return bytes(said)


def _wait(retry_after: str) -> float:
    """Return the seconds of a Retry-After, which are a number or a date; 0 for anything else."""
    try:
        return float(min(int(retry_after), LONGEST_WAIT)) if retry_after.isdecimal() else _until(retry_after)
    except (ValueError, TypeError, OverflowError):
        return 0.0


def _until(date: str) -> float:
    at = parsedate_to_datetime(date)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((at - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_WAIT)


def _why(error: Exception, called: str) -> str:
    """Return what went wrong, in words for people who run receivers."""
    if isinstance(error, EgressRefused):
        return str(error)
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return f"No answer within {settings.MESSAGE_TIMEOUT:g} s"
    cause = getattr(error, "os_error", None) or getattr(error, "certificate_error", None) or error
    if isinstance(cause, (ssl.CertificateError, aiohttp.ClientConnectorCertificateError)):
        return "The certificate is not valid"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "The name of the address was not found"
    if isinstance(error, aiohttp.ClientSSLError) or isinstance(cause, ssl.SSLError):
        return "No secure connection could be made"
    if isinstance(cause, ConnectionRefusedError):
        return "The connection was refused"
    if isinstance(error, (aiohttp.ServerDisconnectedError, ConnectionResetError)):
        return f"{called} closed the connection without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return "The answer was not HTTP"
    if isinstance(error, (aiohttp.InvalidURL, ValueError)):
        return "This is not an address"
    return "The connection failed"

"""One try: a POST to a gateway, and how it ended in words."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple

import aiohttp
from django.conf import settings

from console.base.core import tracing
from console.base.core.egress import EgressRefused

MOST_READ = 4096  # bytes of an answer; nobody looks at them, but a connection is only used again when it was read
LONGEST_WAIT = 10**8  # seconds of a Retry-After that are believed; a message expires long before


class Outcome(NamedTuple):
    """How one try ended: `status` of the answer (None without one), `reason` in English when it was not a success.

    `retry_after` is what the gateway asked for, in seconds.
    """

    ok: bool
    status: int | None
    reason: str
    seconds: float
    retry_after: float = 0.0


async def post(session: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]) -> Outcome:
    """Try once, for at most MESSAGE_TIMEOUT seconds. What the head of the answer says counts, its body does not."""
    with tracing.span("POST gateway", "client") as span:
        began = time.perf_counter()
        try:
            response = await session.post(url, data=body, headers=headers, allow_redirects=False)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Outcome(False, None, _why(error), time.perf_counter() - began)
        await _finish(response)
        seconds, status = time.perf_counter() - began, response.status
        if span is not None:
            span.set_attribute("http.response.status_code", status)
    if 200 <= status < 300:
        return Outcome(True, status, "", seconds)
    wait = _wait(response.headers.get("Retry-After", ""))
    return Outcome(False, status, f"The gateway responded with {status}", seconds, wait)


def timeout() -> aiohttp.ClientTimeout:
    """Return the limit of one try, connecting included."""
    return aiohttp.ClientTimeout(total=settings.MESSAGE_TIMEOUT)


async def _finish(response: aiohttp.ClientResponse) -> None:
    """Make the connection free for the next message if the answer is short, else close it."""
    if response.connection is None:  # The whole answer has come.
        return
    try:
        left = MOST_READ
        while left > 0 and (read := await response.content.read(left)):
            left -= len(read)
    except (aiohttp.ClientError, OSError):
        pass
    response.close()


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


def _why(error: Exception) -> str:
    """Return what went wrong, in words for people who run gateways."""
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
        return "The gateway closed the connection without an answer"
    if isinstance(error, aiohttp.ClientResponseError):
        return "The answer was not HTTP"
    if isinstance(error, (aiohttp.InvalidURL, ValueError)):
        return "This is not an address"
    return "The connection failed"

"""Asking an identity provider: within seconds, by few threads, and not again at once when it did not answer (P-10).

Its addresses come from the environment, and from the provider that is named there; so they may be private ones, unlike
those that people type (`console.base.core.egress`). A provider that hangs holds a few threads of this module, and a
page for one call, TURN_SECONDS and SECONDS; while it is known to be away, nobody waits for it. One that is slow, but
answers each call in time, holds a page for all its calls: a sign-in has two, and three more where nothing is kept.
"""

from __future__ import annotations

import io
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import cache as once
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlsplit

import requests
from django.core.cache import cache
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from console.base.accounts.identity.configuration import IdentityProvider
from console.base.core.egress import tls
from console.local.addresses import is_loopback

SECONDS = 5.0  # for one call, whatever it waits for: names, connections, every byte
TIMEOUTS = (2.0, 4.0)  # to connect, and between two bytes
BYTES = 512 * 1024  # of one answer
CALLS = 4  # at a time in each process
TURN_SECONDS = 2.0  # that a page waits for one of them to end
AWAY_SECONDS = 10  # without another try
ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "identity"}

_free = threading.BoundedSemaphore(CALLS)


class ProviderAway(requests.RequestException):
    """The provider did not answer, or not with what the standard says; the message is for the log, in English."""


class _Reading(io.RawIOBase):
    """What comes over a connection, `until` then: bytes that drip must not keep the thread; raises TimeoutError."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        super().__init__()
        self.connection, self.until = connection, until
        self.bytes = connection.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for some bytes."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the answer is not whole after {SECONDS} s")
        self.connection.settimeout(min(TIMEOUTS[1], left))
        return self.bytes.readinto(buffer)

    def close(self) -> None:
        """Let go of the connection."""
        self.bytes.close()
        super().close()


class _Adapter(HTTPAdapter):
    """Trusts whom this machine trusts, a company's own authority among them: requests has a list of its own.

    Reads `until` then, whatever comes: limits of requests begin anew with each byte, and hold no header.
    """

    def __init__(self, until: float) -> None:
        self.until = until
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=tls())

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        """Return the connections to one host."""
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        connects = pool.ConnectionCls

        def connect(**values: Any) -> Any:
            connection = connects(**values)
            connection.response_class = self._answer
            return connection

        pool.ConnectionCls = connect
        return pool

    def _answer(self, connection: socket.socket, **options: Any) -> HTTPResponse:
        answer = HTTPResponse(connection, **options)
        answer.fp = io.BufferedReader(_Reading(connection, self.until))
        return answer


@once
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CALLS, thread_name_prefix="identity")


def ask(
    provider: IdentityProvider,
    method: str,
    url: str,
    *,
    fine: tuple[int, ...] = (200,),
    headers: dict[str, str] | None = None,
    data: dict[str, str] | None = None,
    auth: tuple[str, str] | None = None,
) -> tuple[int, dict[str, Any]]:
    """Return the status, one of `fine`, and the JSON object of the answer.

    Raises ProviderAway within TURN_SECONDS and SECONDS.
    """
    away = f"identity:away:{provider.name}"
    if cache.get(away):
        raise ProviderAway(f"{provider.name} did not answer within the last {AWAY_SECONDS} s")
    if not _free.acquire(timeout=TURN_SECONDS):
        raise ProviderAway(f"{CALLS} calls wait for identity providers already")
    call = _threads().submit(_call, method, url, {**ACCEPTED, **(headers or {})}, data, auth)
    call.add_done_callback(lambda _done: _free.release())
    try:
        status, body = call.result(SECONDS)
    except (requests.RequestException, TooLate, ValueError) as error:
        cache.set(away, 1, AWAY_SECONDS)
        raise ProviderAway(f"{method} {url}: {str(error) or 'no answer in time'}") from error
    if status not in fine:
        raise ProviderAway(f"{method} {url}: HTTP {status}")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise ProviderAway(f"{method} {url}: the answer is no JSON object")
    return status, answer


def is_address(said: object) -> bool:
    """Whether this is an address that is asked, or led to: by https, or by http on this machine."""
    if not isinstance(said, str) or not said.isprintable() or " " in said:
        return False
    try:
        parts = urlsplit(said)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    return (parts.scheme == "https" and bool(host)) or (parts.scheme == "http" and is_loopback(host))


def _call(
    method: str, url: str, headers: dict[str, str], data: dict[str, str] | None, auth: tuple[str, str] | None
) -> tuple[int, bytes]:
    """Return status and body; raises RequestException. Redirects are not followed: they could lead out of https."""
    if not is_address(url):
        raise ProviderAway("the address must begin with https://")
    with requests.Session() as session:
        session.trust_env = False  # Proxies and passwords of the environment mean nothing to it.
        adapter = _Adapter(time.monotonic() + SECONDS)
        for begins in ("https://", "http://"):
            session.mount(begins, adapter)
        with session.request(
            method, url, headers=headers, data=data, auth=auth, timeout=TIMEOUTS, stream=True, allow_redirects=False
        ) as answer:
            return answer.status_code, _body(answer)


def _body(answer: requests.Response) -> bytes:
    """Return the body, of which each part is looked at when it comes: not more than BYTES are kept."""
    body = bytearray()
    try:
        while part := answer.raw.read1(16 * 1024, decode_content=True):
            body += part
            if len(body) > BYTES:
                raise ProviderAway(f"the answer is longer than {BYTES} bytes")
    except HTTPError as error:
        raise ProviderAway(f"the answer breaks off: {error}") from error
    return bytes(body)

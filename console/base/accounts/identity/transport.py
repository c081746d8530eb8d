"""Asking an identity provider: within seconds, by few threads, and not again at once when it did not answer (P-10).

Its addresses come from the environment, and from the provider that is named there; so they may be private ones, unlike
those that people type (`console.base.core.egress`). A provider that hangs holds a few threads of this module, and no
page longer than SECONDS; while it is known to be away, nobody waits for it.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from functools import cache as once
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
TIMEOUTS = (2.0, 4.0)  # to connect, and between two bytes; so that a thread that nobody waits for ends, too
BYTES = 512 * 1024  # of one answer
CALLS = 4  # at a time in each process
TURN_SECONDS = 2.0  # that a page waits for one of them to end
AWAY_SECONDS = 10  # without another try
ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "identity"}

_free = threading.BoundedSemaphore(CALLS)


class ProviderAway(requests.RequestException):
    """The provider did not answer, or not with what the standard says; the message is for the log, in English."""


class _Trusting(HTTPAdapter):
    """Trusts whom this machine trusts, a company's own authority among them: requests has a list of its own."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options, ssl_context=tls())


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
    """Return the status, one of `fine`, and the JSON object of the answer. Raises ProviderAway within SECONDS."""
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
        raise ProviderAway(f"{method} {url}: {error or 'no answer in time'}") from error
    if status not in fine:
        raise ProviderAway(f"{method} {url}: HTTP {status}")
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ProviderAway(f"{method} {url}: the answer is no JSON object")
    return status, answer


def _call(
    method: str, url: str, headers: dict[str, str], data: dict[str, str] | None, auth: tuple[str, str] | None
) -> tuple[int, bytes]:
    """Return status and body; raises RequestException. Redirects are not followed: they could lead out of https."""
    until = time.monotonic() + SECONDS
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise ProviderAway("the address must begin with https://")
    with requests.Session() as session:
        session.trust_env = False  # Proxies and passwords of the environment mean nothing to it.
        session.mount("https://", _Trusting())
        with session.request(
            method, url, headers=headers, data=data, auth=auth, timeout=TIMEOUTS, stream=True, allow_redirects=False
        ) as answer:
            return answer.status_code, _body(answer, until)


def _body(answer: requests.Response, until: float) -> bytes:
    """Return the body, of which each part is looked at when it comes: one that drips must not keep the thread."""
    body = bytearray()
    try:
        while part := answer.raw.read1(16 * 1024, decode_content=True):
            body += part
            if len(body) > BYTES:
                raise ProviderAway(f"the answer is longer than {BYTES} bytes")
            if time.monotonic() > until:
                raise ProviderAway(f"the answer is not whole after {SECONDS} s")
    except HTTPError as error:
        raise ProviderAway(f"the answer breaks off: {error}") from error
    return bytes(body)

"""Who asks: TC3-HMAC-SHA256, by which the SDK signs a request (A-5).

The body always counts, and so do its type and the host: a request is good for this console alone, as it is, for five
minutes.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from console.api.manage.authentication import admitted, usable
from console.api.manage.models import Token
from console.api.manage.sdk_keys import digest_of, secret_keys
from console.api.tcsas.errors import EXPIRED, SIGNATURE, UNKNOWN_ID, Refused

ALGORITHM, SERVICE, END = "TC3-HMAC-SHA256", "tcsas", "tc3_request"
WINDOW = 300  # seconds, before and after now
NEEDED = {"content-type", "host"}
HEADER = re.compile(
    rf"{ALGORITHM} +Credential=(?P<id>[A-Za-z0-9]{{1,80}})/(?P<date>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})/"
    rf"(?P<service>[a-z]{{1,20}})/{END}, *SignedHeaders=(?P<headers>[a-z0-9;-]{{1,400}}), *"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)


class Signed(NamedTuple):
    """What `Authorization` and `X-TC-Timestamp` say."""

    secret_id: str
    timestamp: str
    date: str
    headers: str
    signature: str


def is_signed(request: HttpRequest) -> bool:
    """Whether the request is the SDK's, good or not."""
    return "X-TC-Action" in request.headers or request.headers.get("Authorization", "").startswith(ALGORITHM)


def token_of(request: HttpRequest) -> Token:
    """Return the token by whose SecretKey the request is signed, and note that it is used.

    The body is here before the token is looked at: what was revoked while it came does nothing. Raises Refused: wrong,
    revoked and expired tokens have one answer. Problem 403 for an address outside its networks.
    """
    signed = _read(request, at=timezone.now())
    body = sha256(request.body).hexdigest()
    at, digest = timezone.now(), digest_of(signed.secret_id)
    token = usable(at=at, sha256__startswith=digest) if digest else None
    if token is None:
        raise Refused(UNKNOWN_ID, "The SecretId is wrong, or its token revoked or expired.")
    if not _is_good(set(_canonical(request, signed, body)), signed, token):
        raise Refused(SIGNATURE, "The signature doesn't match this request. Check the SecretKey.")
    return admitted(token, request, at=at)


def _read(request: HttpRequest, *, at: datetime) -> Signed:
    """Return what the headers say; raises Refused for what says nothing, or is of another time."""
    found = HEADER.fullmatch(request.headers.get("Authorization", ""))
    timestamp = request.headers.get("X-TC-Timestamp", "")
    if not found or not re.fullmatch("[0-9]{1,12}", timestamp):
        raise Refused(SIGNATURE, f"Send Authorization: {ALGORITHM} …, and X-TC-Timestamp.")
    if not set(found["headers"].split(";")) >= NEEDED or found["service"] != SERVICE:
        raise Refused(SIGNATURE, f"Sign content-type and host, for the service {SERVICE}.")
    if abs(at.timestamp() - int(timestamp)) > WINDOW:
        raise Refused(EXPIRED, f"X-TC-Timestamp is more than {WINDOW // 60} minutes from now. Set the clock.")
    if found["date"] != datetime.fromtimestamp(int(timestamp), UTC).date().isoformat():
        raise Refused(SIGNATURE, "The date of the credential is not that of X-TC-Timestamp.")
    return Signed(found["id"], timestamp, found["date"], found["headers"], found["signature"])


def _is_good(requests: Iterable[str], signed: Signed, token: Token) -> bool:
    """Whether one of the token's keys made the signature; all are tried, each in the same time."""
    found = [
        hmac.compare_digest(_signature(key, signed, canonical), signed.signature)
        for canonical in requests
        for key in secret_keys(token)
    ]
    return any(found)


def _canonical(request: HttpRequest, signed: Signed, body: str) -> Iterator[str]:
    """Yield what may have been signed: with the host as it came or as the console is named, as it is or in lower case.

    A proxy may leave the port out, and the SDKs differ in what they do with capitals.
    """
    values = {name.lower(): value for name, value in request.headers.items()}
    for host in (request.get_host(), urlsplit(settings.BASE_URL).netloc):
        values["host"] = host
        lines = "".join(f"{name}:{values.get(name, '').strip()}\n" for name in signed.headers.split(";"))
        for each in (lines, lines.lower()):
            yield "\n".join(("POST", "/", "", each, signed.headers, body))


def _signature(key: str, signed: Signed, canonical: str) -> str:
    scope = f"{signed.date}/{SERVICE}/{END}"
    derived = f"TC3{key}".encode()
    for word in (signed.date, SERVICE, END):
        derived = hmac.digest(derived, word.encode(), "sha256")
    words = f"{ALGORITHM}\n{signed.timestamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(derived, words.encode(), "sha256").hex()

"""What clients meet at BASE_URL: the certificate, and a proxy that says who the client is (P-8)."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from console.platform import reflection
from console.platform.doctor.findings import Finding, error, ok, unknown, warning
from console.version import VERSION

ANSWER_SECONDS = 5
EARLY_DAYS, LATE_DAYS = 21, 3
# Addresses of documentation, which nobody has.
ADDRESS, UNDERSCORE_ADDRESS, HOST = "203.0.113.7", "203.0.113.8", "forged.invalid"
HYPHENS = {"X-Forwarded-For": ADDRESS, "X-Forwarded-Proto": "http", "X-Forwarded-Host": HOST}
UNDERSCORES = {"X_Forwarded_For": UNDERSCORE_ADDRESS, "X_Forwarded_Proto": "http", "X_Forwarded_Host": HOST}
FORWARDED = {"Forwarded": f"for={ADDRESS};proto=http;host={HOST}"}
# What is for machines inside, and how the console itself answers it. With METRICS_TOKEN, metrics may be published.
INSIDE = {"/healthz": (200,), "/readyz": (200, 503), "/metrics": (200,)}
DROP = "Let the proxy drop header names with `_`, or let it set Forwarded and set FORWARDED_HEADER=Forwarded."
SET = "Let the proxy set X-Forwarded-For, -Proto and -Host itself, as deploy/nginx/console.conf does."


class Answer(NamedTuple):
    """What came back: status, body, and the address that this machine asked from."""

    status: int
    body: bytes
    own: str

    @property
    def believed(self) -> dict[str, Any] | None:
        """What the console says that it believed; None for anybody else's answer."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return None
        return content if self.status == 200 and isinstance(content, dict) and "peer_is_trusted" in content else None


def certificate() -> Iterator[Finding]:
    """Whether it is valid, for this host, by an authority that this machine knows; and for how long."""
    url = urlsplit(settings.BASE_URL)
    if url.scheme != "https" or not url.hostname:
        yield unknown(f"The certificate: BASE_URL is {settings.BASE_URL}, without https.")
        return
    try:
        with socket.create_connection((url.hostname, url.port or 443), timeout=ANSWER_SECONDS) as plain:
            with ssl.create_default_context().wrap_socket(plain, server_hostname=url.hostname) as secure:
                ends = ssl.cert_time_to_seconds(str((secure.getpeercert() or {})["notAfter"]))
    except ssl.SSLCertVerificationError as problem:
        mend = "Install one that is valid for the host. For an authority of your own, set SSL_CERT_FILE here."
        yield error(f"The certificate of {url.hostname} isn't accepted: {problem.verify_message}", mend)
    except OSError as problem:
        yield error(f"{settings.BASE_URL} doesn't answer: {problem}", "Start the proxy, or correct BASE_URL and DNS.")
    else:
        days = int((ends - time.time()) // 86_400)
        words = f"The certificate of {url.hostname} is valid for {days} more days."
        kind = error if days < LATE_DAYS else warning
        yield ok(words) if days >= EARLY_DAYS else kind(words, "Renew it, then reload the proxy.")


def proxy() -> Iterator[Finding]:
    """Send forged headers to pages and to devices, and ask what the console believed; and for what is not published."""
    url = urlsplit(settings.BASE_URL)
    if not url.hostname or settings.DEBUG:
        yield unknown("The proxy's headers: DEBUG is on.")
        return
    for label, path in (("pages", reflection.PAGES), ("devices", reflection.DEVICES)):
        try:
            answers = [_ask(url, path, headers) for headers in ({**HYPHENS, **FORWARDED}, UNDERSCORES)]
        except (OSError, http.client.HTTPException) as problem:
            yield unknown(f"The proxy's headers ({label}): {settings.BASE_URL} doesn't answer ({problem}).")
            return
        yield from _judge(label, answers, url)
    for path, means in INSIDE.items():
        try:
            if _ask(url, path, {}).status in means:
                yield warning(f"The proxy publishes {path}.", f"Answer {path} with 404, as the shipped nginx does.")
        except (OSError, http.client.HTTPException) as problem:
            yield unknown(f"Whether the proxy publishes {path}: {settings.BASE_URL} doesn't answer ({problem}).")


def _ask(url: SplitResult, path: str, headers: dict[str, str]) -> Answer:
    """Ask once, verifying nothing of the certificate: another check does. Raises OSError, HTTPException."""
    assert url.hostname  # noqa: S101 - its callers have seen it
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if url.scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            url.hostname, url.port, timeout=ANSWER_SECONDS, context=context
        )
    else:
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path, headers={reflection.HEADER: reflection.token(), **headers})
        own = connection.sock.getsockname()[0]
        response = connection.getresponse()
        return Answer(response.status, response.read(100_000), own)
    finally:
        connection.close()


def _judge(label: str, answers: list[Answer], url: SplitResult) -> Iterator[Finding]:
    hyphens, underscores = (answer.believed for answer in answers)
    if hyphens is None or underscores is None:
        status = answers[0].status if hyphens is None else answers[1].status
        yield unknown(
            f"The proxy's headers ({label}): the answer (status {status}) is not from a console with this SECRET_KEY.",
            f"Start {'web' if label == 'pages' else 'runtime'} with this release, then check the proxy's routes.",
        )
        return
    if hyphens["version"] != VERSION:
        yield warning(f"{label}: release {hyphens['version']} answers, this is {VERSION}.", "Restart the older one.")
    if not hyphens["peer_is_trusted"]:
        mend = f"If {hyphens['peer']} is your proxy, set TRUSTED_PROXIES to it."
        yield error(f"The console doesn't trust the proxy at {hyphens['peer']} ({label}).", mend)
    elif hyphens["address"] == ADDRESS or hyphens["host"] == HOST:
        yield error(f"The proxy passes on what clients say in X-Forwarded-… or Forwarded ({label}).", SET)
    elif underscores["address"] == UNDERSCORE_ADDRESS or underscores["host"] == HOST:
        yield error(f"The proxy passes on X_Forwarded_… of clients ({label}).", DROP)
    elif hyphens["scheme"] != "https" or underscores["scheme"] != "https":
        yield error(f"The proxy doesn't say that clients use https ({label}).", SET)
    elif hyphens["host"] not in (url.hostname, url.netloc):
        yield error(f"The proxy names the host {hyphens['host'] or 'of a client'} ({label}).", SET)
    else:
        yield _named(label, hyphens, answers[0].own)


def _named(label: str, believed: dict[str, Any], own: str) -> Finding:
    """Forged headers had no effect; whether the address is right is known only where nothing lies in between."""
    words = f"Forged headers have no effect ({label}); this machine is seen as {believed['address']}"
    if believed["address"] == own:
        return ok(f"{words}.")
    if believed["address_is_trusted"]:
        return warning(f"{words}, which is in TRUSTED_PROXIES.", "Let the outermost proxy name the client's address.")
    return ok(f"{words}, and has the address {own}: only NAT or another proxy in between explains that.")

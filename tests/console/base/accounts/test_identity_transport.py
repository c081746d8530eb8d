"""What an identity provider may answer (P-10): within limits, from where it was asked, and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.core.cache import cache

from console.base.accounts.identity import discovery, transport
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.transport import BYTES, ProviderAway, ask
from tests.tls_server import https_server


class Handler(BaseHTTPRequestHandler):
    """Answers each path in its own way."""

    said: dict[str, object] = {}  # by path, what a test lets it answer as JSON
    hung_up = threading.Event()  # by who was sent an answer that never ends

    def do_GET(self) -> None:
        if self.path == "/drip":
            self.drip()
            return
        body = {path: json.dumps(said).encode() for path, said in self.said.items()}
        body |= {"/long": b'{"a": "' + b"x" * BYTES + b'"}', "/list": b"[]", "/words": b"no", "/fine": b'{"a": 1}'}
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 200))
        self.send_header("Location", "/fine")
        self.end_headers()
        self.wfile.write(body.get(self.path, b"{}"))

    def drip(self) -> None:
        """Send a byte again and again, as long as somebody reads."""
        self.send_response(200)
        self.end_headers()
        try:
            while not self.hung_up.wait(0.01):
                self.wfile.write(b" ")
        except OSError:
            self.hung_up.set()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def get(base: str, path: str) -> object:
    cache.clear()
    return ask(IdentityProvider("corp", "Corp", base, "console"), "GET", f"{base}{path}")


@pytest.mark.parametrize("path", ["/long", "/list", "/words", "/moved", "/broken"])
def test_other_answers_than_json_are_none(base: str, path: str) -> None:
    with pytest.raises(ProviderAway):
        get(base, path)


def test_a_good_one(base: str) -> None:
    assert get(base, "/fine") == (200, {"a": 1})


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "nonsense"])
def test_addresses_that_are_not_asked(base: str, url: str) -> None:
    with pytest.raises(ProviderAway):
        get(url, "")


def test_an_answer_that_drips_holds_no_thread(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "SECONDS", 0.5)
    Handler.hung_up.clear()
    try:
        with pytest.raises(ProviderAway):
            get(base, "/drip")
        assert Handler.hung_up.wait(20)
    finally:
        Handler.hung_up.set()


@pytest.mark.parametrize("none", [{}, {"keys": []}, {"keys": {}}, {"keys": ["key"]}])
def test_no_keys_are_not_kept_for_an_hour(base: str, none: object) -> None:
    cache.clear()
    corp = IdentityProvider("corp", "Corp", base, "console")
    named = {"issuer": base} | dict.fromkeys(discovery.NEEDED, f"{base}/keys")
    Handler.said = {"/.well-known/openid-configuration": named, "/keys": none}
    with pytest.raises(ProviderAway):
        discovery.keys(corp)
    Handler.said["/keys"] = {"keys": [{"kty": "RSA"}]}
    assert discovery.keys(corp) == Handler.said["/keys"]


ASK = """
import sys, django
django.setup()
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.transport import ask
name, address = sys.argv[1:]
print(ask(IdentityProvider(name, "Corp", address, "console"), "GET", f"{address}/fine"))
"""


def test_a_certificate_of_a_company_s_own_authority(tmp_path: Path) -> None:
    """Most providers inside a company have one; it is trusted where the machine trusts it: as a process starts."""
    with https_server(tmp_path, Handler) as secure:
        asked = [
            subprocess.run(
                [sys.executable, "-c", ASK, name, secure],
                env={**os.environ, "SSL_CERT_FILE": str(tmp_path / f"{name}.pem")},
                capture_output=True,
                text=True,
                timeout=60,
            )
            for name in ("none", "cert")
        ]
    assert "ProviderAway" in asked[0].stderr and "self-signed certificate" in asked[0].stderr
    assert asked[1].stdout == "(200, {'a': 1})\n", asked[1].stderr

"""What an identity provider may answer (P-10): within limits, from where it was asked, and as JSON."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.core.cache import cache
from jwt.algorithms import RSAAlgorithm

from console.base.accounts.identity import discovery, transport
from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.identity.tokens import Person, TokenRefused, person_of, verified_claims
from console.base.accounts.identity.transport import BYTES, ProviderAway, ask
from tests.tls_server import https_server

DRIPS = {  # what begins an answer that never ends, and goes on with
    "/body": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "/chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
    "/status": (b"HTTP/1.1 200 ", b"x"),
    "/header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
    "/continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


class Handler(BaseHTTPRequestHandler):
    """Answers each path in its own way."""

    said: dict[str, object] = {}  # by path, what a test lets it answer as JSON
    hung_up = threading.Event()  # by who was sent an answer that never ends

    def do_GET(self) -> None:
        if self.path in DRIPS:
            self.drip(*DRIPS[self.path])
            return
        body = {path: json.dumps(said).encode() for path, said in self.said.items()}
        body |= {"/deep": b"[" * 100_000, "/deeper": b'{"a":' * 100_000}
        body |= {"/long": b'{"a": "' + b"x" * BYTES + b'"}', "/list": b"[]", "/words": b"no", "/fine": b'{"a": 1}'}
        self.send_response({"/moved": 302, "/broken": 500}.get(self.path, 200))
        self.send_header("Location", "/fine")
        self.end_headers()
        self.wfile.write(body.get(self.path, b"{}"))

    def drip(self, first: bytes, again: bytes) -> None:
        """Send some bytes again and again, as long as somebody reads."""
        self.wfile.write(first)
        try:
            while not self.hung_up.wait(0.01):
                self.wfile.write(again)
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


@pytest.mark.parametrize("path", ["/long", "/list", "/words", "/deep", "/deeper", "/moved", "/broken"])
def test_other_answers_than_json_are_none(base: str, path: str) -> None:
    with pytest.raises(ProviderAway):
        get(base, path)


def test_a_good_one(base: str) -> None:
    assert get(base, "/fine") == (200, {"a": 1})


@pytest.mark.parametrize("url", ["http://192.0.2.1/", "ftp://127.0.0.1/", "file:///etc/passwd", "https://", "nonsense"])
def test_addresses_that_are_not_asked(base: str, url: str) -> None:
    with pytest.raises(ProviderAway):
        get(url, "")


@pytest.mark.parametrize("path", DRIPS)
def test_an_answer_that_drips_holds_no_thread(base: str, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(transport, "SECONDS", 0.5)
    Handler.hung_up.clear()
    try:
        with pytest.raises(ProviderAway):
            get(base, path)
        assert Handler.hung_up.wait(20)
    finally:
        Handler.hung_up.set()


ODD = {
    "ways that are a number": {"token_endpoint_auth_methods_supported": 5},
    "ways that are a word": {"token_endpoint_auth_methods_supported": "client_secret_post"},
    "ways that are numbers": {"token_endpoint_auth_methods_supported": [5]},
    "no token endpoint": {"token_endpoint": None},
    "a host that is none": {"authorization_endpoint": "http://[x"},
    "a port that is none": {"jwks_uri": "https://127.0.0.1:99999/"},
    "half a surrogate pair": {"authorization_endpoint": "https://x.example/\ud800"},
    "a line's end": {"authorization_endpoint": "https://x.example/\r\nX: y"},
    "a space": {"userinfo_endpoint": "https://x.example/a b"},
    "another scheme": {"authorization_endpoint": "javascript:alert(1)"},
    "no TLS": {"authorization_endpoint": "http://x.example/"},
    "no address": {"userinfo_endpoint": 5},
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_description_that_is_none_is_not_kept_for_an_hour(base: str, odd: dict[str, object]) -> None:
    good = {"issuer": base} | dict.fromkeys(discovery.NEEDED, f"{base}/keys")
    Handler.said = {"/.well-known/openid-configuration": good | odd}
    corp = IdentityProvider("corp", "Corp", base, "console")
    with pytest.raises(ProviderAway):
        discovery.configuration(corp)
    Handler.said = {"/.well-known/openid-configuration": good}
    assert discovery.configuration(corp) == good


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


# Keys and tokens --------------------------------------------------------------------------------------------------

OWN = generate_private_key(65537, 2048)
PUBLIC: dict[str, Any] = {**json.loads(RSAAlgorithm.to_jwk(OWN.public_key())), "kid": "own", "use": "sig"}


def signed(base: str, header: dict[str, object] | None = None, **claims: object) -> str:
    """Return an ID token; `header` replaces what its own says, unsigned."""
    at = int(time.time())
    said = {"iss": base, "aud": "console", "sub": "ada", "exp": at + 60, "iat": at, "nonce": "ours", **claims}
    token = jwt.encode(said, OWN, "RS256", headers={"kid": "own"})
    if header is None:
        return token
    written = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{written}.{token.partition('.')[2]}"


def person(base: str, token: str, keys: list[object] | None = None) -> Person:
    """Return whom the token names, with the keys that the provider has now."""
    named = {"issuer": base} | dict.fromkeys(discovery.NEEDED, f"{base}/keys")
    Handler.said = {"/.well-known/openid-configuration": named, "/keys": {"keys": keys or [PUBLIC]}}
    corp = IdentityProvider("corp", "Corp", base, "console")
    return person_of(corp, verified_claims(corp, token, nonce="ours"), {})


ODD_CLAIMS: dict[str, dict[str, Any]] = {
    "a nonce that is no ASCII": {"nonce": "é"},
    "half a surrogate pair as nonce": {"nonce": "\ud800"},
    "a NUL in the subject": {"sub": "a\0b"},
    "half a surrogate pair as subject": {"sub": "\ud800"},
    "an end that is none": {"exp": float("inf")},
    "a list as key": {"header": {"alg": "RS256", "kid": [1]}},
    "another kind of key": {"header": {"alg": "ES256", "kid": "own"}},
    "a list as algorithm": {"header": {"alg": ["RS256"], "kid": "own"}},
}


@pytest.mark.parametrize("odd", ODD_CLAIMS.values(), ids=ODD_CLAIMS)
def test_a_token_with_odd_values_is_refused(base: str, odd: dict[str, Any]) -> None:
    with pytest.raises(TokenRefused):
        person(base, signed(base, **odd))


@pytest.mark.parametrize("moment", [10**400, float("inf"), float("nan"), "now", None], ids=range(5))
def test_a_moment_that_is_none_proves_no_fresh_sign_in(base: str, moment: object) -> None:
    assert person(base, signed(base, auth_time=moment)).signed_in_at is None


ODD_KEYS: list[object] = [
    {"kty": "oct"},
    {"kty": "oct", "k": 5},
    {"kty": ["RSA"]},
    {"kty": "RSA", "n": 5, "e": "AQAB"},
    {"kty": "EC", "crv": "P-256", "x": 5, "y": 5},
    {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
    {**PUBLIC, "alg": ["RS256"]},
    {**PUBLIC, "kid": ["own"]},
]


@pytest.mark.parametrize("odd", ODD_KEYS, ids=range(len(ODD_KEYS)))
def test_a_key_that_is_none_hides_no_other(base: str, odd: object) -> None:
    assert person(base, signed(base), [odd, PUBLIC]).subject == "ada"


def test_unusable_keys_are_asked_for_again(base: str) -> None:
    with pytest.raises(TokenRefused):
        person(base, signed(base), [{"kty": "RSA"}])
    cache.delete(f"identity:keys:corp:{base}:asked")  # a minute later
    assert person(base, signed(base)).subject == "ada"

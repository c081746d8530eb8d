"""Whose address counts: in the log, for limits, for the server API (P-8)."""

import re
from ipaddress import ip_network

import pytest
from django.conf import settings as configured
from django.http import HttpRequest, HttpResponse

from console.base.core.proxies import ProxyMiddleware, client_address

NONE, ONE, TWO = [], ["10.0.0.1/32"], ["10.0.0.0/24", "fd00::/64"]


@pytest.fixture
def trusting(settings):
    """Set whom the console believes, and which header."""

    def trust(networks, header="X-Forwarded"):
        settings.TRUSTED_PROXIES = tuple(map(ip_network, networks))
        settings.FORWARDED_HEADER = header
        settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if networks else None
        settings.USE_X_FORWARDED_HOST = bool(networks)

    return trust


@pytest.mark.parametrize(
    ("networks", "peer", "forwarded", "address"),
    [
        (NONE, "203.0.113.7", None, "203.0.113.7"),
        (NONE, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (ONE, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (ONE, "10.0.0.2", "198.51.100.1", "10.0.0.2"),
        (ONE, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (ONE, "::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (ONE, "10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (ONE, "10.0.0.1", "6.6.6.6,198.51.100.1 ", "198.51.100.1"),
        (ONE, "10.0.0.1", "6.6.6.6, 10.0.0.2", "10.0.0.2"),
        (TWO, "10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (TWO, "fd00::1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (ONE, "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (ONE, "10.0.0.1", "[2001:db8::1]:4711", "2001:db8::1"),
        (ONE, "10.0.0.1", "2001:db8::1", "2001:db8::1"),
        (ONE, "10.0.0.1", None, "10.0.0.1"),
        (ONE, "10.0.0.1", "unknown", None),
        (ONE, "10.0.0.1", "'; DROP TABLE", None),
        (NONE, "fe80::1%eth0", None, "fe80::1"),
        (NONE, "", None, None),
    ],
)
def test_client_address(trusting, networks, peer, forwarded, address):
    trusting(networks)
    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {})
    assert client_address(environ) == address


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "for=198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", 'for=6.6.6.6, For="[2001:db8::1]:80";proto=https', "2001:db8::1"),
        ("10.0.0.1", 'for="6.6.6.6, for=198.51.100.1;by=10.0.0.1', "198.51.100.1"),
        ("10.0.0.1", "for=unknown", None),
        ("10.0.0.1", "proto=https", None),
        ("10.0.0.1", None, "10.0.0.1"),
        ("203.0.113.7", "for=198.51.100.1", "203.0.113.7"),
    ],
)
def test_a_name_that_no_other_can_imitate(trusting, peer, forwarded, address):
    """What a client sends as X_Forwarded_For or X-Forwarded-For means nothing there."""
    trusting(ONE, "Forwarded")
    environ = {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": "6.6.6.6"}
    assert client_address(environ | ({"HTTP_FORWARDED": forwarded} if forwarded else {})) == address


def test_nobody_else_reads_them():
    """One module believes, two compare the peers of late bodies, one forges them, and the settings name them."""
    names = re.compile(r"REMOTE_ADDR|X_FORWARDED|X-Forwarded|HTTP_FORWARDED")
    folders = ("console", "miniprograms", "releases", "grayscale", "devmgmt", "messaging")
    files = [file for folder in folders for file in (configured.BASE_DIR / folder).rglob("*.py")]
    found = {str(file.relative_to(configured.BASE_DIR)) for file in files if names.search(file.read_text())}
    core = "console/base/core"
    others = {"console/settings.py", "console/platform/doctor/edge.py"}
    assert found == {f"{core}/{name}.py" for name in ("proxies", "bodies", "late_bodies")} | others


SAID = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_FORWARDED_HOST": "other.example.com"}


@pytest.mark.parametrize(
    ("networks", "header", "peer", "given", "seen"),
    [
        (NONE, "X-Forwarded", "10.0.0.1", SAID, ("http", "console.example.com")),
        (ONE, "X-Forwarded", "203.0.113.7", SAID, ("http", "console.example.com")),
        (ONE, "X-Forwarded", "10.0.0.1", SAID, ("https", "other.example.com")),
        (ONE, "X-Forwarded", "10.0.0.1", {"HTTP_FORWARDED": "proto=https"}, ("http", "console.example.com")),
        (ONE, "Forwarded", "10.0.0.1", SAID, ("http", "console.example.com")),
        (ONE, "Forwarded", "203.0.113.7", {"HTTP_FORWARDED": "proto=https"}, ("http", "console.example.com")),
        (
            *(ONE, "Forwarded", "10.0.0.1"),
            SAID | {"HTTP_FORWARDED": "proto=http, for=1.2.3.4;proto=https;host=third.example.com"},
            ("https", "third.example.com"),
        ),
    ],
)
def test_scheme_and_host(rf, trusting, networks, header, peer, given, seen):
    trusting(networks, header)
    found = []

    def view(request: HttpRequest) -> HttpResponse:
        found.append((request.scheme, request.get_host()))
        return HttpResponse()

    ProxyMiddleware(view)(rf.get("/", REMOTE_ADDR=peer, HTTP_HOST="console.example.com", **given))
    assert found == [seen]

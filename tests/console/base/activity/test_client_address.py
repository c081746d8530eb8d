"""Whose address is in the log."""

import pytest

from console.base.activity.middleware import client_address

PROXY = ("HTTP_X_FORWARDED_PROTO", "https")


@pytest.mark.parametrize(
    ("proxy", "peer", "forwarded", "address"),
    [
        (None, "203.0.113.7", None, "203.0.113.7"),
        (None, "203.0.113.7", "198.51.100.1", "203.0.113.7"),
        (PROXY, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (PROXY, "10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (PROXY, "10.0.0.1", "6.6.6.6,198.51.100.1 ", "198.51.100.1"),
        (PROXY, "10.0.0.1", "2001:db8::1", "2001:db8::1"),
        (PROXY, "10.0.0.1", None, "10.0.0.1"),
        (PROXY, "10.0.0.1", "unknown", None),
        (PROXY, "10.0.0.1", "'; DROP TABLE", None),
        (None, "fe80::1%eth0", None, "fe80::1"),
        (None, "", None, None),
    ],
)
def test_client_address(rf, settings, proxy, peer, forwarded, address):
    settings.SECURE_PROXY_SSL_HEADER = proxy
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    assert client_address(rf.get("/", headers=headers, REMOTE_ADDR=peer)) == address

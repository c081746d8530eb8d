"""Asking addresses that people typed, without becoming their way into our own network.

What is checked is the address that is connected to, at that moment: whatever a name resolves to, and whenever it
changes its mind. Only networks in EGRESS_ALLOWED are asked though they are not public, and only they without TLS.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from django.conf import settings
from django.utils.translation import gettext, gettext_noop

from console.base.core import names

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NOT_AN_ADDRESS = gettext_noop("Not a valid address. Example: https://messages.example.com/inbox")
NOT_HTTPS = gettext_noop("The address must begin with https://.")
USERINFO = gettext_noop("The address must not contain a user name or a password.")
FRAGMENT = gettext_noop("Leave out the # and everything after it: it never reaches a server.")
PRIVATE = gettext_noop("The address is in a private network.")

NAT64, SIX_TO_FOUR = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16")
METADATA = ipaddress.IPv4Address("168.63.129.16")  # of a cloud; those of the others are not public anyway


@dataclass
class _Attempt:
    """One request: whether it goes without TLS, and why an address that its name has was refused, if one was."""

    plain: bool = True
    refusal: str = ""


_attempt: ContextVar[_Attempt] = ContextVar("attempt")


class EgressRefused(aiohttp.ClientError):
    """We do not connect there; the message says why, in English."""


def session(*, owner: str, **options: Any) -> aiohttp.ClientSession:
    """Return a client that connects to public addresses and EGRESS_ALLOWED only, and follows no redirects of its own.

    Proxies and passwords of the environment mean nothing to it. Names are looked up in the places of its `owner`, for
    whom it asks. Raises EgressRefused where it is used. The options are those of aiohttp.ClientSession.
    """
    # Idle connections are closed before most servers close them: a POST that meets a closing one is a failed try.
    resolver = names.Resolver(owner)
    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=2, resolver=resolver, socket_factory=_open, ssl=tls())
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        middlewares=(_guard,),
        **options,
    )


@cache
def tls() -> ssl.SSLContext:
    """Return what checks certificates, for TLS 1.2 and newer: Debian's Python leaves the oldest version to OpenSSL."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def why_not(url: str) -> str:
    """Return why the address would be refused before any name is looked up, for its form; "" when it would not be."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return gettext(NOT_AN_ADDRESS)
    if parts.scheme not in ("http", "https"):
        return gettext(NOT_HTTPS)
    if not host or any(character.isspace() or not character.isprintable() for character in url):
        return gettext(NOT_AN_ADDRESS)
    if "@" in parts.netloc:
        return gettext(USERINFO)
    if "#" in url:
        return gettext(FRAGMENT)
    address = _literal(host)
    if address is None:
        local = host == "localhost" or host.endswith(".localhost")
        allowed = any(map(is_allowed, map(ipaddress.ip_address, ("127.0.0.1", "::1"))))
        refusal = PRIVATE if local and not allowed else ""
        return gettext(refusal) if refusal else _plain_to_nowhere(parts.scheme)
    return gettext(refusal) if (refusal := _refusal(address, plain=parts.scheme == "http")) else ""


def is_allowed(address: Address) -> bool:
    """Whether the address is in one of EGRESS_ALLOWED."""
    return any(address in network for network in _networks(tuple(settings.EGRESS_ALLOWED)))


def is_public(address: Address) -> bool:
    """Whether the address can only be somebody else's: global, and no way around to one that is not."""
    address = _inner(address)
    special = address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    return address.is_global and not special and address != METADATA


def _inner(address: Address) -> Address:
    """Return the IPv4 address that packets to an IPv6 address end at, else the address."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address in SIX_TO_FOUR:
            return ipaddress.IPv4Address(int(address) >> 80 & 0xFFFFFFFF)
    return address


def _refusal(address: Address, *, plain: bool) -> str:
    if is_allowed(address) or is_allowed(_inner(address)):
        return ""
    if not is_public(address):
        return PRIVATE
    return NOT_HTTPS if plain else ""


def _plain_to_nowhere(scheme: str) -> str:
    """A name may yet lead to an allowed network, when there are any."""
    return gettext(NOT_HTTPS) if scheme == "http" and not settings.EGRESS_ALLOWED else ""


def _literal(host: str) -> Address | None:
    """Return the address that a host is written as, also in the old ways that resolvers take: 127.1, 0x7f000001."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


@cache
def _networks(allowed: Sequence[str]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(network) for network in allowed)


def _open(info: Any) -> socket.socket:
    """Return a socket for an address that is about to be connected to; raises OSError: others of a name may do."""
    family, kind, protocol, _name, address = info
    attempt = _attempt.get(_Attempt())
    if refusal := _refusal(ipaddress.ip_address(address[0].partition("%")[0]), plain=attempt.plain):
        attempt.refusal = refusal.rstrip(".")
        raise OSError(attempt.refusal)
    return socket.socket(family, kind, protocol)


async def _guard(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Refuse what can be seen in the address itself; say what `_open` has to know; raise its refusal as it was."""
    url = request.url
    if url.scheme not in ("http", "https"):
        raise EgressRefused(NOT_HTTPS.rstrip("."))
    if "Authorization" in request.headers:  # Where a user name in the address was moved before we see it.
        raise EgressRefused(USERINFO.rstrip("."))
    attempt = _Attempt(plain=url.scheme == "http")
    _attempt.set(attempt)
    try:
        return await handler(request)
    except aiohttp.ClientOSError as error:
        # Only the system numbers its errors. Ours has no number, nor has what sums up those of several addresses.
        if attempt.refusal and type(error.__cause__) is OSError and error.__cause__.errno is None:
            raise EgressRefused(attempt.refusal) from None
        raise

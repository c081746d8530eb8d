"""Who the client is, where proxies are in between (P-8): the one module that reads forwarded headers.

They count only when the peer is one of TRUSTED_PROXIES. WSGI gives `X-Forwarded-For` and `X_Forwarded_For` the same
name, and our server hands on whichever came last, so nothing behind it can drop names with `_`. What makes the value
certain is the proxy: it has to drop such names (nginx does), or to write `Forwarded` (RFC 7239, and
FORWARDED_HEADER=Forwarded), a name without a hyphen, which no other name can imitate.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from console.local.addresses import is_loopback

Network = IPv4Network | IPv6Network

X_FORWARDED, FORWARDED = "X-Forwarded", "Forwarded"  # what FORWARDED_HEADER may be
NAMES = ("HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT", "HTTP_X_FORWARDED_FOR")
_PAIR = re.compile(r"""(?:^|;)\s*(for|proto|host)\s*=\s*(?:"([^"\\]*)"|([^;"\s]+))\s*(?=;|$)""", re.IGNORECASE)
_WITH_PORT = re.compile(r"\[([^\]]*)\](?::[0-9]+)?|([0-9.]+):[0-9]+")


def client_address(environ: Mapping[str, Any]) -> str | None:
    """Return the client's IP address, None when there is none: the peer's, or the last hop that is not our own proxy.

    `environ` is WSGI's, or the META of a request.
    """
    peer = environ.get("REMOTE_ADDR", "")
    if not is_from_proxy(environ):
        return _address(peer)
    hops = _hops(environ)
    for hop in reversed(hops):
        if not is_within(hop, settings.TRUSTED_PROXIES):
            return _address(hop)
    return _address(hops[0] if hops else peer)


def is_from_here(environ: Mapping[str, Any]) -> bool:
    """Whether the peer is on this machine; an update check on a desk comes by here, too."""
    peer: str = environ.get("REMOTE_ADDR", "")
    return not peer or is_loopback(peer.removeprefix("::ffff:"))


def is_from_proxy(environ: Mapping[str, Any]) -> bool:
    """Whether the peer is one of TRUSTED_PROXIES, whose headers count."""
    return is_within(environ.get("REMOTE_ADDR", ""), settings.TRUSTED_PROXIES)


def came_by_a_proxy(environ: Mapping[str, Any]) -> bool:
    """Whether the request names a proxy, trusted or not: what is for machines inside is not for it."""
    return any(name in environ for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"))


def believed(environ: Mapping[str, Any]) -> dict[str, str | bool | None]:
    """Return who asks, and whether that and the peer are proxies of ours: for `manage.py doctor`."""
    peer, address = environ.get("REMOTE_ADDR", ""), client_address(environ)
    return {
        "peer": peer,
        "peer_is_trusted": is_within(peer, settings.TRUSTED_PROXIES),
        "address": address,
        "address_is_trusted": is_within(address or "", settings.TRUSTED_PROXIES),
    }


class ProxyMiddleware:
    """Let Django see scheme and host as a trusted proxy says them, and no forwarded header of anybody else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        trusted = is_from_proxy(meta)
        if not trusted or settings.FORWARDED_HEADER == FORWARDED:
            for name in NAMES:
                meta.pop(name, None)
        if trusted and settings.FORWARDED_HEADER == FORWARDED:
            said = _pairs(meta.get("HTTP_FORWARDED", "").rpartition(",")[2])
            meta |= {f"HTTP_X_FORWARDED_{name.upper()}": said[name] for name in ("proto", "host") if name in said}
        return self.get_response(request)


def _hops(environ: Mapping[str, Any]) -> list[str]:
    """Return the addresses that proxies wrote, the nearest one last; what they can't say is ""."""
    if settings.FORWARDED_HEADER == FORWARDED:
        value = environ.get("HTTP_FORWARDED", "")
        return [_pairs(element).get("for", "") for element in value.split(",")] if value else []
    value = environ.get("HTTP_X_FORWARDED_FOR", "")
    return value.split(",") if value else []


def _pairs(element: str) -> dict[str, str]:
    """Return what one hop says in `Forwarded`; of a pair that comes twice the last."""
    return {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(element.strip())}


@lru_cache(maxsize=1024)
def is_within(text: str, networks: tuple[Network, ...]) -> bool:
    """Whether this address, as a peer or a header has it, is in one of the networks."""
    address = _address(text)
    return address is not None and any(ip_address(address) in network for network in networks)


def _address(text: str) -> str | None:
    """Return an IP address as the log has it: without port, zone, and the IPv6 form of an IPv4 address."""
    text = text.strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found[1] or found[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address)

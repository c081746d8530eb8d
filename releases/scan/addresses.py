"""Addresses in source text, and their origins."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache

import idna

# In JSON and in some bundles the slashes are escaped.
ADDRESS = re.compile(rb"(?<![A-Za-z0-9+.-])(https?|wss?|rtmps?):(?:\\?/){2}", re.IGNORECASE)
AUTHORITY = r"[^\s\"'`<>\\{}()|^/?#&,;$]{0,300}"  # of an address: what is behind its slashes, to the next
BEGIN = re.compile(r"(?:(https?|wss?):)?//", re.IGNORECASE)  # of an address that can be asked for, with its scheme
_AUTHORITY = re.compile(AUTHORITY.encode())
_SUBSTITUTED = re.compile(rb"\$?\{[^{}]{0,300}\}?\}")
_GOES_ON = re.compile(rb"[\w.:-]")
_IN_TEXT = re.compile(rf"(?<![A-Za-z0-9+.-])(https?|wss?|rtmps?):(?:\\?/){{2}}({AUTHORITY})", re.IGNORECASE)
_RELATIVE = re.compile(r"//([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,10}(?::\d{1,5})?)(?=[/?#]|\Z)", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?")
_PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443, "rtmp": 1935, "rtmps": 443}
# Names of XML and JSON vocabularies: nobody asks these hosts for anything.
_VOCABULARIES = frozenset(
    [
        "www.w3.org",
        "schemas.xmlsoap.org",
        "schemas.openxmlformats.org",
        "schemas.microsoft.com",
        "ns.adobe.com",
        "purl.org",
        "json-schema.org",
        "xml.org",
    ]
)


def origin_at(source: bytes, found: re.Match[bytes]) -> str:
    """Return the origin of the address that begins with `found`; "" when its host is put together or is none."""
    authority = _AUTHORITY.match(source, found.end())
    assert authority is not None  # noqa: S101 - it may be empty, so it always matches
    if source[authority.end() : authority.end() + 1] in (b"$", b"{"):
        substituted = _SUBSTITUTED.match(source, authority.end())
        if substituted is None or _GOES_ON.match(source, substituted.end()):
            return ""
    try:
        text = authority[0].decode()
    except UnicodeDecodeError:
        return ""
    return origin_of(found[1].decode().lower(), text)


def origin_of(scheme: str, authority: str) -> str:
    """Return scheme, host and port in their normal form; "" for what is no address of a host."""
    host, colon, port = authority.rpartition("@")[2].partition(":")
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5 and 0 < int(port) < 65536):
        return ""
    host = _normal(host)
    if not host or host in _VOCABULARIES:
        return ""
    shown = f":{int(port)}" if port and int(port) != _PORTS.get(scheme) else ""
    return f"{scheme}://{host}{shown}"


@lru_cache(maxsize=4096)
def _normal(host: str) -> str:
    try:
        name = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except (UnicodeError, idna.IDNAError):
        return ""
    if name == "localhost" or _is_address(name):
        return name
    labels = name.split(".")
    if len(labels) < 2 or len(name) > 253 or labels[-1].isdigit():
        return ""
    return name if all(_LABEL.fullmatch(label) for label in labels) else ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def origins_in(text: str) -> Iterator[str]:
    """Yield the origins of the addresses in a text; one that begins with `//` is asked for by HTTPS."""
    if "//" not in text:
        return
    for found in _IN_TEXT.finditer(text):
        if origin := origin_of(found[1].lower(), found[2]):
            yield origin
    relative = _RELATIVE.match(text)
    if relative and (origin := origin_of("https", relative[1])):
        yield origin

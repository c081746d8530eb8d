"""Browsers that people use: what they call themselves, from where they come, and which of them signed in before."""

from __future__ import annotations

import re
import secrets
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from console.base.accounts.models import User

SALT = "console.accounts.device"
MOST_PEOPLE = 5  # who share a browser; more forget the first
COOKIE_DAYS = 400  # the most that browsers keep
# The first that occurs; Edge and Opera say that they are Chrome, and Chrome that it is Safari.
BROWSERS = (
    ("Edge", r"Edg(?:e|A|iOS)?/(\d+)"),
    ("Opera", r"OPR/(\d+)"),
    ("Firefox", r"(?:Firefox|FxiOS)/(\d+)"),
    ("Chrome", r"(?:Chrome|CriOS)/(\d+)"),
    ("Safari", r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/"),
)
SYSTEMS = (
    ("iPhone", "iPhone", "device-mobile"),
    ("iPad", "iPad", "device-tablet"),
    ("Android", "Android", "device-mobile"),
    ("Windows", "Windows", "device-desktop"),
    ("Mac", "Macintosh", "device-laptop"),
    ("ChromeOS", "CrOS", "device-laptop"),
    ("Linux", "Linux", "device-desktop"),
)


class Device(NamedTuple):
    """What is said of a browser: “Mac”, “Firefox 145”, an icon's name."""

    system: str
    browser: str
    icon: str


def describe(agent: str) -> Device:
    """Return what the browser says it is; anybody can say anything, so nothing is decided by it."""
    system, icon = next(
        ((name, icon) for name, mark, icon in SYSTEMS if mark in agent), (_("Unknown device"), "device-desktop")
    )
    for name, pattern in BROWSERS:
        if found := re.search(pattern, agent):
            return Device(system, f"{name} {found[1]}", icon)
    return Device(system, "", icon)


def agent_of(request: HttpRequest) -> str:
    """Return what the browser calls itself, as far as it is kept; printable."""
    said = request.headers.get("User-Agent", "")[:300]
    return "".join(sign for sign in said if sign.isprintable())


def network_of(address: str | None) -> str:
    """Return the network that counts as one place: an IPv4 address, or the /64 of an IPv6 one; "" for none."""
    if not address:
        return ""
    ip = ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    if mapped or ip.version == 4:
        return str(mapped or ip)
    return str(ip_network(f"{ip}/64", strict=False))


class Known(NamedTuple):
    """A browser's own name, and who signed in with it, oldest first: by id, with a mark of the password of then."""

    name: str
    people: dict[int, str]


def known(request: HttpRequest) -> Known:
    """Return what the signed cookie says; a new name and nobody without one."""
    try:
        name, people = signing.loads(
            request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=COOKIE_DAYS * 86_400
        )
    except (signing.BadSignature, ValueError, TypeError):
        return Known("", {})
    return Known(str(name), dict(people))


def name_for(request: HttpRequest, user: User | None) -> str:
    """Return the browser's name when `user` signed in with it before, with the password of today, else ""."""
    name, people = known(request)
    return name if user is not None and people.get(user.pk) == _mark(user) else ""


def _mark(user: User) -> str:
    """Return what changes with the password: browsers that a thief of the old one has used are known no longer."""
    return salted_hmac(SALT, user.password).hexdigest()[:16]


def remember(request: HttpRequest, response: HttpResponse, user: User) -> None:
    """Let the browser show from now on that `user` signed in with it. It opens nothing; see `throttle`."""
    name, people = known(request)
    others = [(pk, mark) for pk, mark in people.items() if pk != user.pk]
    people = [*others, (user.pk, _mark(user))][-MOST_PEOPLE:]  # type: ignore[assignment]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([name or secrets.token_urlsafe(12), people], salt=SALT),
        max_age=COOKIE_DAYS * 86_400,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )

"""Addresses that open a page of a mini program: what codes hold, and host apps read (docs/device-api.md)."""

from __future__ import annotations

from urllib.parse import quote, urljoin

from django.conf import settings
from django.urls import reverse

from miniprograms.models import MiniProgram
from releases.models import TrialVersion, Version

SAFE = "!$'()*,/:;?@-._~"  # what a value in a query may hold as it is


class LinkRefused(Exception):
    """There can be no such link; `is_of_page` says that the page is why. In English, for servers."""

    def __init__(self, message: str, *, is_of_page: bool = False) -> None:
        super().__init__(message)
        self.is_of_page = is_of_page


def link_to(program: MiniProgram, *, page: str, scene: str, env_version: str, check_page: bool) -> str:
    """Return the address that opens `page` ("" the first one) with `scene`; that of a trial holds its token (V-14).

    `check_page` asks for a page of the online version, whatever `env_version` is, as WeChat does. Raises LinkRefused.
    """
    if check_page:
        _check(program, page)
    given = {"page": page, "scene": scene, "env_version": "" if env_version == "release" else env_version}
    query = "&".join(f"{name}={quote(value, safe=SAFE)}" for name, value in given.items() if value)
    if env_version != "trial":
        return f"{urljoin(settings.BASE_URL, reverse('releases:open', args=[program.app_id]))}?{query}"
    trial = TrialVersion.objects.filter(mini_program=program).first()
    if trial is None:
        raise LinkRefused("the program has no trial version, set one in the console")
    return f"{trial.link}?{query}"


def _check(program: MiniProgram, page: str) -> None:
    online = Version.objects.online().filter(mini_program=program)
    if not online.exists():
        raise LinkRefused("no version is online, send check_path false", is_of_page=True)
    if page and not online.filter(package__pages__contains=[page]).exists():
        raise LinkRefused("not a page of the online version", is_of_page=True)

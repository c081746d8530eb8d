"""Which versions there are of a package: asked of the registries that pip and npm are configured for."""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from tests.audit.locks import Pin

PYTHON = "3.11"  # the lowest version that we support: a release that needs a newer one is none for us
ANSWER_SECONDS = 10.0  # for each read of an answer
LONGEST_ANSWER = 64 * 1024 * 1024  # bytes
NPM_AWAY = {"ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "FETCH_ERROR"}
SIMPLE = "application/vnd.pypi.simple.v1+json, text/html;q=0.5"  # PEP 691, else PEP 503, which knows no dates


class Unknown(Exception):
    """What a registry did not tell; the message says why."""


class Unreachable(Unknown):
    """Nobody answers there at all: others need not be asked."""


@dataclass
class Newer:
    """The newest release of a package, and since when there has been one newer than ours, if that is known."""

    newest: str
    step: str = ""  # major, minor, patch; "" when ours is the newest
    since: datetime | None = None


@dataclass
class Index:
    """A package index of Python, as pip is configured for it."""

    url: str
    certificates: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def newer(self, pin: Pin, until: float) -> Newer:
        """Return what is newer than a pin; raises Unknown."""
        address = urljoin(self.url.rstrip("/") + "/", f"{pin.name}/")
        kind, body = fetch(address, until=until, headers={"Accept": SIMPLE, **self.headers}, cafile=self.certificates)
        files = json.loads(body)["files"] if "json" in kind else _links(body.decode(errors="replace"))
        return compare(pin.version, _releases(files))


def newer_of_pypi(pin: Pin, until: float) -> Newer:
    """Return what is newer than a pin by the index that pip is configured for; raises Unknown."""
    return configured_index().newer(pin, until)


@cache
def configured_index() -> Index:
    """Return the index that pip would ask: the one of its configuration or environment, else its own default."""
    lines = _output([sys.executable, "-m", "pip", "config", "list"]).splitlines()
    settings = dict(line.partition("=")[::2] for line in lines)

    def setting(name: str) -> str:
        given = (settings.get(f"{part}.{name}") for part in (":env:", "install", "global"))
        return next((value.strip("'\"") for value in given if value), "")

    url = setting("index-url")
    if not url:
        help_text = _output([sys.executable, "-m", "pip", "install", "--help"])
        found = re.search(r"--index-url <url>.*?\(default\s+(\S+?)\)", help_text, re.DOTALL)
        url = found[1] if found else ""
    parts = urlsplit(url)
    headers = {}
    if "@" in parts.netloc:
        credentials = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
        headers["Authorization"] = "Basic " + base64.b64encode(credentials.encode()).decode()
        url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return Index(url, setting("cert") or None, headers)


def newer_of_npm(pin: Pin, until: float) -> Newer:
    """Return what is newer than a pin by the registry that npm is configured for; raises Unknown."""
    command = ["npm", "view", pin.name, "dist-tags", "time", "--json", "--fetch-retries=0", "--fetch-timeout=10000"]
    told = json.loads(_output(command, until=until))
    newest, times = told["dist-tags"]["latest"], told.get("time", {})
    # A registry may hold numbers above the one that it recommends: those of a beta, or of an older branch.
    dates = {version: _moment(moment) for version, moment in times.items() if version not in ("created", "modified")}
    return compare(pin.version, {newest: dates.get(newest), **{v: d for v, d in dates.items() if _below(v, newest)}})


def compare(ours: str, releases: dict[str, datetime | None]) -> Newer:
    """Return what the newest of the releases is to ours; raises Unknown when there are none to compare with."""
    known = {version: date for text, date in releases.items() if (version := _version(text)) is not None}
    mine = _version(ours)
    finals = {version: date for version, date in known.items() if not version.is_prerelease}
    if mine is None or not finals:
        raise Unknown("no release that can be compared")
    newest = max(finals)
    if newest <= mine:
        return Newer(ours)
    old, new = (*mine.release, 0, 0)[:2], (*newest.release, 0, 0)[:2]
    step = "major" if old[0] != new[0] or mine.epoch != newest.epoch else "minor" if old != new else "patch"
    dates = [date for version, date in finals.items() if version > mine and date is not None]
    return Newer(str(newest), step, min(dates, default=None))


def fetch(
    url: str,
    *,
    until: float,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    cafile: str | None = None,
) -> tuple[str, bytes]:
    """Return (Content-Type, body), before `until` by the monotonic clock; raises Unknown, and says why."""
    if not url.startswith(("https://", "http://")):
        raise Unreachable("no address that answers over HTTP is configured")
    request = Request(url, data=body)
    for name, value in (headers or {}).items():
        request.add_unredirected_header(name, value)  # A password is for the index alone.
    context = ssl.create_default_context(cafile=cafile) if url.startswith("https:") else None
    try:
        with urlopen(request, timeout=min(ANSWER_SECONDS, _left(until)), context=context) as told:
            parts, size = [], 0
            while part := told.read1(1 << 16):
                size += len(part)
                if size > LONGEST_ANSWER:
                    raise Unknown("the answer is too long")
                _left(until)
                parts.append(part)
            return told.headers.get("Content-Type", ""), b"".join(parts)
    except HTTPError as error:
        raise Unknown("not there" if error.code == 404 else f"HTTP {error.code}") from None
    except (URLError, OSError) as error:
        raise Unreachable(f"nobody answers ({getattr(error, 'reason', error)})") from None


def answer(question: Callable[[Pin, float], Newer], pin: Pin, *, until: float) -> Newer | Unknown:
    """Return what is newer than a pin, or why nobody knows: one odd package must not end the audit of the others."""
    try:
        return question(pin, until)
    except Unknown as error:
        return error
    except (KeyError, TypeError, AttributeError, ValueError):
        return Unknown("an answer that can't be read")


def _left(until: float) -> float:
    if (left := until - time.monotonic()) <= 0:
        raise Unknown("out of time")
    return left


def _output(command: list[str], *, until: float | None = None) -> str:
    try:
        seconds = 30.0 if until is None else min(30.0, _left(until))
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=True)
    except FileNotFoundError:
        raise Unreachable(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unknown("out of time") from None
    except subprocess.CalledProcessError as error:
        code = re.search(r"^npm (?:error|ERR!) code (\w+)$", error.stderr, re.MULTILINE)
        if code and code[1] in NPM_AWAY:
            raise Unreachable(f"nobody answers ({code[1]})") from None
        raise Unknown("not there" if code and code[1] == "E404" else f"{command[0]} failed") from None
    return done.stdout


def _releases(files: Iterable[dict[str, Any]]) -> dict[str, datetime | None]:
    """Return the releases of which a file is neither yanked nor for a newer Python, each with its first date."""
    releases: dict[str, datetime | None] = {}
    for file in files:
        version = _version_of(file["filename"])
        if version is None or file.get("yanked") or not _suits(file.get("requires-python") or ""):
            continue
        date, known = _moment(file.get("upload-time")), releases.get(version)
        releases[version] = min(filter(None, (date, known)), default=None)
    return releases


def _version_of(filename: str) -> str | None:
    parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
    try:
        return str(parse(filename)[1])
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return None


def _suits(requires: str) -> bool:
    try:
        return SpecifierSet(requires).contains(PYTHON)
    except InvalidSpecifier:
        return True


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _below(version: str, newest: str) -> bool:
    one, other = _version(version), _version(newest)
    return one is not None and other is not None and one < other


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            name = unquote(urlsplit(given["href"] or "").path.rpartition("/")[2])
            python = given.get("data-requires-python")
            self.files.append({"filename": name, "requires-python": python, "yanked": "data-yanked" in given})


def _links(page: str) -> list[dict[str, Any]]:
    links = _Links()
    links.feed(page)
    return links.files

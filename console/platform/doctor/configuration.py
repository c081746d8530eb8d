"""The settings: what `check --deploy` knows, and what it can't."""

from __future__ import annotations

import difflib
import os
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.http.request import validate_host

from console.platform.doctor.findings import Finding, error, ok, unknown, warning
from console.version import VERSION

TRIAL = "DEBUG is on: the console answers on this machine only"
ALIKE = 0.84  # how alike a name is to one of ours before it counts as a slip
_NAME = re.compile(r"^(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=", re.MULTILINE)
_KNOWN = re.compile(r"^#?([A-Z][A-Z0-9_]+)=", re.MULTILINE)


def deployment() -> Iterator[Finding]:
    """Run Django's checks and ours, those for production too unless DEBUG is on."""
    yield ok(f"Release {VERSION}, Python {platform.python_version()}")
    if settings.DEBUG:
        yield warning(f"{TRIAL}.", "For production set DEBUG=0 (docs/production.md).")
    found = checks.run_checks(include_deployment_checks=not settings.DEBUG)
    found = [message for message in found if message.level >= checks.WARNING and not message.is_silenced()]
    for message in found:
        kind = error if message.level >= checks.ERROR else warning
        yield kind(f"{message.msg} ({message.id})", message.hint or "See docs/production.md.")
    if not found:
        yield ok("The system checks find nothing.")


def addresses() -> Iterator[Finding]:
    """BASE_URL against ALLOWED_HOSTS, and who may say what the client's address is."""
    url = urlsplit(settings.BASE_URL)
    if settings.DEBUG:
        yield unknown(f"BASE_URL, ALLOWED_HOSTS and TRUSTED_PROXIES. {TRIAL}.")
        return
    if url.scheme != "https" or not url.hostname:
        yield error(f"BASE_URL is {settings.BASE_URL}, without https.", "Set BASE_URL=https://HOST.")
    elif url.path.strip("/") or url.query:
        yield error(f"BASE_URL has more than a host: {settings.BASE_URL}", f"Set BASE_URL=https://{url.netloc}.")
    elif not validate_host(url.hostname, settings.ALLOWED_HOSTS):
        hosts = ",".join([*settings.ALLOWED_HOSTS, url.hostname])
        yield error(f"ALLOWED_HOSTS lacks BASE_URL's host, {url.hostname}.", f"Set ALLOWED_HOSTS={hosts}.")
    else:
        yield ok(f"BASE_URL is {settings.BASE_URL}, and ALLOWED_HOSTS has its host.")
    if "*" in settings.ALLOWED_HOSTS:
        yield warning("ALLOWED_HOSTS allows any host.", f"Set ALLOWED_HOSTS={url.hostname}.")
    if not settings.TRUSTED_PROXIES:
        yield error(
            "TRUSTED_PROXIES is empty: every page redirects to https forever, and all devices have one address.",
            "Set TRUSTED_PROXIES to your proxy's address, such as 127.0.0.1/32.",
        )


def names() -> Iterator[Finding]:
    """Variables that look like slips of ours; and who can read .env."""
    example, file = settings.BASE_DIR / ".env.example", settings.BASE_DIR / ".env"
    if not example.is_file():
        yield unknown("Names of variables: there is no .env.example beside the code.")
        return
    known = set(_KNOWN.findall(example.read_text()))
    for provider in settings.IDENTITY_PROVIDERS:  # Each has the variables of the example, which is called “corp”.
        known |= {name.replace("OIDC_CORP_", f"OIDC_{provider.upper()}_") for name in known}
    slips = list(_slips(known, _names_in(file), set(os.environ)))
    yield from slips
    if not slips:
        yield ok("No variable looks like a misspelt setting.")
    if file.is_file() and file.stat().st_mode & 0o004:
        yield warning(".env is readable by everybody on this machine.", f"chmod o-r {file}")


def _names_in(file: Path) -> set[str]:
    try:
        return set(_NAME.findall(file.read_text()))
    except (OSError, UnicodeDecodeError):
        return set()


def _slips(known: set[str], in_file: set[str], in_environment: set[str]) -> Iterator[Finding]:
    of_files = {f"{name}_FILE" for name in known}  # The value is in a file.
    for name in sorted((in_file | in_environment) - known - of_files):
        near = difflib.get_close_matches(name.upper(), known, 1, ALIKE)
        if near and near[0] not in in_file | in_environment:
            where = ".env has" if name in in_file else "The environment has"
            yield warning(f"{where} {name}, which the console doesn't read.", f"Did you mean {near[0]}?")


def static_files() -> Iterator[Finding]:
    """Whether pages find their styles and scripts, in both languages."""
    if settings.DEBUG:
        yield unknown(f"Static files. {TRIAL}.")
        return
    if Path(settings.STATIC_ROOT, "staticfiles.json").is_file():
        yield ok("Static files are collected.")
    else:
        yield error(f"No static files in {settings.STATIC_ROOT}.", "manage.py collectstatic --noinput")
    if not (settings.BASE_DIR / "console/locale/zh_Hans/LC_MESSAGES/django.mo").is_file():
        yield warning("The Chinese catalogue is not compiled.", "manage.py messages --compile")

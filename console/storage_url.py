"""Where uploads are kept, by the environment: in folders, or in a bucket that STORAGE_URL names."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

OPTIONS = ("endpoint", "region", "addressing", "public")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
LONGEST = 3600  # seconds; whoever has the address has the package, also one that was taken off the shelf meanwhile
FORM = "s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION"


def storages(url: str, *, packages: Path, is_debug: bool) -> dict[str, dict[str, Any]]:
    """Return Django's STORAGES: packages and icons are in folders without `url`; static files are in a folder anyway.

    Raises ImproperlyConfigured for a wrong URL.
    """
    backend = "console.base.core.files.SyncedStorage"
    folders: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": backend},
        "packages": {"BACKEND": backend, "OPTIONS": {"location": packages, "setting": "PACKAGE_ROOT"}},
    }
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    hashed = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    return {**(bucket(url) if url else folders), "staticfiles": {"BACKEND": plain if is_debug else hashed}}


def bucket(url: str) -> dict[str, dict[str, Any]]:
    """Return the storages of packages and icons in a bucket. Raises ImproperlyConfigured for a wrong URL."""
    common = _options(url)
    if not find_spec("storages") or not find_spec("boto3"):
        raise ImproperlyConfigured("STORAGE_URL needs another library: pip install -r requirements-s3.txt")
    prefix = common.pop("prefix")
    return {
        alias: {
            "BACKEND": "console.base.core.object_storage.ObjectStorage",
            "OPTIONS": {**common, "location": f"{prefix}{folder}", "probe": f"{prefix}probe"},
        }
        for alias, folder in (("packages", "packages"), ("default", "media"))
    }


def redirect_seconds(seconds: int, *, url: str, accel: str) -> int:
    """Return how long signed addresses of packages are good; 0: devices are not redirected.

    Raises ImproperlyConfigured where there is nowhere to redirect to, or nginx sends the packages.
    """
    if seconds and not url:
        raise ImproperlyConfigured("PACKAGE_REDIRECT_SECONDS needs STORAGE_URL: folders have no addresses.")
    if seconds and accel:
        raise ImproperlyConfigured("Set PACKAGE_REDIRECT_SECONDS or PACKAGE_ACCEL_PREFIX, not both.")
    if not 0 <= seconds <= LONGEST:
        raise ImproperlyConfigured(f"Set PACKAGE_REDIRECT_SECONDS to 0, or to at most {LONGEST}.")
    return seconds


def _options(url: str) -> dict[str, Any]:
    """Return what STORAGE_URL says, by the names of django-storages."""
    try:
        parts, query = urlsplit(url), parse_qs(urlsplit(url).query, strict_parsing=True) if "?" in url else {}
    except ValueError:
        raise ImproperlyConfigured(f"Write STORAGE_URL as {FORM}.") from None
    name, folders = parts.netloc.rpartition("@")[2], [part for part in parts.path.split("/") if part]
    if parts.scheme != "s3" or not all(map(NAME.fullmatch, (name, *folders))):
        raise ImproperlyConfigured(f"Write STORAGE_URL as {FORM}; names may have letters, digits and . _ -")
    if unknown := sorted(set(query) - set(OPTIONS)):
        raise ImproperlyConfigured(f"STORAGE_URL has {', '.join(unknown)}. It may have {', '.join(OPTIONS)}.")
    if bool(parts.username) != bool(parts.password):
        raise ImproperlyConfigured("Give STORAGE_URL both, the access key and the secret: s3://KEY:SECRET@BUCKET")
    said = {option: values[-1].rstrip("/") for option, values in query.items()}
    for option in ("endpoint", "public"):
        if option in said and not re.match(r"https?://[^/?#@]+$", said[option]):
            raise ImproperlyConfigured(f"STORAGE_URL: write {option} as https://HOST or http://HOST:PORT.")
    if said.get("addressing", "auto") not in ("auto", "path", "virtual"):
        raise ImproperlyConfigured("STORAGE_URL: addressing is path or virtual.")
    keys = (
        {"access_key": unquote(parts.username), "secret_key": unquote(parts.password or "")} if parts.username else {}
    )
    return {
        **keys,
        "bucket_name": name,
        "prefix": "".join(f"{folder}/" for folder in folders),
        "endpoint_url": said.get("endpoint"),
        "public_endpoint": said.get("public"),
        "region_name": said.get("region"),
        "addressing_style": said.get("addressing", "auto"),
    }

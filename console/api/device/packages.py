"""`GET /runtime/v1/packages/{sha256}.apkg` (R-2)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlsplit

from django.conf import settings

from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import ApiError, is_known, not_found
from console.api.device.ranges import Unsatisfiable, requested
from console.api.http import NOT_STORED, Environ, Headers, Response
from console.base.core.proxies import client_address
from grayscale.decision import Deliverable
from releases.models import package_storage

ACCEL_SECONDS = 60  # that nginx has to begin with what it fetches

logger = logging.getLogger(__name__)
_NAME = re.compile(r"([0-9a-f]{64})\.apkg")


def answer(environ: Environ, source: Callable[[], Source], name: str) -> Response:
    """Send a package, or a part of it, to an application that a version with it is served to now.

    That of a trial version also needs the trial token, in the query (V-14). Any other hash is 404 (P-1, L-4).
    Raises ApiError (401, 404, 416, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    rate.limiter.hit(application.pk, client_address(environ))
    match = _NAME.fullmatch(name)
    token = dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("trial_token")
    release = rows.package(match[1], application=application.pk, trial_token=token) if match else None
    if release is None:
        raise not_found()
    etag = f'"{release.sha256}"'
    headers = [
        ("ETag", etag),
        ("Cache-Control", "private, max-age=31536000, immutable"),
        ("Accept-Ranges", "bytes"),
        ("Content-Type", "application/octet-stream"),
    ]
    if is_known(environ, etag):
        return Response(304, headers)
    _see_that_it_is_there(release)
    if environ["REQUEST_METHOD"] == "HEAD":
        return Response(200, [*headers, ("Content-Length", str(release.size))])
    if settings.PACKAGE_REDIRECT_SECONDS:
        return _redirect(release)
    part = _requested(environ, release, etag)
    if settings.PACKAGE_ACCEL_PREFIX:
        return Response(200, [*headers, *_for_nginx(release, part)])
    return _send(release, part, headers)


def _requested(environ: Environ, release: Deliverable, etag: str) -> range | None:
    """Return the one range that was asked for; None for the whole package. Raises ApiError 416."""
    # A range of another file than the client has begun would make a broken one: If-Range must name this package.
    if environ.get("HTTP_IF_RANGE", etag) != etag:
        return None
    try:
        return requested(environ.get("HTTP_RANGE", ""), release.size)
    except Unsatisfiable:
        outside = ("Content-Range", f"bytes */{release.size}")
        raise ApiError(
            416,
            "range_not_satisfiable",
            f"The range is outside the package, which has {release.size} bytes.",
            [outside],
        ) from None


def _send(release: Deliverable, wanted: range | None, headers: Headers) -> Response:
    """Send the file from the storage, whole or the one range."""
    part = range(release.size) if wanted is None else wanted
    if wanted is not None:
        headers = [*headers, ("Content-Range", f"bytes {part.start}-{part.stop - 1}/{release.size}")]
    try:
        body = package_storage().part(release.file, part)
    except OSError as error:
        raise _missing(release, error) from None
    status = 200 if wanted is None else 206
    return Response(status, [*headers, ("Content-Length", str(len(part)))], body)


def _for_nginx(release: Deliverable, part: range | None) -> Headers:
    """Return what makes nginx send the file from its folder, or the range from the bucket, by an address that we sign.

    None of what the device sent goes to the bucket, nor does its query, which may hold the token of a trial.
    """
    accel = settings.PACKAGE_ACCEL_PREFIX
    if not package_storage().links:
        return [("X-Accel-Redirect", accel + quote(release.file))]
    link = urlsplit(_link(release, seconds=ACCEL_SECONDS, public=False))
    headers = [("X-Accel-Redirect", f"{accel}{link.path.lstrip('/')}?{link.query}")]
    return headers if part is None else [*headers, ("X-Package-Range", f"bytes={part.start}-{part.stop - 1}")]


def _redirect(release: Deliverable) -> Response:
    """Send the device to the bucket, for a while."""
    link = _link(release, seconds=settings.PACKAGE_REDIRECT_SECONDS, public=True)
    # The address of this request may hold the token of a trial.
    return Response(307, [("Location", link), NOT_STORED, ("Referrer-Policy", "no-referrer"), ("Content-Length", "0")])


def _link(release: Deliverable, *, seconds: int, public: bool) -> str:
    try:
        return package_storage().link(release.file, seconds=seconds, public=public)
    except OSError as error:
        raise _missing(release, error) from None


def _see_that_it_is_there(release: Deliverable) -> None:
    """Raise ApiError 503 for a file that is missing or cut: nginx, which sends it, would answer 404 or half of it."""
    try:
        package_storage().check(release.file, release.size)
    except OSError as error:
        raise _missing(release, error) from None


def _missing(release: Deliverable, fault: object) -> ApiError:
    logger.error("package %s can't be read (%s): run manage.py packages verify", release.sha256, fault)
    wait = [("Retry-After", "60")]
    return ApiError(503, "package_missing", "The package can't be read at the moment. Try again later.", wait)

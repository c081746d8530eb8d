"""`GET /runtime/v1/packages/{sha256}.apkg` (R-2)."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, quote

from django.conf import settings
from django.core.files import File

from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import ApiError, is_known, not_found
from console.api.device.ranges import Unsatisfiable, requested
from console.api.http import Environ, Headers, Response
from console.base.core.proxies import client_address
from grayscale.decision import Deliverable
from releases.models import package_storage

CHUNK = 128 * 1024  # bytes

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
    if prefix := settings.PACKAGE_ACCEL_PREFIX:
        return Response(200, [*headers, ("X-Accel-Redirect", prefix + quote(release.file))])
    return _send(environ, release, etag, headers)


def _send(environ: Environ, release: Deliverable, etag: str, headers: Headers) -> Response:
    """Send the file from the storage, whole or the one range that was asked for."""
    status, part = 200, range(release.size)
    # A range of another file than the client has begun would make a broken one: If-Range must name this package.
    if environ["REQUEST_METHOD"] == "GET" and environ.get("HTTP_IF_RANGE", etag) == etag:
        try:
            wanted = requested(environ.get("HTTP_RANGE", ""), release.size)
        except Unsatisfiable:
            outside = ("Content-Range", f"bytes */{release.size}")
            raise ApiError(
                416,
                "range_not_satisfiable",
                f"The range is outside the package, which has {release.size} bytes.",
                [outside],
            ) from None
        if wanted is not None:
            status, part = 206, wanted
            headers = [*headers, ("Content-Range", f"bytes {part.start}-{part.stop - 1}/{release.size}")]
    headers = [*headers, ("Content-Length", str(len(part)))]
    if environ["REQUEST_METHOD"] == "HEAD":
        return Response(status, headers)
    try:
        file = package_storage().open(release.file)
    except OSError as error:
        raise _missing(release, error) from None
    return Response(status, headers, FilePart(file, part))


def _see_that_it_is_there(release: Deliverable) -> None:
    """Raise ApiError 503 for a file that is missing or cut: nginx, which sends it, would answer 404 or half of it."""
    try:
        size = package_storage().size(release.file)
    except OSError as error:
        raise _missing(release, error) from None
    if size != release.size:
        raise _missing(release, f"{size} bytes instead of {release.size}")


def _missing(release: Deliverable, fault: object) -> ApiError:
    logger.error(
        "package %s can't be read from PACKAGE_ROOT (%s): run manage.py packages verify", release.sha256, fault
    )
    wait = [("Retry-After", "60")]
    return ApiError(503, "package_missing", "The package can't be read at the moment. Try again later.", wait)


class FilePart:
    """The bytes `part` of a file, read as they are sent."""

    def __init__(self, file: File[bytes], part: range) -> None:
        self.file = file
        self.part = part

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.part.start)
        left = len(self.part)
        while left and (chunk := self.file.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the file; the server calls it, also when the device went away."""
        self.file.close()

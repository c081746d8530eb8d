"""What the device API's HTTP has of its own: errors with a true status, and bodies that come gzipped."""

from __future__ import annotations

import re
import zlib
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec

from console.api.device.schema import Error
from console.api.http import (
    JSON,
    LONGEST_BODY,
    BodyRefused,
    Decodes,
    Environ,
    Headers,
    Response,
    decode,
    encode,
    json_response,
    read_body,
    too_large,
)

T = TypeVar("T")

MOST_MEMBERS = 16  # of a gzip: small ones cost far more than their bytes
CODES = {400: "malformed", 408: "timeout", 411: "length_required", 413: "too_large", 422: "invalid"}

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a character beyond U+FFFF, which JSON may write as two escapes
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)", re.DOTALL)


class ApiError(Exception):
    """An answer with a status of 400 or more, as `{"code", "message"}`."""

    def __init__(self, status: int, code: str, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers

    def response(self) -> Response:
        """Return what the client reads."""
        return json_response(Error(self.code, self.message), self.status, self.headers)


def not_found() -> ApiError:
    """The same words whatever was not found, so that nothing is learned from them (P-1)."""
    return ApiError(404, "not_found", "Not found for this application.")


def unavailable() -> ApiError:
    """What could not be answered because the database is busy or away."""
    return ApiError(
        503, "temporarily_unavailable", "The database is busy or down. Try again soon.", [("Retry-After", "5")]
    )


def is_known(environ: Environ, etag: str) -> bool:
    """Return whether If-None-Match names what has this ETag; the comparison is weak by the RFC."""
    header = environ.get("HTTP_IF_NONE_MATCH", "")
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in header.split(","))


def kept_by_devices(environ: Environ, content: Any) -> Response:
    """Return `content` as JSON that a device keeps and asks for again by its ETag; 304 when it has that already."""
    body = encode(content)
    etag = f'"{sha256(body).hexdigest()}"'
    headers = [("ETag", etag), ("Cache-Control", "private, no-cache")]
    if is_known(environ, etag):
        return Response(304, headers)
    headers += [JSON, ("Content-Length", str(len(body)))]
    return Response(200, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body)


def read_query(environ: Environ, type_: type[T]) -> T:
    """Return the query, checked; raises ApiError 422, which names the member that is wrong."""
    query = parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    try:
        return msgspec.convert(dict(query), type_)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error)) from None


def read_json(environ: Environ, decoder: Decodes[T]) -> T:
    """Return the body, checked; raises ApiError 400, 408, 411, 413, 415 or 422, which names what is wrong."""
    _check_type(environ)
    try:
        return decode(read_body(environ, LONGEST_BODY), decoder)
    except BodyRefused as error:
        raise _refused(error) from None


def read_signed(environ: Environ) -> bytes:
    """Return the body as it came, for whose signature is checked first; raises ApiError 400, 408, 411, 413 or 415."""
    _check_type(environ)
    try:
        return read_body(environ, LONGEST_BODY)
    except BodyRefused as error:
        raise _refused(error) from None


def parse(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    """Return what `read_signed` gave, checked; raises ApiError 400 or 422."""
    try:
        return decode(body, decoder)
    except BodyRefused as error:
        raise _refused(error) from None


def read_batch(environ: Environ, decoder: msgspec.json.Decoder[T], *, longest: int) -> T:
    """As read_json, for what devices have collected: at most `longest` bytes, which may come gzipped.

    Half a character, which JavaScript makes when it cuts a text, is replaced.
    """
    _check_type(environ)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ApiError(
            415, "unsupported_media_type", "Send the body uncompressed or with gzip.", [("Accept-Encoding", "gzip")]
        )
    try:
        body = read_body(environ, longest)
        if encoding == "gzip":
            body = _inflate(body, longest)
        if _HALF.search(body):
            body = _ESCAPE.sub(_whole, body)
        return decode(body, decoder)
    except BodyRefused as error:
        raise _refused(error) from None


def _refused(error: BodyRefused) -> ApiError:
    return ApiError(error.status, CODES[error.status], error.message)


def _check_type(environ: Environ) -> None:
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send the body as application/json.")


def _inflate(body: bytes, longest: int) -> bytes:
    """Inflate, and stop as soon as it is too long; a file of gzip may have several members."""
    found: list[bytes] = []
    room = longest
    try:
        while body or not found:
            if len(found) == MOST_MEMBERS:
                raise BodyRefused(400, f"The gzip body must not have more than {MOST_MEMBERS} members.")
            member = zlib.decompressobj(wbits=31)
            found.append(member.decompress(body, room + 1))
            room -= len(found[-1])
            if room < 0:
                raise too_large(longest)
            if not member.eof:
                raise BodyRefused(400, "The gzip body is truncated.")
            body = member.unused_data
    except zlib.error:
        raise BodyRefused(400, "The body is not valid gzip.") from None
    return b"".join(found)


def _whole(escape: re.Match[bytes]) -> bytes:
    """Return an escape of JSON, or what replaces it when it is half a character."""
    return rb"\ufffd" if len(escape[0]) == 6 and _HALF.match(escape[0]) else escape[0]

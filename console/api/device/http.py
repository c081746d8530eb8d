"""The little of HTTP that the device API needs, straight on the WSGI environment."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import msgspec

from console.api.device.schema import Error

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
T = TypeVar("T")

MOST_MEMBERS = 16  # of a gzip: small ones cost far more than their bytes
LONGEST_BODY = 16 * 1024  # bytes; an update check has about 300
JSON = ("Content-Type", "application/json")
NOT_STORED = ("Cache-Control", "no-store")

encode = msgspec.json.Encoder().encode
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a character beyond U+FFFF, which JSON may write as two escapes
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|u....|.)", re.DOTALL)
_status_lines = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Body(Protocol):
    """A body that is sent in parts and closed at the end."""

    def __iter__(self) -> Any: ...

    def close(self) -> None: ...


class Response:
    """Status, headers and the body, either whole or in parts."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes | Body = b"") -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def send(self, start_response: Callable[[str, Headers], Any]) -> Iterable[bytes]:
        """Answer by WSGI."""
        start_response(_status_lines[self.status], self.headers)
        return [self.body] if isinstance(self.body, bytes) else self.body


def json_response(content: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Return `content` as JSON that no cache keeps."""
    body = encode(content)
    return Response(status, [JSON, NOT_STORED, ("Content-Length", str(len(body))), *(headers or ())], body)


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
    return ApiError(404, "not_found", "There is nothing here for this application.")


def unavailable() -> ApiError:
    """What could not be answered because of the database."""
    return ApiError(503, "temporarily_unavailable", "The database is away. Ask again soon.", [("Retry-After", "5")])


def too_large(longest: int) -> ApiError:
    """A body that is longer than is read."""
    return ApiError(413, "too_large", f"The body may have {longest} bytes.")


def is_known(environ: Environ, etag: str) -> bool:
    """Tell whether If-None-Match names what has this ETag; the comparison is weak by the RFC."""
    header = environ.get("HTTP_IF_NONE_MATCH", "")
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in header.split(","))


def read_json(environ: Environ, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body, checked; raises ApiError 400, 411, 413, 415 or 422, which names the member that is wrong."""
    _check_type(environ)
    return _decode(_read(environ, LONGEST_BODY), decoder)


def read_batch(environ: Environ, decoder: msgspec.json.Decoder[T], *, longest: int) -> T:
    """As read_json, for what devices have collected: at most `longest` bytes, which may come gzipped.

    Half a character, which JavaScript makes when it cuts a text, is replaced.
    """
    _check_type(environ)
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in ("", "identity", "gzip"):
        raise ApiError(
            415, "unsupported_media_type", "Send the body as it is or by gzip.", [("Accept-Encoding", "gzip")]
        )
    body = _read(environ, longest)
    if encoding == "gzip":
        body = _inflate(body, longest)
    if _HALF.search(body):
        body = _ESCAPE.sub(_whole, body)
    return _decode(body, decoder)


def _check_type(environ: Environ) -> None:
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send the body as application/json.")


def _decode(body: bytes, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error)) from None
    except msgspec.DecodeError as error:
        raise ApiError(400, "malformed", str(error)) from None
    except UnicodeDecodeError:
        raise ApiError(400, "malformed", "The body is not UTF-8.") from None
    except RecursionError:
        raise ApiError(400, "malformed", "The body is nested too deeply.") from None


def _inflate(body: bytes, longest: int) -> bytes:
    """Inflate, and stop as soon as it is too long; a file of gzip may have several members."""
    found: list[bytes] = []
    room = longest
    try:
        while body or not found:
            if len(found) == MOST_MEMBERS:
                raise ApiError(400, "malformed", f"The gzip of the body may have {MOST_MEMBERS} members.")
            member = zlib.decompressobj(wbits=31)
            found.append(member.decompress(body, room + 1))
            room -= len(found[-1])
            if room < 0:
                raise too_large(longest)
            if not member.eof:
                raise ApiError(400, "malformed", "The gzip of the body ended early.")
            body = member.unused_data
    except zlib.error:
        raise ApiError(400, "malformed", "The body is not gzip.") from None
    return b"".join(found)


def _whole(escape: re.Match[bytes]) -> bytes:
    """Return an escape of JSON, or what replaces it when it is half a character."""
    return rb"\ufffd" if len(escape[0]) == 6 and _HALF.match(escape[0]) else escape[0]


def _read(environ: Environ, longest: int) -> bytes:
    """Read the body that Content-Length announces; without that header a server could wait for ever."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if not (announced.isascii() and announced.isdigit()):
        raise ApiError(411, "length_required", "Send Content-Length.")
    if len(announced) > 9 or (length := int(announced)) > longest:
        raise too_large(longest)
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except Exception:  # Each server has its own for a client that went away.
        raise ApiError(400, "malformed", "The body ended early.") from None
    return body

"""The little of HTTP that the device API needs, straight on the WSGI environment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

import msgspec

from console.api.device.schema import Error

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
T = TypeVar("T")

LONGEST_BODY = 16 * 1024  # bytes; an update check has about 300
JSON = ("Content-Type", "application/json")
NOT_STORED = ("Cache-Control", "no-store")

encode = msgspec.json.Encoder().encode
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


def read_json(environ: Environ, decoder: msgspec.json.Decoder[T]) -> T:
    """Return the body, checked; raises ApiError 400, 411, 413, 415 or 422, which names the member that is wrong."""
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != "application/json" and content_type.partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "unsupported_media_type", "Send the body as application/json.")
    try:
        return decoder.decode(_read(environ))
    except msgspec.ValidationError as error:
        raise ApiError(422, "invalid", str(error)) from None
    except msgspec.DecodeError as error:
        raise ApiError(400, "malformed", str(error)) from None
    except UnicodeDecodeError:
        raise ApiError(400, "malformed", "The body is not UTF-8.") from None
    except RecursionError:
        raise ApiError(400, "malformed", "The body is nested too deeply.") from None


def _read(environ: Environ) -> bytes:
    """Read the body that Content-Length announces; without that header a server could wait for ever."""
    announced = environ.get("CONTENT_LENGTH") or ""
    if not (announced.isascii() and announced.isdigit()):
        raise ApiError(411, "length_required", "Send Content-Length.")
    if len(announced) > 9 or (length := int(announced)) > LONGEST_BODY:
        raise ApiError(413, "too_large", f"The body may have {LONGEST_BODY} bytes.")
    try:
        body: bytes = environ["wsgi.input"].read(length)
    except Exception:  # Each server has its own for a client that went away.
        raise ApiError(400, "malformed", "The body ended early.") from None
    return body

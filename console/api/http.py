"""The little of HTTP that the device API and the server API need, straight on the WSGI environment.

Both are answered in front of Django, whose request, middlewares and URL resolver cost several times what they do
themselves; each has errors of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from itertools import count
from time import perf_counter
from typing import Any, Protocol, TypeVar

import msgspec
from django.db import DEFAULT_DB_ALIAS, connections
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from console.base.core import bodies, request_id
from console.base.core.metrics import SAMPLED, counted, ticker
from console.base.core.pool import taken
from console.base.core.proxies import is_from_here

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
Start = Callable[..., Any]
WSGIApplication = Callable[[Environ, Start], Iterable[bytes]]
T = TypeVar("T")
Read = TypeVar("Read", covariant=True)

LONGEST_BODY = 16 * 1024  # bytes; an update check has about 300
JSON = ("Content-Type", "application/json")
NOT_STORED = ("Cache-Control", "no-store")
NO_SNIFFING = ("X-Content-Type-Options", "nosniff")

encode = msgspec.json.Encoder().encode
_status_lines = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Decodes(Protocol[Read]):
    """`msgspec.json.Decoder`, or what does the same."""

    def decode(self, body: bytes, /) -> Read:
        """Return the body, checked; raises as msgspec does."""


class Body(Protocol):
    """A body that is sent in parts and closed at the end."""

    def __iter__(self) -> Any: ...

    def close(self) -> None: ...


class Response:
    """Status, headers and the body, either whole or in parts; every answer is what its type says, and nothing else."""

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: Headers, body: bytes | Body = b"") -> None:
        self.status = status
        self.headers = [NO_SNIFFING, *headers]
        self.body = body

    def send(self, start_response: Callable[[str, Headers], Any]) -> Iterable[bytes]:
        """Answer by WSGI."""
        start_response(_status_lines[self.status], self.headers)
        return [self.body] if isinstance(self.body, bytes) else self.body

    def for_django(self) -> HttpResponseBase:
        """Answer by a view of Django."""
        if isinstance(self.body, bytes):
            response: HttpResponseBase = HttpResponse(self.body, status=self.status)
        else:
            response = StreamingHttpResponse(self.body, status=self.status)
        del response.headers["Content-Type"]
        for header, value in self.headers:
            response.headers[header] = value
        return response


def json_response(content: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Return `content` as JSON that no cache keeps."""
    body = encode(content)
    return Response(status, [JSON, NOT_STORED, ("Content-Length", str(len(body))), *(headers or ())], body)


def in_front_of(
    django: WSGIApplication,
    prefixes: str | tuple[str, ...],
    respond: Callable[[Environ], Response],
    *,
    route_of: Callable[[str], str],
    hot: str = "",
) -> WSGIApplication:
    """Return a WSGI application that lets `respond` answer below `prefixes` and leaves all else to `django`.

    `route_of` names a path for the metrics, with words of ours whatever the path is. What answers the path `hot` counts
    its own successes; one in `SAMPLED` of its requests is timed.
    """
    turn, others = count().__next__, SAMPLED - 1

    def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(prefixes):
            return django(environ, start_response)
        began = 0.0 if path == hot and turn() & others else perf_counter()
        try:
            response = respond(environ)
            if began or response.status >= 400:
                note(environ, response, began)
            return response.send(start_response)
        finally:
            _give_back()

    def note(environ: Environ, response: Response, began: float) -> None:
        """Count the request, and let a refusal say which one it was."""
        is_hot, route = environ["PATH_INFO"] == hot, route_of(environ["PATH_INFO"])
        if response.status >= 400:
            response.headers.append((request_id.HEADER, request_id.of(environ)))
        if began:
            counted.time(route, perf_counter() - began, weight=SAMPLED if is_hot else 1)
        if not is_hot or response.status >= 400:
            counted.count(route, response.status)
        if not ticker.started:
            ticker.start()

    return application


def for_this_machine(application: WSGIApplication, why: str) -> WSGIApplication:
    """Return a WSGI application that answers clients on this machine, and others with the reason why not."""

    def guarded(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if is_from_here(environ):
            return application(environ, start_response)
        headers = [("Content-Type", "text/plain; charset=utf-8"), NOT_STORED]
        return Response(403, headers, f"{why}\n".encode()).send(start_response)

    return guarded


def nothing_here(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer what this process does not serve: pages, where it is one for devices and servers."""
    return json_response({"code": "not_found", "message": "There is nothing here."}, 404).send(start_response)


def _give_back() -> None:
    """Leave the connection to other threads, as Django does after its own requests: the pool has fewer than those.

    A transaction that is open now is not the request's, but that of a test around it.
    """
    if not getattr(taken, "here", False):  # as of nearly all update checks
        return
    connection = connections[DEFAULT_DB_ALIAS]  # The proxy of that name asks for it anew at each attribute.
    if connection.connection is not None and not connection.in_atomic_block:
        connection.close()
        taken.here = False


class BodyRefused(Exception):
    """A body that can't be used, in the words of HTTP: 400 malformed, 408, 411, 413, or 422 when a member is wrong."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def read_body(environ: Environ, longest: int) -> bytes:
    """Read the body that Content-Length announces; without that header a server could wait for ever.

    Raises BodyRefused (400, 408, 411, 413).
    """
    announced = environ.get("CONTENT_LENGTH") or ""
    if not (announced.isascii() and announced.isdigit()):
        raise BodyRefused(411, "Content-Length is missing.")
    if len(announced) > 9 or (length := int(announced)) > longest:
        raise too_large(longest)
    return read_at_most(environ, length)


def read_at_most(environ: Environ, length: int) -> bytes:
    """Read so much of the body, or all where it is shorter and was not announced; raises BodyRefused (400, 408)."""
    try:
        return bodies.read(environ, length)
    except bodies.BodyLate as error:
        raise BodyRefused(408, str(error)) from None
    except Exception:  # Each server has its own for a client that went away.
        raise BodyRefused(400, "The body ended early.") from None


def too_large(longest: int) -> BodyRefused:
    """A body that is longer than is read."""
    return BodyRefused(413, f"The body must not exceed {longest} bytes.")


def decode(body: bytes, decoder: Decodes[T]) -> T:
    """Return the body, checked; raises BodyRefused (400, 422, which names the member that is wrong)."""
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BodyRefused(422, str(error)) from None
    except msgspec.DecodeError as error:
        raise BodyRefused(400, str(error)) from None
    except UnicodeDecodeError:
        raise BodyRefused(400, "The body is not UTF-8.") from None
    except RecursionError:
        raise BodyRefused(400, "The body is nested too deeply.") from None

"""Where a change comes from, for the activity log."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from console.base.core.proxies import client_address


@dataclass(frozen=True)
class Source:
    """`kind` is web, api, command or job; `address` the client's IP address when there is one."""

    kind: str
    address: str | None = None


source: ContextVar[Source] = ContextVar("source", default=Source("command"))  # noqa: B039 - frozen


class SourceMiddleware:
    """Give the log the client's address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = source.set(Source("web", client_address(request.META)))
        try:
            return self.get_response(request)
        finally:
            source.reset(token)

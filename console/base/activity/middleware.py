"""Where a change comes from, for the activity log."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse


@dataclass(frozen=True)
class Source:
    """`kind` is web, command or job; `address` the client's IP address when there is one."""

    kind: str
    address: str | None = None


source: ContextVar[Source] = ContextVar("source", default=Source("command"))  # noqa: B039 - frozen


class SourceMiddleware:
    """Tell the log the client's address; the proxy's header counts only when BEHIND_PROXY is set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = source.set(Source("web", client_address(request)))
        try:
            return self.get_response(request)
        finally:
            source.reset(token)


def client_address(request: HttpRequest) -> str | None:
    """Return the client's IP address: the last hop that our own proxy wrote, or the peer's; None when it is none."""
    address = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER and (forwarded := request.headers.get("X-Forwarded-For")):
        address = forwarded.rpartition(",")[2]
    try:
        return str(ip_address(address.strip().partition("%")[0]))
    except ValueError:
        return None

"""Traces by OpenTelemetry, where OTEL_EXPORTER_OTLP_ENDPOINT is set; else nothing of it is loaded or runs.

Its own instrumentations for Django and HTTP clients write whole URLs, and ours hold secrets (docs/security.md): here a
span has the name of its route, never a path, a query, a parameter of SQL, an error's words or a person's address.
Update checks and all else that is answered in front of Django are not traced.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse

from console import roles
from console.base.core import request_id
from console.base.core.proxies import is_from_proxy
from console.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

MIDDLEWARE = "console.base.core.tracing.TracingMiddleware"
LONGEST_QUERY = 2000  # characters
PARENT = "traceparent"  # W3C's header, of requests and of tasks


def is_on() -> bool:
    """Whether spans are sent; raises ImproperlyConfigured when they shall be and the packages are not here."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return False
    try:
        import opentelemetry.exporter.otlp.proto.http
        import opentelemetry.sdk.trace  # noqa: F401
    except ImportError:
        raise ImproperlyConfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry isn’t installed: install requirements-otel.txt."
        ) from None
    return True


ON: bool = is_on()


def span(
    name: str, kind: str = "internal", *, headers: Mapping[str, Any] | None = None, **attributes: str | int
) -> AbstractContextManager[Any]:
    """Return a block that is a span; `headers` may name the span that it follows from. Yields None where it is off.

    `kind`: server, client, producer, consumer or internal. In names of attributes `__` stands for a dot.
    """
    return _span(name, kind, headers, attributes) if ON else nullcontext()


def following() -> dict[str, str]:
    """Return the header by which a task follows from the span that we are in; empty where it is off."""
    headers: dict[str, str] = {}
    if ON:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        TraceContextTextMapPropagator().inject(headers)
    return {PARENT: headers[PARENT]} if PARENT in headers else {}


class TracingMiddleware:
    """A span for each request of Django's; it continues what a trusted proxy began, and nobody else's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        parent = request.headers.get(PARENT) if is_from_proxy(request.META) else None
        method = request.method if request.method in ("GET", "HEAD", "POST") else "_OTHER"
        attributes = {"http__request__method": str(method), "console__request_id": request_id.of(request.META)}
        with span(str(method), "server", headers={PARENT: parent} if parent else None, **attributes) as own:
            response = self.get_response(request)
            if request.resolver_match is not None:
                own.update_name(f"{method} {request.resolver_match.view_name}")
                own.set_attribute("http.route", request.resolver_match.route)
            own.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                _mark_failed(own)
            return response


def _mark_failed(own: Span) -> None:
    from opentelemetry.trace import StatusCode

    own.set_status(StatusCode.ERROR)


@contextmanager
def _span(
    name: str, kind: str, headers: Mapping[str, Any] | None, attributes: Mapping[str, str | int]
) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    parent = headers.get(PARENT) if headers else None
    with _tracer().start_as_current_span(
        name,
        context=TraceContextTextMapPropagator().extract({PARENT: parent}) if isinstance(parent, str) else None,
        kind=SpanKind[kind.upper()],
        attributes={key.replace("__", "."): value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as own:
        try:
            yield own
        except BaseException:
            _mark_failed(own)
            raise


@cache
def _tracer() -> Tracer:
    """Made with the first span, in the process that needs it: its thread does not outlive a fork."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    named = {"service.version": VERSION}
    if "OTEL_SERVICE_NAME" not in os.environ:
        named["service.name"] = f"console-{roles.current() or 'command'}"
    provider = TracerProvider(resource=Resource.create(named))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider.get_tracer("console", VERSION)


def _query(execute: Callable[..., Any], sql: Any, parameters: Any, many: bool, context: Any) -> Any:
    """Run a query in a span of its own, where something is traced: in words of ours, without its values."""
    from opentelemetry.trace import get_current_span

    if not get_current_span().is_recording():
        return execute(sql, parameters, many, context)
    words = " ".join(str(sql).split())
    with span(words.partition(" ")[0], "client", db__system__name="postgresql", db__query__text=words[:LONGEST_QUERY]):
        return execute(sql, parameters, many, context)


def _trace_queries(*, connection: Any, **_named: Any) -> None:
    if _query not in connection.execute_wrappers:
        connection.execute_wrappers.append(_query)


if ON:
    connection_created.connect(_trace_queries)

"""`/metrics`: what the processes of a role have counted, and what the database says, in Prometheus' text format.

Servers answer on their own port, in front of Django, workers and the scheduler on METRICS_LISTEN. Nobody gets it by a
proxy: the shipped nginx has no way to it, and a request that names one in between is refused unless it has the token.
"""

from __future__ import annotations

import hmac
import logging
import os
import socket
import threading
from collections.abc import Iterable
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, disable_created_metrics, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from console.api.http import NOT_STORED, Environ, Response, Start, WSGIApplication, json_response
from console.base.core import metrics
from console.base.core.proxies import came_by_a_proxy
from console.platform import truths
from console.platform.folders import forget_dead

PATH = "/metrics"
CLIENT_SECONDS = 5  # for one request to METRICS_LISTEN

logger = logging.getLogger(__name__)
disable_created_metrics()


def text() -> bytes:
    """Return all metrics of the role."""
    metrics.ticker.read()
    return _counted() + generate_latest(truths.registry)


def _counted() -> bytes:
    """Return what all processes of the role have counted; without a folder of theirs what this one has."""
    if not (folder := os.environ.get(metrics.FOLDER)):
        return generate_latest(metrics.registry)
    forget_dead(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together, path=folder)
    return generate_latest(together)


def in_front_of(application: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that answers Prometheus itself and leaves all else to `application`."""

    def measured(environ: Environ, start_response: Start) -> Iterable[bytes]:
        if environ["PATH_INFO"] != PATH:
            return application(environ, start_response)
        return respond(environ).send(start_response)

    return measured


def respond(environ: Environ) -> Response:
    """Answer who asks from inside, or with METRICS_TOKEN where that is set; all others get 404 or 401."""
    if token := settings.METRICS_TOKEN:
        given = environ.get("HTTP_AUTHORIZATION", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
            return json_response({"code": "unauthorized"}, 401, [("WWW-Authenticate", "Bearer")])
    elif came_by_a_proxy(environ):
        return json_response({"code": "not_found"}, 404)
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
        return json_response({"code": "method_not_allowed"}, 405, [("Allow", "GET, HEAD")])
    body = text()
    headers = [("Content-Type", CONTENT_TYPE_LATEST), NOT_STORED, ("Content-Length", str(len(body)))]
    return Response(200, headers, b"" if environ["REQUEST_METHOD"] == "HEAD" else body)


# Processes that serve nothing else ----------------------------------------------------------------------------------


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the scrape of each quarter of a minute is no news."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without looking up who we are, which may take as long as DNS does."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()


def listen(address: str | None = None) -> int | None:
    """Answer on METRICS_LISTEN from now on, in a thread; return the port. None: nowhere, as is logged if it can't be.

    The work of the process does not depend on it.
    """
    host, _, port = (settings.METRICS_LISTEN if address is None else address).rpartition(":")
    if not port:
        return None
    try:
        _Server.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        server = _Server((host.strip("[]"), int(port)), _Handler)
    except (OSError, ValueError, OverflowError) as error:
        logger.error("metrics can't be served on METRICS_LISTEN: %s", error)
        return None
    server.set_app(lambda environ, start: _only(environ).send(start))
    threading.Thread(target=server.serve_forever, name="metrics-server", daemon=True).start()
    return server.server_port


def _only(environ: Environ) -> Response:
    return respond(environ) if environ["PATH_INFO"] == PATH else json_response({"code": "not_found"}, 404)

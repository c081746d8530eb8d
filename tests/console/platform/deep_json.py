"""A WSGI application that parses what it is sent, whatever that is."""

from __future__ import annotations

import json
from collections.abc import Iterable

import msgspec

from console.api.http import Environ, Start


def application(environ: Environ, start_response: Start) -> Iterable[bytes]:
    """Answer whether both parsers took the body."""
    body = environ["wsgi.input"].read()
    try:
        json.loads(body)
        msgspec.json.decode(body)
        said = b"parsed"
    except RecursionError:
        said = b"too deep"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [said]

"""From a path to its handler: in front of Django by WSGI, or from Django's own URLs.

Secrets and tokens come in the query and in bodies, so neither is ever logged here: of an error its type and the places
in the code, and the `rid` that the server was answered.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from typing import NamedTuple

from django.conf import settings

from console.api import http
from console.api.http import Environ, Response, WSGIApplication
from console.api.rate import Counter
from console.api.server import library, logs, messages, qr_codes, sessions, templates, tokens
from console.api.server.errors import SYSTEM, new_rid, refusal
from console.api.server.reading import address
from console.base.core import busy, request_id
from console.base.core.errors import ServerRefused

OPENSERVER = "/openserver"  # before each path as well, as TCSAS has it
# The first parts of all interfaces that WeChat documents for mini programs: what we lack is refused in its shape, too.
FAMILIES = (
    *("cgi-bin", "sns", "wxa", "wxaapi", "datacube", "cv", "tcb", "union", "shop", "product", "channels"),
    *("cityservice", "customservice", "business", "intp", "semantic"),
)
PREFIXES = (f"{OPENSERVER}/", *(f"/{family}/" for family in FAMILIES))


class Endpoint(NamedTuple):
    """What answers a path; the first method is the one that is named to who uses another."""

    methods: tuple[str, ...]
    answer: Callable[[Environ], Response]


ENDPOINTS = {
    "/cgi-bin/token": Endpoint(("GET",), tokens.plain),
    "/cgi-bin/stable_token": Endpoint(("POST",), tokens.stable),
    "/sns/jscode2session": Endpoint(("GET",), sessions.answer),
    "/cgi-bin/message/subscribe/send": Endpoint(("POST",), messages.answer),
    "/wxa/checksession": Endpoint(("GET",), sessions.check_session),
    "/wxa/getwxacodeunlimit": Endpoint(("POST",), qr_codes.answer),
    "/wxaapi/newtmpl/gettemplate": Endpoint(("GET",), templates.answer),
    "/wxaapi/newtmpl/addtemplate": Endpoint(("POST",), templates.add),
    "/wxaapi/newtmpl/deltemplate": Endpoint(("POST",), templates.delete),
    "/wxaapi/newtmpl/getcategory": Endpoint(("GET",), library.categories),
    "/wxaapi/newtmpl/getpubtemplatetitles": Endpoint(("GET",), library.titles),
    "/wxaapi/newtmpl/getpubtemplatekeywords": Endpoint(("GET",), library.keywords),
    "/wxaapi/userlog/userlog_search": Endpoint(("GET", "POST"), logs.answer),
}
WRONG_METHOD = {"GET": 43001, "POST": 43002}

logger = logging.getLogger(__name__)
limiter = Counter(settings.SERVER_RATE_LIMIT)


def in_front_of(django: WSGIApplication, *, is_away: Callable[[], bool] = lambda: False) -> WSGIApplication:
    """Return a WSGI application that answers servers itself and leaves all else to `django`.

    While the database `is_away`, servers get -1 without a query: devices need the threads.
    """
    return http.in_front_of(django, PREFIXES, lambda environ: respond(environ, is_away=is_away), route_of=route_of)


def route_of(path: str) -> str:
    """Return the name of a path: the last word of an endpoint's."""
    path = path.removeprefix(OPENSERVER)
    return f"server:{path.rpartition('/')[2]}" if path in ENDPOINTS else "server:unknown"


def respond(environ: Environ, *, is_away: Callable[[], bool] = lambda: False) -> Response:
    """Answer a request, whatever happens."""
    path = environ["PATH_INFO"].removeprefix(OPENSERVER)
    rid = new_rid()
    request_id.begin(environ)  # Nobody ends it: the thread's next request begins its own.
    if is_away():
        return refusal(SYSTEM, "try again", rid=rid)
    try:
        response = _handle(environ, path)
    except ServerRefused as error:
        response = refusal(error.errcode, error.detail, rid=rid, status=error.status)
    except Exception as error:
        _log(error, path, rid)
        response = refusal(SYSTEM, "try again" if busy.passes(error) else "", rid=rid)
    if environ["REQUEST_METHOD"] == "HEAD":
        response.body = b""
    return response


def _handle(environ: Environ, path: str) -> Response:
    endpoint = ENDPOINTS.get(path)
    if endpoint is None:
        raise ServerRefused(40066)
    if environ["REQUEST_METHOD"] not in endpoint.methods:
        raise ServerRefused(WRONG_METHOD[endpoint.methods[0]])
    if wait := limiter.count(address(environ)):
        raise ServerRefused(45011, f"wait {wait} seconds")
    return endpoint.answer(environ)


def _log(error: Exception, path: str, rid: str) -> None:
    """Note where it went wrong, but not the error's own words, which may hold what was sent.

    A database that is busy or away is no place in the code: one locked row would fill the log.
    """
    if busy.passes(error):
        logger.warning("%s failed, rid %s: %s", path, rid, busy.brief(error))
        return
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s failed, rid %s: %s\n%s", path, rid, type(error).__name__, places)

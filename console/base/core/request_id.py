"""Which request or job this is: for the log, the activity log, and the tasks that follow from it.

A name is found when somebody asks for it: nearly all update checks end without.
"""

from __future__ import annotations

import os
import re
from collections.abc import MutableMapping
from contextvars import ContextVar, Token
from typing import Any

from console.base.core.proxies import is_from_proxy

LONGEST = 64
SANE = re.compile(rf"[A-Za-z0-9_-]{{8,{LONGEST}}}")
HEADER = "X-Request-ID"
TASK_HEADER = "request_id"  # of a task
_KEY, _USER = "console.request_id", "console.user_id"

# The WSGI environment of a request, or what a job has in its place.
_here: ContextVar[MutableMapping[str, Any] | None] = ContextVar("request", default=None)


def begin(environ: MutableMapping[str, Any]) -> Token[Any]:
    """Say that this thread answers the request of this environment from now on."""
    return _here.set(environ)


def begin_job(given: object) -> Token[Any]:
    """Say that this thread does a job from now on: for the request that its header names, else for none."""
    sane = given if isinstance(given, str) and SANE.fullmatch(given) else new()
    return _here.set({_KEY: sane})


def end(token: Token[Any]) -> None:
    """Go back to what was before."""
    _here.reset(token)


def forget() -> None:
    """Be in no request: the dispatchers of devices and servers leave theirs to the thread's next one."""
    _here.set(None)


def current() -> str:
    """Return the id of the request or job; "" in a command."""
    environ = _here.get()
    return "" if environ is None else of(environ)


def of(environ: MutableMapping[str, Any]) -> str:
    """Return the id of a request: what a trusted proxy says where that is sane (P-8), else one of our own."""
    found: str | None = environ.get(_KEY)
    if found is None:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        found = given if SANE.fullmatch(given) and is_from_proxy(environ) else new()
        environ[_KEY] = found
    return found


def note_user(user_id: int) -> None:
    """Let the lines of this request name the person by number: it means nothing without the database."""
    if (environ := _here.get()) is not None:
        environ[_USER] = user_id


def known(environ: MutableMapping[str, Any] | None = None) -> dict[str, Any]:
    """Return `request_id` and `user_id`, as far as known, of a request: of this thread's where none is given."""
    environ = _here.get() if environ is None else environ
    if environ is None:
        return {}
    user = {"user_id": environ[_USER]} if _USER in environ else {}
    return {"request_id": of(environ), **user}


def new() -> str:
    """Return an id that nobody else has."""
    return os.urandom(16).hex()

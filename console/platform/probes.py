"""`/healthz` and `/readyz`, in front of Django: they need no host name, no TLS, no session and no template.

All parts are asked for at most LIMIT_SECONDS. What works without a part is not taken out of service because of it.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import psycopg
import redis
from django.conf import settings
from django.db import connection

from console import roles
from console.api.device.feed import feed
from console.api.http import Environ, Headers, Response, Start, WSGIApplication, json_response
from console.base.core import pool
from console.base.core.cache import NO_RETRY
from console.base.core.files import storage_faults
from console.platform import heartbeats, reflection
from console.platform.asking import alone, ask_all
from console.version import VERSION

PROBE_SECONDS = 1  # to connect, and as many for the answer
LIMIT_SECONDS = 2.0 * PROBE_SECONDS  # for all together; nothing else limits how long a name is looked up
RECENT_SECONDS = 1.0  # an answer is good for so long: however many ask, parts are asked once
OK = "ok"

Check = Callable[[], str]


def database() -> str:
    """Ask PostgreSQL; return "ok" or what is wrong."""
    try:
        _ask_postgres("SELECT 1")
    except psycopg.Error as error:
        return _words("no answer", error)
    return OK


def _ask_postgres(question: str) -> list[tuple[str, ...]]:
    """Return the rows of the answer. On a connection of its own, so that a full pool is no outage."""
    return pool.ask_once(question, _parameters(), seconds=PROBE_SECONDS)


def _parameters() -> dict[str, Any]:
    return dict(connection.get_connection_params())


def valkey() -> str:
    """Write to Valkey: one that is read-only or full answers a ping."""
    try:
        with valkey_client() as client:
            client.set("console:probe", VERSION, ex=60)
    except redis.ReadOnlyError:
        return "read-only"
    except redis.OutOfMemoryError:
        return "full"
    except redis.ResponseError as error:
        return _words("refuses writes", error)
    except (redis.RedisError, OSError) as error:
        return _words("no answer", error)
    return OK


def valkey_client() -> redis.Redis:
    """Return a client that asks once, and waits for PROBE_SECONDS."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS, retry=NO_RETRY
    )


def snapshot() -> str:
    """Return whether devices can be answered from memory."""
    return OK if feed.can_answer() else "the rows for devices can't be read"


def jobs() -> str:
    """Return whether the scheduler and every periodic task is on time."""
    return _late("beat", "task")


def workers() -> str:
    """Return whether a worker died without a word: the others may do its work."""
    return _late("worker")


def _late(*parts: str) -> str:
    try:
        late = [name for name, part in _ask_postgres(heartbeats.LATE) if part in parts]
    except psycopg.Error as error:
        return _words("not known", error)
    return f"late: {', '.join(late)}" if late else OK


def storage() -> str:
    """Return whether packages and icons can be written: while they can't, uploads are refused and all else goes on."""
    return "; ".join(storage_faults()) or OK


def _words(what: str, error: Exception) -> str:
    return f"{what} ({type(error).__name__})"


class Answer(NamedTuple):
    """What was found of each part, and whether enough of them work."""

    works: bool
    checks: dict[str, str]

    def respond(self) -> Response:
        """Return 200 or 503, with what is broken."""
        whole = all(found == OK for found in self.checks.values())
        status = "ok" if whole else "degraded" if self.works else "not ready"
        content = {"status": status, "version": VERSION, "checks": self.checks}
        return json_response(content, 200 if self.works else 503)


class Probe:
    """What must work, and what is only reported."""

    def __init__(self, *, needed: dict[str, Check], reported: dict[str, Check]) -> None:
        self.needed = needed
        self.checks = {name: alone(check) for name, check in {**needed, **reported}.items()}
        self._lock = threading.Lock()
        self._recent: tuple[float, Answer] | None = None

    def answer(self) -> Answer:
        """Return an answer that is at most RECENT_SECONDS old, or the last one while another thread asks anew."""
        if not self._lock.acquire(blocking=self._recent is None):
            return self._recent[1]  # type: ignore[index]  # set: nobody blocks for it
        try:
            if self._recent is None or time.monotonic() - self._recent[0] > RECENT_SECONDS:
                self._recent = time.monotonic(), self._ask()
            return self._recent[1]
        finally:
            self._lock.release()

    def _ask(self) -> Answer:
        """Ask all parts beside each other, so that silent ones cost their time once."""
        answers = ask_all(self.checks, LIMIT_SECONDS).items()
        found = {name: said if isinstance(said, str) else _words("no answer", said) for name, said in answers}
        return Answer(all(found[name] == OK for name in self.needed), found)


DEVICES = Probe(needed={"snapshot": snapshot}, reported={"database": database})
PAGES = Probe(needed={"database": database}, reported={"valkey": valkey, "storage": storage, "jobs": jobs})
JOBS = Probe(needed={"database": database, "valkey": valkey, "jobs": jobs}, reported={"workers": workers})
PROBES = {"/readyz/devices": DEVICES, "/readyz/pages": PAGES, "/readyz/jobs": JOBS}
OWN = {"runtime": (DEVICES,), "web": (PAGES,), "all": (DEVICES, PAGES)}


def in_front_of(application: WSGIApplication) -> WSGIApplication:
    """Return a WSGI application that answers probes itself and leaves all else to `application`."""

    def probing(environ: Environ, start_response: Start) -> Iterable[bytes]:
        response = respond(environ["PATH_INFO"]) or reflection.respond(environ)
        return application(environ, start_response) if response is None else response.send(start_response)

    return probing


def respond(path: str) -> Response | None:
    """Answer a probe; None for all other paths. `/readyz` is about what this process serves."""
    if path == "/healthz":
        return json_response({"status": OK, "version": VERSION}, headers=_instance())
    if path == "/readyz":
        answers = [probe.answer() for probe in OWN[roles.current() or "all"]]
        checks = {name: found for answer in answers for name, found in answer.checks.items()}
        return Answer(all(answer.works for answer in answers), checks).respond()
    return PROBES[path].answer().respond() if path in PROBES else None


def _instance() -> Headers:
    """Return the header by which `manage.py up` knows its own process; none in production."""
    return [(roles.INSTANCE_HEADER, os.environ[roles.INSTANCE])] if roles.INSTANCE in os.environ else []

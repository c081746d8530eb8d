"""The API of scripts against the pages of the same rows, at 10,000 mini programs and 100,000 versions, and an upload by
it against reading and repacking the same package.

One granian process answers a client that asks for one thing at a time over one connection: the page, the list with as
many rows as the page, the next page, round after round. The package has 20 MB, mostly pictures; it comes over HTTP as a
pipeline sends it, each time with another number and other content, until the version is stored and committed. Reading
and repacking is in a process of its own, as `make bench ONLY=upload` has it, in turns with the uploads; that hashes the
upload, which the API does for an Idempotency-Key only, so there is a line without it, too.
"""

from __future__ import annotations

import gc
import http.client
import json
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import django
from django.conf import settings

from tests.bench import lists, stand
from tests.bench.result import Result
from tests.bench.upload import BOUNDARY, KINDS, milliseconds, package, read_and_repack

ROUNDS, REPEATS, UPLOADS = 25, 3, 9
ROWS = lists.PAGE_SIZE


@dataclass(frozen=True)
class Script:
    """A client with a token and one connection that stays open."""

    connection: http.client.HTTPConnection
    token: str

    def ask(self, method: str, path: str, body: bytes | None = None, content_type: str = "", *, status: int) -> Any:
        """Ask, and return what came; RuntimeError for another status."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Content-Type": content_type} if content_type else {})
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.status != status:
            raise RuntimeError(f"{path} answered {answer.status} {content[:500]!r}")
        return json.loads(content)


def run() -> list[Result]:
    """Measure and compare."""
    if not settings.configured:  # The package reader's findings are translated.
        settings.configure()
        django.setup()
    with lists.filled(lists.PROGRAMS, lists.VERSIONS, API_RATE_LIMIT="1000000/second") as (made, holder, _operator):
        script = Script(http.client.HTTPConnection("127.0.0.1", holder.port, timeout=60), made["token"])
        return [*_lists(made, holder, script), *_upload(made, script)]


def _lists(made: dict[str, Any], holder: stand.Visitor, script: Script) -> list[Result]:
    program = f"/api/v1/programs/{made['app_id']}"
    pages = f"/miniprograms/{made['app_id']}/versions/"
    compared = {
        "mini programs": ("/api/v1/programs", "/miniprograms/?team="),
        "one program's versions": (f"{program}/versions", f"{pages}all/"),
        "one program's audits": (f"{program}/audits", f"{pages}audits/"),
    }
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in compared}
    for turn in range(ROUNDS + 1):  # Once without the clock.
        for name, (path, page) in compared.items():
            ours = min(milliseconds(lambda path=path: _list(script, path)) for _ in range(REPEATS))
            theirs = min(holder.milliseconds(page) for _ in range(REPEATS))
            if turn:
                times[name][0].append(ours)
                times[name][1].append(theirs)
    return [
        Result(
            name=f"list of {name} by the API",
            value=1000 / statistics.median(ours),
            unit="requests/s",
            reference="its page",
            reference_value=1000 / statistics.median(theirs),
            ratio=statistics.median(their / our for our, their in zip(ours, theirs, strict=True)),
            aim="at least 3 times",
        )
        for name, (ours, theirs) in times.items()
    ]


def _list(script: Script, path: str) -> None:
    found = script.ask("GET", f"{path}?limit={ROWS}", status=200)
    if len(found["items"]) != ROWS:
        raise RuntimeError(f"{path} has {len(found['items'])} rows")


def _upload(made: dict[str, Any], script: Script) -> list[Result]:
    path, kind = f"/api/v1/programs/{made['app_id']}/versions", f"multipart/form-data; boundary={BOUNDARY}"
    references: dict[str, Callable[[bytes], None]] = {
        "read and repack": read_and_repack,
        "the same without hashing the upload": partial(read_and_repack, hash_upload=False),
    }
    ours: list[float] = []
    theirs: dict[str, list[float]] = {name: [] for name in references}
    for turn in range(UPLOADS + 1):  # Once without the clock.
        upload = package(100 + turn, *KINDS["mostly pictures"])
        body = _form(upload, f"9000.{turn}.0")
        gc.collect()
        times = [milliseconds(lambda body=body: script.ask("POST", path, body, kind, status=201))]
        times += [milliseconds(partial(read, upload)) for read in references.values()]
        if turn:
            for kept, time in zip([ours, *theirs.values()], times, strict=True):
                kept.append(time)
    aims = ["at most 1.3 times", "for information"]
    return [
        Result(
            name="upload of 20 MB by the API until the version is there",
            value=statistics.median(ours),
            unit="ms",
            reference=name,
            reference_value=statistics.median(least),
            ratio=statistics.median(own / other for own, other in zip(ours, least, strict=True)),
            aim=aim,
        )
        for (name, least), aim in zip(theirs.items(), aims, strict=True)
    ]


def _form(upload: bytes, number: str) -> bytes:
    """Return what `curl -F file=@dist.zip -F number=…` sends."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="dist.zip"\r\n'
    tail = f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="number"\r\n\r\n{number}\r\n--{BOUNDARY}--\r\n'
    return b"".join([head.encode(), b"Content-Type: application/zip\r\n\r\n", upload, tail.encode()])

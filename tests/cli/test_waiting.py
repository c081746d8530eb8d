"""What `mpc` makes of a console that is away, busy, or hidden by something else that answers (A-3)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from mpc import api
from mpc.failures import Away

from tests import factories

BUSY = httpx.Response(503, headers={"Retry-After": "2"}, json={"detail": "The database is busy."})
UNDER_WAY = httpx.Response(
    409, headers={"Retry-After": "2"}, json={"detail": "The first request is under way.", "code": "in_progress"}
)


class Clock:
    """Time that passes by waiting alone."""

    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """The clock of `mpc`, with its usual patience."""
    clock = Clock()
    monkeypatch.setattr(api, "time", clock)
    monkeypatch.delenv("MPC_RETRY_SECONDS", raising=False)
    return clock


@pytest.mark.parametrize("answer", [BUSY, UNDER_WAY, httpx.Response(408), httpx.ConnectError("refused")])
def test_a_console_that_is_back_after_two_minutes_is_waited_for(clock, answer):
    def send() -> httpx.Response:
        if clock.now > 120:
            return httpx.Response(201)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert api.ask(send, "the console").status_code == 201
    assert min(clock.waits[1:]) >= 2
    assert max(clock.waits) <= api.LONGEST


def test_patience_ends_when_it_is_used_up_and_not_before(clock):
    def send() -> httpx.Response:
        clock.now += 7  # an answer takes its time, too
        raise httpx.ReadTimeout("timed out")

    with pytest.raises(Away, match="timed out"):
        api.ask(send, "the console")
    assert 180 <= clock.now <= 180 + 2 * 7  # counted from the first failure, and the last try is at the end


def test_a_patience_that_is_empty_is_the_usual_one(monkeypatch):
    monkeypatch.setenv("MPC_RETRY_SECONDS", "")
    assert api.patience() == 180


def test_a_conflict_is_an_answer(clock):
    conflict = httpx.Response(409, json={"detail": "Already done.", "code": "conflict"})
    assert api.ask(lambda: conflict, "the console") is conflict
    assert clock.waits == []


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    """Serve until the block ends, each request by `answer`; yields the address."""
    handler = type("Handler", (BaseHTTPRequestHandler,), {"do_GET": answer, "do_POST": answer})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write(handler: BaseHTTPRequestHandler, body: bytes, kind: str, *, cut: int | None = None) -> None:
    """Answer 200; with `cut` the connection ends after so many bytes of the body."""
    handler.send_response(200)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[:cut])


@contextmanager
def breaking_off(console: str, *, times: int) -> Iterator[str]:
    """Pass questions on to a console; so many downloads of files break off. Yields the address."""
    files: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        found = httpx.get(console + handler.path, headers={"Authorization": handler.headers["Authorization"]})
        files.extend([handler.path] * handler.path.endswith("/file"))
        cut = 100 if files and len(files) <= times else None
        write(handler, found.content, found.headers["Content-Type"], cut=cut)

    with answering(answer) as address:
        yield address


@pytest.mark.django_db(transaction=True)
def test_a_download_that_breaks_off_is_fetched_again(program, pipeline, project, live_server):
    version, mpc = factories.make_online(program, "1.0.0"), pipeline("read", "configure")
    with breaking_off(live_server.url, times=1) as address:
        saved = mpc.done("offline", "download", "-o", "out", "--json", MPC_URL=address)
    content = (project / saved.json["file"]).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), "Trying again" in saved.err) == (version.package.sha256, True)


@pytest.mark.django_db(transaction=True)
def test_a_download_that_breaks_off_again_and_again_leaves_nothing(program, pipeline, project, live_server):
    factories.make_online(program, "1.0.0")
    mpc = pipeline("read", "configure")
    with breaking_off(live_server.url, times=10) as address:
        ran = mpc("offline", "download", "-o", "out", "--json", MPC_URL=address, MPC_RETRY_SECONDS="0")
    assert (ran.code, ran.json["error"]["exit_code"], "can't be reached" in ran.json["error"]["message"]) == (
        4,
        4,
        True,
    )
    assert [*(project / "out").iterdir()] == []


@pytest.mark.parametrize("command", [("whoami",), ("login", "--no-browser"), ("logs", "--appid", "mp0123456789abcd")])
def test_a_page_in_the_console_s_place_is_named(mpc, command):
    page = b"<title>Back soon</title>"
    with answering(lambda handler: write(handler, page, "text/html; charset=utf-8")) as address:
        ran = mpc(*command, "--json", MPC_URL=address, MPC_TOKEN="mpc_none")
    assert ran.code == 4
    assert "127.0.0.1 answered 200 with text/html, not with JSON" in ran.json["error"]["message"]

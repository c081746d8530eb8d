"""Names are looked up in few places for each owner, so that a silent name server keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import ipaddress
import itertools
import queue
import socket
import threading
from collections.abc import Iterator

import pytest

from console.base.core import names

pytestmark = pytest.mark.usefixtures("no_running_loop")


class Silent:
    """A name server for `places`: what it is asked waits until its name is in `answered`, or the test ends."""

    def __init__(self) -> None:
        self.places = names.Places()
        self.asked: queue.Queue[str] = queue.Queue()
        self.answered: dict[str, threading.Event] = {}

    def look_up(self, owner: str, host: str):
        event = self.answered.setdefault(host, threading.Event())

        def work() -> str:
            self.asked.put(host)
            assert event.wait(60)
            return host

        return self.places.look_up(owner, host, work)

    def next(self, count: int) -> set[str]:
        """The names that are asked next, which no other one joins unless one is answered."""
        return {self.asked.get(timeout=60) for _ in range(count)}


@pytest.fixture
def silent() -> Iterator[Silent]:
    server = Silent()
    yield server
    for event in server.answered.values():
        event.set()


def ask(silent, owner, *hosts):
    return [silent.look_up(owner, host) for host in hosts]


def hosts(of, count):
    return [f"{number}.{of}.example" for number in range(count)]


def test_who_has_all_places_waits_and_nobody_else(silent):
    dead = hosts("dead", names.EACH + 1)
    *held, waits = ask(silent, "team 1", *dead)
    assert silent.next(names.EACH) == set(dead[:-1])
    (other,) = ask(silent, "team 2", "ops.example.com")
    assert silent.next(1) == {"ops.example.com"}
    silent.answered["ops.example.com"].set()
    assert other.result(60) == "ops.example.com"
    assert [future.running() for future in (*held, waits)] == [True] * names.EACH + [False]
    silent.answered[dead[0]].set()
    assert silent.next(1) == {dead[-1]}


def test_a_free_place_goes_to_who_has_fewest(silent):
    teams = names.PLACES // names.EACH
    dead = {number: hosts(f"team-{number}", names.EACH) for number in range(teams)}
    for number, theirs in dead.items():
        ask(silent, f"team {number}", *theirs)
    assert silent.next(names.PLACES) == set(itertools.chain(*dead.values()))
    ask(silent, "team 0", "more.example")
    ask(silent, "another team", "ops.example.com")
    silent.answered[dead[0][0]].set()
    assert silent.next(1) == {"ops.example.com"}
    silent.answered[dead[0][1]].set()
    assert silent.next(1) == {"more.example"}


def look_up_slowly(silent, monkeypatch, *dead):
    """Look names up that take long."""
    monkeypatch.setattr(names, "LONG_SECONDS", 0)
    for host in dead:
        silent.places.look_up("team 1", host, lambda: None).result(60)
    monkeypatch.undo()
    assert set(silent.places.slow_until) == set(dead)


def test_names_that_took_long_have_fewer_places_of_their_owner(silent, monkeypatch):
    dead = hosts("dead", names.EACH)
    look_up_slowly(silent, monkeypatch, *dead)
    ask(silent, "team 1", *dead, "ops.example.com")
    assert silent.next(names.SLOW_EACH + 1) == {*dead[: names.SLOW_EACH], "ops.example.com"}


def test_names_that_took_long_have_few_places_of_all(silent, monkeypatch):
    dead = {owner: hosts(f"team-{owner}", names.SLOW_EACH) for owner in range(names.PLACES // names.SLOW_EACH)}
    look_up_slowly(silent, monkeypatch, *itertools.chain(*dead.values()))
    for owner, theirs in dead.items():
        ask(silent, f"team {owner}", *theirs)
    first = set(itertools.chain(*list(dead.values())[: names.SLOW_PLACES // names.SLOW_EACH]))
    assert silent.next(names.SLOW_PLACES) == first
    ask(silent, "another team", "ops.example.com")
    assert silent.next(1) == {"ops.example.com"}


def test_a_name_that_answers_again_is_like_any_other(silent, monkeypatch):
    look_up_slowly(silent, monkeypatch, "ops.example.com")
    silent.places.look_up("team 1", "ops.example.com", lambda: None).result(60)
    assert silent.places.slow_until == {}


def test_what_nobody_waits_for_any_more_is_not_asked(silent):
    *_held, cancelled, last = ask(silent, "team 1", *hosts("dead", names.EACH), "cancelled.example", "ops.example.com")
    silent.next(names.EACH)
    assert cancelled.cancel()
    silent.answered["0.dead.example"].set()
    assert silent.next(1) == {"ops.example.com"}
    assert last.running()


def test_what_nobody_waits_for_any_more_is_forgotten(silent):
    """A resolver that never answers holds the owner's places; the list of who waits must not grow with each run."""
    held = ask(silent, "team 1", *hosts("dead", names.EACH))
    for host in hosts("more", 5):
        (waiting,) = ask(silent, "team 1", host)
        assert waiting.cancel()
    (last,) = ask(silent, "team 1", "ops.example.com")
    assert [each.answer for each in silent.places.waiting] == [last]
    assert not any(each.done() for each in held)


def test_a_place_is_held_as_long_as_the_resolver_takes_and_no_loop_waits_for_that(silent, monkeypatch):
    monkeypatch.setattr(names, "_places", silent.places)
    answered = silent.answered.setdefault("0.dead.example", threading.Event())
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_of, **_how: answered.wait(60))

    async def give_up() -> None:
        async with asyncio.timeout(0.01):
            await names.Resolver("team 1").resolve("0.dead.example")

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    assert silent.places.held == {"team 1": 1}


def test_without_a_thread_the_look_up_fails_and_holds_no_place(silent, monkeypatch):
    def start(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    (failed,) = ask(silent, "team 1", "ops.example.com")
    with pytest.raises(OSError, match="can't start new thread"):
        failed.result(60)
    assert silent.places.held.total() == 0


def test_the_resolver_of_the_machine_is_asked():
    found = asyncio.run(names.Resolver("team 1").resolve("localhost", 443, socket.AF_UNSPEC))
    assert {ipaddress.ip_address(each["host"]).is_loopback for each in found} == {True}
    assert {(each["hostname"], each["port"]) for each in found} == {("localhost", 443)}
    with pytest.raises(OSError):
        asyncio.run(names.Resolver("team 1").resolve("no-such-name.invalid"))


def test_an_address_of_one_network_interface_keeps_it():
    found = names._result("printer.local", socket.AF_INET6, 1, 6, "", ("fe80::1", 443, 0, 2))
    assert (found["host"], found["port"]) == ("fe80::1%2", 443)

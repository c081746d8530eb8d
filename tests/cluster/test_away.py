"""PostgreSQL away under load: update checks are answered, also by a process that starts meanwhile (R-1).

`--long` lets it be away for five minutes, as `make drill` does.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import pytest

from tests.chaos import installation
from tests.chaos.ledger import Lost, ask
from tests.cluster.machines import Cluster, until
from tests.cluster.people import device_asks, person_at, through_nginx

SHORT, LONG = 15.0, 300.0
PAUSE = 0.05
SERIAL = itertools.count(10_000)  # of devices that nobody has seen


@dataclass
class Load:
    """Devices of a program without a task, and of one with a task, who want a place: what each was answered."""

    cluster: Cluster
    known: set[tuple[int, str, str]] = field(default_factory=set)
    places: Counter[int] = field(default_factory=Counter)
    placed: set[str] = field(default_factory=set)
    asked: int = 0
    slowest: float = 0.0
    over: Event = field(default_factory=Event)
    serial: itertools.count[int] = field(default_factory=lambda: SERIAL)

    def ask_for_known(self) -> None:
        """Ask for what is online."""
        app_id = self.cluster.facts["steady"]["app_id"]
        while not self.over.wait(PAUSE):
            began = time.monotonic()
            reply = device_asks(self.cluster, app_id, f"0302{next(self.serial):028}")
            self.slowest = max(self.slowest, time.monotonic() - began)
            answer = reply.json
            self.known.add((reply.status, answer.get("status", ""), answer.get("version", "")))
            self.asked += 1

    def ask_for_places(self) -> None:
        """Ask as new devices that a task may reach."""
        app_id = self.cluster.facts["roomy"]["app_id"]
        while not self.over.wait(PAUSE):
            guid = f"0302{next(self.serial):028}"
            reply = device_asks(self.cluster, app_id, guid)
            self.places[reply.status] += 1
            if reply.status == 200:
                assert reply.json["channel"] == "grayscale"
                self.placed.add(guid)

    def lost(self) -> set[str]:
        """Return who was given a place that no row knows of."""
        rows = self.cluster.rows(
            "SELECT guid FROM grayscale_claim WHERE task_id = %s", self.cluster.facts["roomy"]["task"]
        )
        return self.placed - {guid for (guid,) in rows}


def test_the_database_is_away(cluster: Cluster, request: pytest.FixtureRequest) -> None:
    seconds = LONG if request.config.getoption("--long") else SHORT
    load, machine = Load(cluster), cluster.machines[1]
    admin = person_at(cluster.machines[0], cluster.facts["admin"])
    engine = cluster.engines["postgres"]
    with ThreadPoolExecutor(3) as clients:
        asking = [clients.submit(one) for one in (load.ask_for_known, load.ask_for_known, load.ask_for_places)]
        until(lambda: load.asked > 20, "no load")
        try:
            engine.send(signal.SIGINT)
            began = time.monotonic()
            until(lambda: not engine.running, "PostgreSQL does not stop")
            until(lambda: load.places[503] > 0, "places are promised without a database")
            # The whole server of one machine starts anew, and finds no database.
            before = cluster.main(f"runtime-{machine.name}")
            cluster.services[f"runtime-{machine.name}"].send(signal.SIGKILL, group=True)
            until(lambda: cluster.main(f"runtime-{machine.name}") != before, "it is not started again")
            started = until(lambda: _answers(cluster, machine.runtime), "a process without a database does not answer")
            assert ask(machine.runtime, "GET", "/readyz/devices").status == 200
            load.over.wait(max(0.0, began + seconds - time.monotonic()))
        finally:
            cluster.start_engine("postgres")
        back = time.monotonic()
        enough = load.places[200] + 1
        until(lambda: load.places[200] > enough, "places do not come back")
        places = time.monotonic() - back
        until(lambda: admin.get("/miniprograms/").status == 200, "pages do not come back")
        pages = time.monotonic() - back
        load.over.set()
        for one in asking:
            one.result()
    print(  # the figures of docs/clusters.md
        f"away {seconds:.0f} s: {load.asked} update checks right, the slowest {load.slowest:.1f} s; places 503 × "
        f"{load.places[503]}; a restarted runtime answered after {started:.1f} s; places again after {places:.1f} s, "
        f"pages after {pages:.1f} s"
    )
    assert load.known == {(200, "update", "1.0.0")}
    assert set(load.places) == {200, 503}
    assert load.lost() == set()
    assert through_nginx(cluster, "GET", "/account/sign-in/").status == 200


def test_the_database_hangs(cluster: Cluster) -> None:
    """Behind the pooler, which accepts connections all the same: whoever waits holds no thread that others need."""
    load, engine = Load(cluster), cluster.engines["postgres"]
    assert engine.process is not None
    with ThreadPoolExecutor(10) as clients:
        work = [load.ask_for_known, load.ask_for_known, *[load.ask_for_places] * 8]
        asking = [clients.submit(one) for one in work]
        until(lambda: load.places[200] > 20, "no load")
        pids = [engine.process.pid, *installation.children(engine.process.pid)]
        try:
            send(pids, signal.SIGSTOP)
            asked = load.asked
            until(lambda: load.places[503] > 8, "whoever asks for a place waits")
            until(lambda: load.asked > asked + 20, "devices that need no place wait")
        finally:
            send(pids, signal.SIGCONT)
        enough = load.places[200] + 1
        until(lambda: load.places[200] > enough, "places do not come back")
        load.over.set()
        for one in asking:
            one.result()
    assert load.known == {(200, "update", "1.0.0")}
    assert set(load.places) == {200, 503}
    assert load.lost() == set()


def send(pids: list[int], number: signal.Signals) -> None:
    """Send a signal to processes that this test has started; PostgreSQL's own may have ended meanwhile."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _answers(cluster: Cluster, port: int) -> bool:
    """Whether a runtime says what is online."""
    try:
        reply = cluster.update(port, cluster.facts["steady"]["app_id"], f"0302{1:028}")
    except Lost:
        return False
    return (reply.status, reply.json.get("version")) == (200, "1.0.0")

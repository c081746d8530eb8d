"""Fail-over of PostgreSQL under load: who was told that something was done finds it done, on the next primary.

The load, the ledger and the checks are those of `tests/chaos`.
"""

from __future__ import annotations

import itertools
import random
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from standardwebhooks import Webhook

from console.local import valkey
from console.local.process import stop_all
from console.local.throwaway import PARENT
from messaging import stub as gateways
from messaging.stub import Stub
from tests.chaos import installation, matrix
from tests.chaos.checks import Checks, until
from tests.chaos.devices import UPDATE, Clients, update_of
from tests.chaos.installation import Installation
from tests.chaos.ledger import DONE, Ledger, Lost
from tests.chaos.matrix import Outcome, Plan, Run, say
from tests.chaos.meters import DEVICES, JOBS, PAGES, PLACES, Arrivals, Meter
from tests.chaos.people import Team
from tests.chaos.stubs import MailServer, mail_server
from tests.chaos.world import World
from tests.cluster import patroni
from tests.cluster.patroni import Node, Patroni

PARTS = (DEVICES, PLACES, PAGES, JOBS)
WHOLE_SECONDS, RECOVERY_SECONDS, START_SECONDS = 240.0, 180.0, 300.0
LOAD_SECONDS = 8.0  # between two faults, so that each meets work


@dataclass
class Found:
    """One fault: the longest time without a good answer of each part, in seconds, and which node was primary."""

    name: str
    outages: dict[str, float]
    nodes: str


@dataclass
class Report:
    """What came of a drill."""

    faults: list[Found] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    confirmed: dict[str, int] = field(default_factory=dict)

    def table(self) -> str:
        """Return it as Markdown."""
        lines = [f"| what happened | {' | '.join(PARTS)} | primary |", "|---|" + "---:|" * len(PARTS) + "---|"]
        for one in self.faults:
            lines.append(f"| {one.name} | {' | '.join(f'{one.outages[part]:.1f}' for part in PARTS)} | {one.nodes} |")
        lines += ["", *(f"- {words}: {count}" for words, count in self.confirmed.items())]
        lines += [f"- Violations: {len(self.violations)}", *(f"  - {words}" for words in self.violations)]
        return "\n".join(lines)


class Drill:
    """An installation over three nodes, its load and its meters."""

    def __init__(self, nodes: Patroni, run: Run, report: Report) -> None:
        self.nodes, self.run, self.report = nodes, run, report
        self.places = _places(run.world)
        run.meters[PLACES] = self.places

    def happen(self, name: str, fault: Callable[[Node], None]) -> None:
        """Let it happen under load, wait until all parts are well, and note how long they were not."""
        time.sleep(LOAD_SECONDS)
        primary = self.nodes.primary()
        assert primary is not None
        began = time.monotonic()
        fault(primary)
        over = time.monotonic()
        is_well = lambda: self.run.is_well(since=over + 1.0) and self.nodes.primary() is not None  # noqa: E731
        if not until(is_well, seconds=RECOVERY_SECONDS):
            self.report.violations.append(f"{name}: not well after {RECOVERY_SECONDS:.0f} s: {self.run.unwell(over)}")
        ended = time.monotonic()
        outages = {part: self.run.meters[part].longest(began, ended) for part in PARTS}
        after = self.nodes.primary()
        self.report.faults.append(Found(name, outages, f"{primary.name} → {after.name if after else 'none'}"))
        say(f"{name}: {ended - began:.1f} s {outages}")
        for node in self.nodes.nodes:
            if not node.service.running:
                node.service.start()
        if not until(self.nodes.is_whole, seconds=WHOLE_SECONDS):
            self.report.violations.append(f"{name}: the nodes are not whole again: {self.nodes.roles()}")
        with suppress(psycopg.Error):
            self.report.violations += [f"{name}: {words}" for words in self.run.checks.always()]


def _places(world: World) -> Meter:
    """Ask all the time as a device that nobody knows, for a place in the task that is never full."""
    clients, numbers = world.clients, itertools.count(10**9)
    task = world.facts["tasks"][-1]

    def placed() -> bool:
        guid = f"0302{next(numbers):028}"
        try:
            reply = clients.post(UPDATE, update_of(task["app_id"], guid), timeout=3.0)
        except Lost:
            return False
        if reply.status == 200 and reply.json["channel"] == "grayscale":
            clients.ledger.placed.setdefault(task["id"], set()).add(guid)
            return True
        return False

    return Meter(PLACES, placed, clients.stop)


def faults(nodes: Patroni) -> dict[str, Callable[[Node], None]]:
    """What happens, by name."""
    return {
        "the synchronous standby’s machine lost": lambda _primary: nodes.standby().lose(),
        "switchover": lambda _primary: nodes.switch_over(),
        "the primary’s PostgreSQL killed (-9)": Node.kill_postgres,
        "the primary’s machine lost": Node.lose,
    }


def go(only: str = "", logs: Path | None = None, times: int = 1) -> Report:
    """Do it; nothing is left afterwards but `logs`. Raises RuntimeError when something does not start."""
    base = Path(tempfile.mkdtemp(prefix="console-drill-", dir=PARENT))
    base.chmod(0o711)
    try:
        with mail_server() as mail, gateways.serving() as stub, patroni.running(base / "nodes") as nodes:
            with _installation(base, mail.port, nodes.url()) as one:
                drill = _drill(nodes, one, stub, mail)
                with installation.served(one):
                    _happen(drill, [item for item in faults(nodes).items() if only in item[0]] * times)
                return drill.report
    finally:
        if logs:
            logs.mkdir(parents=True, exist_ok=True)
            for file in (*base.glob("*.log"), *(base / "nodes").glob("*.log")):
                shutil.copy(file, logs)
        shutil.rmtree(base, ignore_errors=True)


def _drill(nodes: Patroni, one: Installation, stub: Stub, mail: MailServer) -> Drill:
    """Make the rows, and those who will work on them."""
    facts = matrix.seed(one, stub.url)
    stub.webhooks = [Webhook(secret) for secret in facts["secrets"]]
    ledger = Ledger()
    clients = Clients(one, ledger, facts, 1)
    teams = [Team(one, ledger, team, 1) for team in facts["teams"]]
    world = World(one, clients, teams, facts, stub, Arrivals(stub, clients), mail, random.Random(1), 0.0)
    run = Run(Plan(hurry=True), world, Checks(one, ledger, stub, mail), Outcome(), time.monotonic() + 3600)
    return Drill(nodes, run, Report())


def _happen(drill: Drill, chosen: list[tuple[str, Callable[[Node], None]]]) -> None:
    """Load, faults, quiet, checks."""
    run, report = drill.run, drill.report
    with run.load():
        if not until(run.is_well, seconds=START_SECONDS):
            raise RuntimeError(f"the installation does not answer: {', '.join(run.unwell())}")
        for name, fault in chosen:
            drill.happen(name, fault)
    run.settle()
    report.violations += run.outcome.violations + run.checks.in_the_end()
    report.confirmed = _confirmed(run.checks.ledger)


def _confirmed(ledger: Ledger) -> dict[str, int]:
    done = [change.kind for change in ledger.changes if change.outcome == DONE]
    return {
        "confirmed places": sum(map(len, ledger.placed.values())),
        "confirmed changes by people": len(done),
        "of these, publishes and rollbacks": sum(kind in ("publish", "roll_back") for kind in done),
        "accepted messages": sum(outcome == DONE for outcome, _id in ledger.messages.values()),
        "acknowledged log entries": sum(outcome == DONE for outcome in ledger.logs.values()),
    }


@contextmanager
def _installation(base: Path, mail_port: int, database_url: str) -> Iterator[Installation]:
    """Migrate, and run Valkey; the servers come later."""
    one = Installation(base, {**installation.environment_of(base, mail_port), "DATABASE_URL": database_url})
    one.engines["valkey"] = valkey.service(base / "valkey", sockets=base, log=base / "valkey.log")
    try:
        one.start_engine("valkey")
        installation.migrate(one)
        one.packages.mkdir()
        one.services |= installation.services_of(one)
        yield one
    finally:
        stop_all(list(one.engines.values()), patience=5)

"""One run: the load goes on, faults happen by the dice, each part is measured, and in the end all is compared."""

from __future__ import annotations

import collections
import contextlib
import json
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from standardwebhooks import Webhook

from messaging import stub as gateways
from tests.chaos import installation, meters, seeding
from tests.chaos.checks import Checks, until
from tests.chaos.devices import Clients
from tests.chaos.faults import Fault, kills, stalls
from tests.chaos.installation import ROOT, Installation
from tests.chaos.ledger import Ledger
from tests.chaos.meters import DEVICES, JOBS, MAIL, PAGES, Arrivals
from tests.chaos.people import Person, Team
from tests.chaos.stubs import mail_server
from tests.chaos.world import Missed, World, tolerant

START_SECONDS, RECOVERY_SECONDS = 300.0, 120.0
SHOWN_SECONDS = 1.0  # until then what was killed is surely missed
HURRY_SECONDS = 5.0  # longer than a gateway takes: a lease that is over in between leaves no trace of what was sent
APART = 5  # so many other faults lie between two of the same part
PARTS = (DEVICES, PAGES, JOBS, MAIL)
REMAINING = """
    SELECT (SELECT count(*) FROM messaging_message WHERE state = 'waiting')
        + (SELECT count(*) FROM accounts_notification WHERE by_email AND emailed_at IS NULL)
"""
# As when the leases of dead workers have ended: a short run does not wait for that.
HURRY = """
    WITH hurried AS (UPDATE messaging_message SET next_try_at = now() WHERE state = 'waiting'),
        called AS (UPDATE accounts_notification SET email_next_at = NULL WHERE emailed_at IS NULL)
    UPDATE messaging_gateway SET open_until = NULL, failures = 0 RETURNING 1
"""
SIGNS = """
    SELECT name FROM platform_heartbeat WHERE part <> 'task' AND seen_at < %s
        OR part = 'task' AND seconds <= 10 AND (seen_at IS NULL OR seen_at < %s)
"""


@dataclass(frozen=True)
class Plan:
    """What is to happen; `only` is the one fault's name, `away` how many seconds what is away stays away: from, to."""

    seed: int = 1
    kills: int = 12
    stalls: int = 2
    seconds: float = 1800.0
    only: str = ""
    away: tuple[float, float] = (2.0, 5.0)
    hurry: bool = False
    logs: Path | None = None  # where to keep what the processes wrote


@dataclass
class Row:
    """One fault: how often it happened, or nobody came to its point, and the longest outage of each part, seconds."""

    times: int = 0
    missed: int = 0
    outages: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    violations: list[str] = field(default_factory=list)


@dataclass
class Outcome:
    """What came of a run."""

    rows: dict[str, Row] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    answers: dict[str, dict[int, int]] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def all_violations(self) -> list[str]:
        """Those of each fault, and those of the end."""
        return [words for row in self.rows.values() for words in row.violations] + self.violations


def run(plan: Plan) -> Outcome:
    """Do it; nothing is left afterwards. Raises RuntimeError when the installation does not start."""
    began, ledger = time.monotonic(), Ledger()
    with mail_server() as mail, gateways.serving() as stub, installation.running(mail.port, plan.logs) as one:
        facts = seed(one, stub.url)
        stub.webhooks = [Webhook(secret) for secret in facts["secrets"]]
        clients = Clients(one, ledger, facts, plan.seed)
        teams = [Team(one, ledger, team, plan.seed) for team in facts["teams"]]
        dice = random.Random(plan.seed)
        world = World(one, clients, teams, facts, stub, Arrivals(stub, clients), mail, dice, plan.away[0])
        run = Run(plan, world, Checks(one, ledger, stub, mail), Outcome(), began + plan.seconds)
        with installation.served(one):
            run.go()
    run.outcome.seconds = time.monotonic() - began
    return run.outcome


def seed(one: Installation, gateway: str) -> dict[str, Any]:
    """Make the rows; return what clients know of them."""
    command = [sys.executable, "-m", seeding.__name__, gateway]
    facts: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=ROOT, env=one.environment))
    return facts


class Run:
    """The course of a run, which ends by `deadline` (of time.monotonic)."""

    def __init__(self, plan: Plan, world: World, checks: Checks, outcome: Outcome, deadline: float) -> None:
        self.plan, self.world, self.checks, self.outcome = plan, world, checks, outcome
        self.deadline = deadline
        team = world.facts["teams"][0]
        person = Person(world.one, team["reviewer"], team["password"])
        self.meters = meters.meters(world.one, world.clients, world.arrivals, person)

    def go(self) -> None:
        """Load, faults, quiet, checks."""
        say("load begins")
        with self.load():
            if not until(self.is_well, seconds=START_SECONDS):
                raise RuntimeError(f"the installation does not answer: {', '.join(self.unwell())}")
            for name, fault in self.chosen():
                if time.monotonic() > self.deadline:
                    self.outcome.violations.append("the time was over before all faults had happened")
                    break
                self.happen(name, fault)
        say("faults are over")
        self.settle()
        say("all is quiet")
        self.outcome.violations += self.checks.in_the_end()
        self.outcome.told |= self.checks.told
        for (client, status), count in sorted(self.checks.ledger.statuses.items()):
            self.outcome.answers.setdefault(client, {})[status] = count

    @contextlib.contextmanager
    def load(self) -> Iterator[None]:
        """Let people, devices and servers work, and the meters ask."""
        world, clients = self.world, self.world.clients
        work = [*(partial(team.work, clients.stop) for team in world.teams), clients.claim, clients.log]
        work += [clients.report, lambda: clients.subscribe_and_send("good"), lambda: clients.subscribe_and_send("slow")]
        threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in [*threads, *self.meters.values()]:
            thread.start()
        try:
            yield
        finally:
            clients.stop.set()
            for thread in threads:
                thread.join(30)

    def chosen(self) -> Iterator[tuple[str, Fault]]:
        """Each fault once, then by the dice and their weights; stalls among the kills."""
        ending, holding = kills(), stalls(self.world.one.packages)
        if self.plan.only:
            yield self.plan.only, (ending | holding)[self.plan.only]
            return
        chosen: list[tuple[str, Fault]] = []
        for faults, count in ((ending, self.plan.kills), (holding, self.plan.stalls)):
            known = list(faults.items())
            self.world.dice.shuffle(known)
            weights = [fault.weight for _name, fault in known]
            chosen += known[:count] + self.world.dice.choices(known, weights, k=max(0, count - len(known)))
        self.world.dice.shuffle(chosen)
        yield from spread(chosen)

    def happen(self, name: str, fault: Fault) -> None:
        """Let a fault happen, wait until all parts are well again, and note how long they were not."""
        row = self.outcome.rows.setdefault(name, Row())
        self.world.seconds = self.world.dice.uniform(*self.plan.away)
        began = time.monotonic()
        try:
            fault.happen(self.world)
            row.times += 1
        except Exception as error:
            if not tolerant(error):
                raise
            row.missed += isinstance(error, Missed)
            row.times += not isinstance(error, Missed)
        over = time.monotonic()
        recovered = until(lambda: self.is_well(since=over + SHOWN_SECONDS), seconds=RECOVERY_SECONDS)
        ended = time.monotonic()
        outages = {part: round(meter.longest(began, ended), 1) for part, meter in self.meters.items()}
        say(f"{name}: {ended - began:.1f} s {outages}")
        if not recovered:
            row.violations.append(f"{name}: not well after {RECOVERY_SECONDS:.0f} s: {self.unwell(over)}")
        row.outages = {part: max(outages[part], row.outages[part]) for part in PARTS}
        with contextlib.suppress(psycopg.Error):
            row.violations += [f"{name}: {words}" for words in self.checks.always()]

    def is_well(self, *, since: float = 0.0) -> bool:
        """Whether each part was answered well after the moment `since`."""
        return not self.unwell(since)

    def unwell(self, since: float = 0.0) -> set[str]:
        """The parts that are not well."""
        return {part for part, meter in self.meters.items() if not meter.is_good_since(since)}

    def settle(self) -> None:
        """Wait until nothing is under way, and until everything has shown a sign of life since."""
        rows, patience = self.world.one.rows, 90.0 if self.plan.hurry else 300.0
        until(lambda: self.world.one.rows("SELECT 1") == [(1,)], seconds=30)
        quiet = rows("SELECT clock_timestamp()")[0][0]

        ends = time.monotonic() + patience
        while not until(lambda: rows(REMAINING) == [(0,)], seconds=HURRY_SECONDS):
            if time.monotonic() > ends:
                self.outcome.violations.append(f"{rows(REMAINING)[0][0]} messages and mails are still under way")
                break
            if self.plan.hurry:
                rows(HURRY)
        if not until(lambda: not rows(SIGNS, quiet, quiet), seconds=patience):
            late = ", ".join(name for (name,) in rows(SIGNS, quiet, quiet))
            self.outcome.violations.append(f"no sign of life after {patience:.0f} s: {late}")
        self.outcome.told["longest wait of a single message, in seconds"] = round(self.world.arrivals.longest_wait())
        self.outcome.told["longest wait of a single mail, in seconds"] = round(rows(meters.LONGEST_MAIL)[0][0] or 0)


def spread(chosen: list[tuple[str, Fault]]) -> Iterator[tuple[str, Fault]]:
    """Yield all in an order in which the same part, as far as can be, is not hit again while it still starts."""
    waiting, recent = list(chosen), collections.deque[str](maxlen=APART)
    while waiting:
        one = next((one for one in waiting if _part(one[0]) not in recent), waiting[0])
        waiting.remove(one)
        recent.append(_part(one[0]))
        yield one


def _part(name: str) -> str:
    """The first word, which says what is hit; of workers also the queue."""
    words = name.replace(":", "").split()
    return " ".join(words[:2]) if words[0] == "worker" else words[0]


def say(words: str) -> None:
    """Show the progress to people waiting for the table."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")

"""One run: an event loop with a lane for each receiver that has something due; a slow one fills its own lane only.

All database work is done by one thread beside the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import mmap
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

import aiohttp
from django.db import InterfaceError, OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable, QueryCanceled

from console.base.core import egress, times
from console.base.core.outbox import leases, retrying
from console.base.core.outbox.leases import Item, Outbox
from console.base.core.outbox.posting import Outcome, timeout
from console.base.core.outbox.retrying import Receiver, Verdict
from console.base.core.wakeups import empty

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

IN_FLIGHT_TOGETHER = 512  # requests to all receivers, about: each lane has a fair share
LOOK_SECONDS = 0.2
LINGER_SECONDS = 1.5  # without work; longer than the pause between two wake-ups of a process that accepts
STOP_SECONDS = 1.0  # what is in flight has left when the worker shuts down
SWITCH_SECONDS = 0.0005  # the thread for the database waits no longer for a busy loop; the default is ten times that

# Shared by a worker's processes, which are forked after this: only the first one hears that it shall end.
_stopping = mmap.mmap(-1, 1)


class Target(NamedTuple):
    """A receiver and what its courier sends with; read anew each turn, so that a change holds soon.

    `owner` is whose receiver it is, a team or a host app: who typed its address.
    """

    receiver: Receiver
    means: Any
    owner: str


class Courier(Generic[Item]):
    """What is particular about what is sent: a run asks it in its thread for the database, but for `send`."""

    outbox: Outbox
    item: Callable[..., Item]  # what a leased row becomes
    what: str  # in a log
    queue: str  # of its wake-ups
    in_flight = 128  # requests to one receiver
    batch = 1024  # rows that a lane has; it takes more and writes back when half of them are through

    def deliverable(self, *, at: datetime) -> set[int]:
        """Return the receivers for which something is due and can be tried."""
        raise NotImplementedError

    def target(self, receiver: int) -> Target | None:
        """Return where to send and by what means; no means where they can't be read, None where there is nowhere."""
        raise NotImplementedError

    def prepare(self, batch: Sequence[Item]) -> None:
        """Read what the batch needs beside its rows."""

    async def send(self, session: aiohttp.ClientSession, target: Target, item: Item, *, at: datetime) -> Outcome:
        """Try once."""
        raise NotImplementedError

    def pauses(self) -> Sequence[int]:
        """Return the seconds between tries."""
        raise NotImplementedError

    def keep(self, results: Sequence[tuple[Item, Outcome]]) -> None:
        """Write what is kept of tries, before their verdicts end the leases."""

    def settle(self, target: Target, results: Sequence[tuple[Item, Outcome]], *, at: datetime) -> None:
        """Write what else tries say of the receiver, in the same transaction."""

    def count(self, target: Target, verdicts: Counter[str]) -> None:
        """Count how tries ended, by state."""


def stop() -> None:
    """Let the runs of this worker end now and give back what they have."""
    _stopping[0] = 1


def deliver(courier: Courier[Item], *, wake: Callable[[], object]) -> None:
    """Deliver what is due unless enough runs are on their way; `wake` is called when another one should be.

    Where nothing is due and another wake-up waits, that one looks: a heap of them would else hold the worker for long.
    """
    at = times.of_the_database()
    if not courier.deliverable(at=at) and not empty([courier.queue]):
        return
    with courier.outbox.run_slot(at=at) as (number, runs):
        if number is None:
            return
        if number + 1 < runs:
            wake()
        unsendable = run(courier)
    # Only now does nobody rely on us any more.
    if not _stopping[0] and courier.deliverable(at=times.of_the_database()) - unsendable:
        wake()


def run(courier: Courier[Item]) -> set[int]:
    """Deliver until nothing was due for a moment, for at most RUN_SECONDS; several may run at the same time.

    Returns the receivers (primary keys) for which there were no means.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(1) as database, asyncio.Runner() as runner:
            this = Run(courier, database)
            runner.run(this.work())
            return this.unsendable
    finally:
        sys.setswitchinterval(before)


class Run(Generic[Item]):
    """The lanes of one run, and what they share."""

    def __init__(self, courier: Courier[Item], database: ThreadPoolExecutor) -> None:
        self.courier = courier
        self.executor = database
        self.lanes: dict[int, asyncio.Task[None]] = {}
        self.sessions: dict[str, aiohttp.ClientSession] = {}
        self.unsendable: set[int] = set()  # receivers; asked again by the next run only
        self.at, self.began = times.of_the_database(), time.monotonic()
        self.until = self.began + leases.RUN_SECONDS

    def now(self) -> datetime:
        """Return the database's time: leases are its rows, and receivers refuse what was signed too long ago."""
        return self.at + timedelta(seconds=time.monotonic() - self.began)

    @property
    def stopping(self) -> bool:
        """Whether the worker shuts down."""
        return bool(_stopping[0])

    @property
    def over(self) -> bool:
        """Whether nothing new may be sent."""
        return self.stopping or time.monotonic() >= self.until

    async def work(self) -> None:
        """Open a lane for each receiver for which something is due, until there was none for LINGER_SECONDS."""
        try:
            idle_since = time.monotonic()
            while not self.over:
                for receiver in await self.database(self._deliverable) - self.lanes.keys() - self.unsendable:
                    self.lanes[receiver] = asyncio.create_task(self.lane(receiver))
                if self.lanes:
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since >= LINGER_SECONDS:
                    break
                await asyncio.sleep(LOOK_SECONDS)
            await asyncio.gather(*self.lanes.values())
        finally:
            for session in self.sessions.values():
                await session.close()
            await self.database(_disconnect)

    def session(self, owner: str) -> aiohttp.ClientSession:
        """Return the owner's client, for it alone: in a client, the second who needs a name waits for the first."""
        if owner not in self.sessions:
            self.sessions[owner] = egress.session(owner=owner, timeout=timeout())
        return self.sessions[owner]

    def _deliverable(self) -> set[int]:
        return self.courier.deliverable(at=self.now())

    async def lane(self, receiver: int) -> None:
        """Work on what one receiver gets; what goes wrong there is its own affair."""
        try:
            await Lane(self, receiver).work()
        except Exception:
            logger.exception(
                "delivery of %s to %s failed; it continues when its leases end", self.courier.what, receiver
            )
        finally:
            del self.lanes[receiver]

    async def database(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do database work in the thread for it; once more when the connection was lost, not after a time-out."""

        def attempt() -> Result:
            try:
                return work(*arguments)
            except (OperationalError, InterfaceError) as error:
                if isinstance(error.__cause__, (LockNotAvailable, QueryCanceled)):
                    raise
                connection.close()
                return work(*arguments)

        return await asyncio.get_running_loop().run_in_executor(self.executor, attempt)


class Lane(Generic[Item]):
    """What one receiver gets in a run: a queue, requests in flight, and results that are not yet written."""

    def __init__(self, run: Run[Item], receiver: int) -> None:
        self.run = run
        self.courier = run.courier
        self.receiver = receiver
        self.target: Target | None = None
        self.queue: deque[Item] = deque()
        self.sending: dict[int, Item] = {}
        self.results: list[tuple[Item, Outcome]] = []
        self.requests: set[asyncio.Task[None]] = set()
        self.failures = 0  # in a row
        self.most = 1  # requests
        self.probe: int | None = None  # the row that tries an open circuit
        self.wanted = asyncio.Event()

    async def work(self) -> None:
        """Write back results and take rows, turn by turn, until nothing is due and nothing in flight."""
        try:
            while not self.run.over:
                await self.turn()
                if not (self.queue or self.requests or self.results):
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self.wanted.wait()
                self.wanted.clear()
            await self.end()
        finally:
            for request in self.requests:
                request.cancel()

    async def turn(self) -> None:
        """One transaction: write back what has ended, look at the receiver again, take more rows."""
        results, self.results = self.results, []
        room = 0 if self.run.over else self.courier.batch - len(self.queue)
        target, batch = await self.run.database(self._turn, results, room, bool(self.sending))
        self.queue.extend(batch)
        if target is None or (target.receiver.is_failing and not batch):
            await self.give_back()
        else:
            self.target = target
            self.failures = min(target.receiver.failures, retrying.OPENS_AT - 1)
            for _, outcome in self.results:  # That ended meanwhile.
                self.failures = 0 if outcome.ok else self.failures + 1
            self.fill(target)

    def fill(self, target: Target) -> None:
        """Let as many requests run as the receiver may have, which share the queue."""
        share = max(1, IN_FLIGHT_TOGETHER // len(self.run.lanes))
        self.most = retrying.allowance(target.receiver, min(self.courier.in_flight, share))
        if self.failures >= retrying.OPENS_AT:
            self.wanted.set()
            return
        for _ in range(min(self.most - len(self.requests), len(self.queue))):
            request = asyncio.create_task(self.send())
            self.requests.add(request)
            request.add_done_callback(self.requests.discard)

    async def send(self) -> None:
        """Try one row after the other, until there is none or the receiver has failed too often."""
        while self.target and self.queue and self.failures < retrying.OPENS_AT and len(self.requests) <= self.most:
            item = self.queue.popleft()
            self.sending[item.id] = item
            session = self.run.session(self.target.owner)
            outcome = await self.courier.send(session, self.target, item, at=self.run.now())
            del self.sending[item.id]
            self.results.append((item, outcome))
            self.failures = 0 if outcome.ok else self.failures + 1
            if len(self.results) >= self.courier.batch // 2 or self.failures >= retrying.OPENS_AT:
                self.wanted.set()
        if not self.sending:
            self.wanted.set()

    async def give_back(self) -> None:
        """Let go of what waits in the queue."""
        given, self.queue = list(self.queue), deque()
        await self.run.database(self._give_back, given)

    async def end(self) -> None:
        """Give back the queue, wait for what is in flight, write it back; when the worker shuts down, not for long."""
        await self.give_back()
        stopped_at = None
        while self.requests:
            if self.run.stopping:
                stopped_at = stopped_at or time.monotonic()
                if time.monotonic() - stopped_at >= STOP_SECONDS:
                    break
            await asyncio.wait(self.requests, timeout=LOOK_SECONDS)
        await self.turn()
        self.queue.extend(self.sending.values())
        await self.give_back()

    def _give_back(self, items: list[Item]) -> None:
        self.courier.outbox.give_back(items, at=self.run.now())

    def _turn(
        self, results: list[tuple[Item, Outcome]], room: int, in_flight: bool
    ) -> tuple[Target | None, list[Item]]:
        """The database's part of `turn`; may be done twice when the connection breaks."""
        with transaction.atomic():
            at = self.run.now()
            if results and self.target:
                self._settle(self.target, results, at=at)
            target = self.courier.target(self.receiver)
            if target is None or not target.means:
                self.run.unsendable |= {self.receiver} if target else set()
                return None, []
            batch = self._take(target.receiver, room, in_flight, at=at)
            self.courier.prepare(batch)
            return target, batch

    def _settle(self, target: Target, results: list[tuple[Item, Outcome]], *, at: datetime) -> None:
        """Write how tries ended: in their rows, in the receiver's, and what the courier keeps."""
        pauses = self.courier.pauses()
        verdicts: list[Verdict] = [retrying.judge(item, outcome, pauses=pauses, at=at) for item, outcome in results]
        self.courier.keep(results)
        self.courier.outbox.write_back(verdicts)
        self.courier.settle(target, results, at=at)
        states = Counter(verdict.state for verdict in verdicts)
        transaction.on_commit(lambda: self.courier.count(target, states))
        retrying.record(target.receiver, ((item.id, each) for item, each in results), probe=self.probe, at=at)

    def _take(self, receiver: Receiver, room: int, in_flight: bool, *, at: datetime) -> list[Item]:
        """Lease what there is room for; of a receiver that is left in peace the one row that may try it."""
        outbox, item = self.courier.outbox, self.courier.item
        if not receiver.is_failing:
            return outbox.lease(self.receiver, most=room, at=at, as_=item) if room > 0 else []
        if not room or in_flight or not retrying.take_probe(receiver, at=at):
            return []
        batch = outbox.lease(self.receiver, most=1, at=at, as_=item)
        self.probe = batch[0].id if batch else None
        return batch


def _disconnect() -> None:
    connection.close()

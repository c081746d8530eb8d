"""Bringing accepted messages to gateways (M-7).

One run is one event loop with a lane for each gateway that has something due; a slow gateway fills its own lane only.
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
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone
from standardwebhooks import Webhook

from console.base.core import egress, metrics, times
from console.base.core.sealing import Unreadable
from console.base.hosts.models import ServerSecret
from messaging import leases, payload, retrying
from messaging.models import Gateway
from messaging.payload import Leased, Titles
from messaging.posting import Outcome, post, timeout
from messaging.states import MessageState

__all__ = ["Outcome", "deliver", "run", "send_test", "stop"]

logger = logging.getLogger(__name__)
Result = TypeVar("Result")

IN_FLIGHT = 128  # requests to one gateway
IN_FLIGHT_TOGETHER = 512  # requests to all of them, about: each lane has a fair share
BATCH = 1024  # messages that a lane has; it takes more and writes back when half of them are through
LOOK_SECONDS = 0.2
LINGER_SECONDS = 1.5  # without work; longer than the pause between two wake-ups of a process that accepts
STOP_SECONDS = 1.0  # what is in flight has left when the worker shuts down
OUTCOMES: dict[str, str] = {
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.WAITING: "retry",
}
SWITCH_SECONDS = 0.0005  # the thread for the database waits no longer for a busy loop; the default is ten times that

# Shared by a worker's processes, which are forked after this: only the first one hears that it shall end.
_stopping = mmap.mmap(-1, 1)


def stop() -> None:
    """Let the runs of this worker end now and give back what they have."""
    _stopping[0] = 1


def deliver(*, wake: Callable[[], object]) -> None:
    """Deliver what is due unless enough runs are on their way; `wake` is called when another one should be."""
    with leases.slot(at=times.of_the_database()) as (number, runs):
        if number is None:
            return
        if number + 1 < runs:
            wake()
        unsignable = run()
    # Only now does nobody rely on us any more.
    if not _stopping[0] and leases.deliverable(at=times.of_the_database()) - unsignable:
        wake()


def run() -> set[int]:
    """Deliver until nothing was due for a moment, for at most RUN_SECONDS; several may run at the same time.

    Returns the applications (primary keys) for which nothing can be signed, as their secrets can't be read.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(1) as database, asyncio.Runner() as runner:
            this = Run(database)
            runner.run(this.work())
            return this.unsignable
    finally:
        sys.setswitchinterval(before)


def send_test(gateway: Gateway) -> Outcome:
    """Send a test message (type `gateway.test`) now, once, signed as real ones; for the button on the page."""
    signers, at = signers_of(gateway), timezone.now()
    if not signers:
        return Outcome(False, None, "The host app has no server secret", 0.0)
    body = payload.test_body(application_id=gateway.application.application_id, at=at)
    headers = payload.headers(f"msg_test_{gateway.pk}_{time.time_ns()}", body, signers, at=at)

    async def send() -> Outcome:
        async with egress.session(timeout=timeout()) as session:
            return await post(session, gateway.url, body, headers)

    return asyncio.run(send())


def signers_of(gateway: Gateway) -> list[Webhook]:
    """Return what signs with the application's usable server secrets, the newest first."""
    signers = []
    for secret in ServerSecret.objects.usable(at=timezone.now()).filter(application=gateway.pk).order_by("-id"):
        try:
            signers.append(Webhook(secret.read()))
        except Unreadable:
            logger.warning(
                "a server secret of application %s can't be opened because SECRET_KEY changed: add the old key to "
                "SECRET_KEY_FALLBACKS",
                gateway.pk,
            )
    return signers


class Target(NamedTuple):
    """Where messages are sent, and what signs them; read anew each turn, so that a change holds soon."""

    gateway: Gateway
    signers: list[Webhook]


class Run:
    """The lanes of one run, and what they share."""

    def __init__(self, database: ThreadPoolExecutor) -> None:
        self.executor = database
        self.lanes: dict[int, asyncio.Task[None]] = {}
        self.titles: dict[int, Titles] = {}
        self.unsignable: set[int] = set()  # applications; asked again by the next run only
        self.until = time.monotonic() + leases.RUN_SECONDS
        self.ahead = timezone.now() - times.of_the_database()

    def now(self) -> datetime:
        """Return the database's time: leases are its rows, and gateways refuse what was signed too long ago."""
        return timezone.now() - self.ahead

    @property
    def stopping(self) -> bool:
        """Whether the worker shuts down."""
        return bool(_stopping[0])

    @property
    def over(self) -> bool:
        """Whether nothing new may be sent."""
        return self.stopping or time.monotonic() >= self.until

    async def work(self) -> None:
        """Open a lane for each application for which something is due, until there was none for LINGER_SECONDS."""
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(32))  # Looks names up: slow ones must not delay the others.
        try:
            async with egress.session(timeout=timeout()) as self.session:
                idle_since = time.monotonic()
                while not self.over:
                    for application in await self.database(self._deliverable) - self.lanes.keys() - self.unsignable:
                        self.lanes[application] = asyncio.create_task(self.lane(application))
                    if self.lanes:
                        idle_since = time.monotonic()
                    elif time.monotonic() - idle_since >= LINGER_SECONDS:
                        break
                    await asyncio.sleep(LOOK_SECONDS)
                await asyncio.gather(*self.lanes.values())
        finally:
            await self.database(_disconnect)

    def _deliverable(self) -> set[int]:
        return leases.deliverable(at=self.now())

    async def lane(self, application: int) -> None:
        """Work on one application's messages; what goes wrong there is its own affair."""
        try:
            await Lane(self, application).work()
        except Exception:
            logger.exception("delivery to application %s failed; it continues when its leases end", application)
        finally:
            del self.lanes[application]

    async def database(self, work: Callable[..., Result], *arguments: Any) -> Result:
        """Do database work in the thread for it; once more when the connection was lost."""

        def attempt() -> Result:
            try:
                return work(*arguments)
            except (OperationalError, InterfaceError):
                connection.close()
                return work(*arguments)

        return await asyncio.get_running_loop().run_in_executor(self.executor, attempt)


class Lane:
    """One gateway's messages in a run: a queue, requests in flight, and results that are not yet written."""

    def __init__(self, run: Run, application: int) -> None:
        self.run = run
        self.application = application
        self.target: Target | None = None
        self.queue: deque[Leased] = deque()
        self.sending: dict[int, Leased] = {}
        self.results: list[tuple[Leased, Outcome]] = []
        self.requests: set[asyncio.Task[None]] = set()
        self.failures = 0  # in a row
        self.most = 1  # requests
        self.probe: int | None = None  # the message that tries an open circuit
        self.wanted = asyncio.Event()

    async def work(self) -> None:
        """Write back results and take messages, turn by turn, until nothing is due and nothing in flight."""
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
        """One transaction: write back what has ended, look at the gateway again, take more messages."""
        results, self.results = self.results, []
        room = 0 if self.run.over else BATCH - len(self.queue)
        target, batch = await self.run.database(self._turn, results, room, bool(self.sending))
        self.queue.extend(batch)
        if target is None or (target.gateway.failures >= retrying.OPENS_AT and not batch):
            await self.give_back()
        else:
            self.target = target
            self.failures = min(target.gateway.failures, retrying.OPENS_AT - 1)
            for _, outcome in self.results:  # That ended meanwhile.
                self.failures = 0 if outcome.ok else self.failures + 1
            self.fill(target)

    def fill(self, target: Target) -> None:
        """Let as many requests run as the gateway may have, which share the queue."""
        share = max(1, IN_FLIGHT_TOGETHER // len(self.run.lanes))
        self.most = retrying.allowance(target.gateway, min(IN_FLIGHT, share))
        if self.failures >= retrying.OPENS_AT:
            self.wanted.set()
            return
        for _ in range(min(self.most - len(self.requests), len(self.queue))):
            request = asyncio.create_task(self.send())
            self.requests.add(request)
            request.add_done_callback(self.requests.discard)

    async def send(self) -> None:
        """Try one message after the other, until there is none or the gateway has failed too often."""
        while self.target and self.queue and self.failures < retrying.OPENS_AT and len(self.requests) <= self.most:
            message, target = self.queue.popleft(), self.target
            self.sending[message.id] = message
            body = payload.message_body(
                message, self.run.titles[message.template], application_id=target.gateway.application.application_id
            )
            headers = payload.headers(f"msg_{message.id}", body, target.signers, at=self.run.now())
            outcome = await post(self.run.session, target.gateway.url, body, headers)
            metrics.gateway_seconds.observe(outcome.seconds)
            del self.sending[message.id]
            self.results.append((message, outcome))
            self.failures = 0 if outcome.ok else self.failures + 1
            if len(self.results) >= BATCH // 2 or self.failures >= retrying.OPENS_AT:
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

    def _give_back(self, messages: list[Leased]) -> None:
        leases.give_back(messages, at=self.run.now())

    def _turn(
        self, results: list[tuple[Leased, Outcome]], room: int, in_flight: bool
    ) -> tuple[Target | None, list[Leased]]:
        """The database's part of `turn`; may be done twice when the connection breaks."""
        with transaction.atomic():
            at = self.run.now()
            if results and self.target:
                verdicts = [retrying.judge(message, outcome, at=at) for message, outcome in results]
                leases.write_back(verdicts)
                transaction.on_commit(lambda: _count(verdicts))
                retrying.record(self.target.gateway, results, probe=self.probe, at=at)
            gateway = Gateway.objects.select_related("application").filter(pk=self.application).first()
            signers = signers_of(gateway) if gateway else []
            if gateway is None or not signers:
                self.run.unsignable |= {self.application} if gateway else set()
                return None, []
            if gateway.failures < retrying.OPENS_AT:
                batch = leases.lease(self.application, most=room, at=at) if room > 0 else []
            elif room and not in_flight and retrying.take_probe(gateway, at=at):
                batch = leases.lease(self.application, most=1, at=at)
                self.probe = batch[0].id if batch else None
            else:
                batch = []
            unknown = {message.template for message in batch} - self.run.titles.keys()
            self.run.titles.update(leases.titles(unknown) if unknown else {})
            return Target(gateway, signers), batch


def _count(verdicts: Sequence[retrying.Verdict]) -> None:
    """Count what became of messages."""
    for state, count in Counter(verdict.state for verdict in verdicts).items():
        metrics.messages.labels(OUTCOMES[state]).inc(count)


def _disconnect() -> None:
    connection.close()

"""Everything that a fault may touch."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import redis

from messaging.stub import Stub
from tests.chaos.devices import Clients
from tests.chaos.installation import Installation
from tests.chaos.meters import Arrivals
from tests.chaos.people import Team
from tests.chaos.stubs import MailServer

POINT_SECONDS = 15.0  # so long a fault waits for a process to come to its point


class Missed(Exception):
    """Nobody came to the point at which the fault waited."""


@dataclass
class World:
    """The installation, what it speaks with, and the dice; `seconds` is how long what is away stays away."""

    one: Installation
    clients: Clients
    teams: list[Team]
    facts: dict[str, Any]
    stub: Stub
    arrivals: Arrivals
    mail: MailServer
    dice: random.Random
    seconds: float

    def kill(self, pids: list[int]) -> None:
        """Kill processes of ours at once; those that are gone already count as killed."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def one_of(self, pids: list[int]) -> list[int]:
        """Choose one; raises Missed when there is none."""
        if not pids:
            raise Missed
        return [self.dice.choice(pids)]

    @contextlib.contextmanager
    def stopped(self, pids: list[int]) -> Iterator[None]:
        """Let processes stand still during the block."""
        try:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def wait(self) -> None:
        """Let what is away be away."""
        time.sleep(self.seconds)

    @contextlib.contextmanager
    def held(self, query: str, *values: object) -> Iterator[None]:
        """Hold locks in a transaction of the harness's own."""
        with self.one.connect() as connection, connection.transaction():
            connection.execute(query, values or None)  # type: ignore[arg-type]
            yield

    @contextlib.contextmanager
    def valkey(self) -> Iterator[redis.Redis]:
        """Speak with Valkey."""
        with redis.Redis.from_url(self.one.environment["REDIS_URL"], socket_timeout=5) as client:
            yield client

    def come_to(self, service: str, statement: str) -> None:
        """Return when a process of the service waits for a lock at such a statement; raises Missed."""
        query = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = %s AND wait_event_type = 'Lock' AND query LIKE %s
        """
        with self.one.connect() as connection:
            self.happens(lambda: connection.execute(query, [f"console-{service}", statement]).fetchone() != (0,))

    def happens(self, holds: Callable[[], bool]) -> None:
        """Return as soon as it holds; raises Missed after POINT_SECONDS."""
        deadline = time.monotonic() + POINT_SECONDS
        while not holds():
            if time.monotonic() > deadline:
                raise Missed
            time.sleep(0.005)


def tolerant(error: BaseException) -> bool:
    """Whether a fault may end so: what it spoke with was away because of an earlier one."""
    return isinstance(error, (psycopg.Error, redis.RedisError, Missed, ProcessLookupError))

"""Looking names up for whoever typed them, so that a silent name server keeps only them waiting.

The system's resolver is asked, which knows the machine's ways (nsswitch.conf, hosts, search list). That takes a thread
for each name, and nothing ends a thread that waits. So an owner, such as a team, has few places in a process, and each
is held until the resolver is through, whether or not somebody still waits for the answer.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, NamedTuple

from aiohttp.abc import AbstractResolver, ResolveResult

PLACES = 32  # look-ups at the same time in a process
EACH = 4  # of them for one owner
SLOW_PLACES, SLOW_EACH = 8, 2  # of those, for names that took long lately
LONG_SECONDS = 3.0  # a resolver waits 5 s for a silent server, and asks it again
LATELY_SECONDS = 600.0


class Asked(NamedTuple):
    """A look-up that waits for a place or has one; `work` asks the resolver and returns what `answer` will have."""

    owner: str
    host: str
    work: Callable[[], Any]
    answer: Future[Any]


class Places:
    """The places of a process, and who waits for one; used by any number of event loops and threads."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.waiting: list[Asked] = []
        self.held: Counter[str] = Counter()  # by owner
        self.held_slow: Counter[str] = Counter()  # of those, the slow ones
        # Until when a name counts as slow. Each has held a place for LONG_SECONDS, so there are some thousands at most.
        self.slow_until: dict[str, float] = {}

    def look_up(self, owner: str, host: str, work: Callable[[], Any]) -> Future[Any]:
        """Do the work in a thread as soon as the owner has a place, unless the answer is cancelled before."""
        asked = Asked(owner, host, work, Future())
        with self.lock:
            self.waiting.append(asked)
            self._fill()
        return asked.answer

    def _fill(self) -> None:
        """Give free places away: first to whom has fewest, of those to who has waited longest. Needs the lock."""
        self.waiting = [each for each in self.waiting if not each.answer.cancelled()]
        while self.held.total() < PLACES and (ready := list(filter(self._has_place, self.waiting))):
            asked = min(ready, key=lambda each: self.held[each.owner])
            self.waiting.remove(asked)
            if asked.answer.set_running_or_notify_cancel():
                self._begin(asked)

    def _has_place(self, asked: Asked) -> bool:
        """Whether the owner may have one more, for that name."""
        if self.held[asked.owner] >= EACH:
            return False
        free = self.held_slow.total() < SLOW_PLACES and self.held_slow[asked.owner] < SLOW_EACH
        return free or not self._is_slow(asked.host)

    def _is_slow(self, host: str) -> bool:
        return self.slow_until.get(host, 0.0) > time.monotonic()

    def _begin(self, asked: Asked) -> None:
        taken = Counter([asked.owner])
        slow = taken if self._is_slow(asked.host) else Counter[str]()
        self.held, self.held_slow = self.held + taken, self.held_slow + slow
        try:
            # Nothing waits for it when the process ends.
            threading.Thread(target=self._look, args=(asked, taken, slow), name="names", daemon=True).start()
        except RuntimeError as error:  # The machine gives us no more threads.
            self.held, self.held_slow = self.held - taken, self.held_slow - slow
            asked.answer.set_exception(OSError(str(error)))

    def _look(self, asked: Asked, taken: Counter[str], slow: Counter[str]) -> None:
        began, found, failed = time.monotonic(), None, None
        try:
            found = asked.work()
        except Exception as error:
            failed = error
        with self.lock:
            self._note(asked.host, began)
            self.held, self.held_slow = self.held - taken, self.held_slow - slow
            self._fill()
        if failed:
            asked.answer.set_exception(failed)
        else:
            asked.answer.set_result(found)

    def _note(self, host: str, began: float) -> None:
        """Remember whether the name took long, and forget those that did so long ago."""
        now = time.monotonic()
        self.slow_until.pop(host, None)
        if now - began >= LONG_SECONDS:
            self.slow_until = {each: until for each, until in self.slow_until.items() if until > now}
            self.slow_until[host] = now + LATELY_SECONDS


_places = Places()


class Resolver(AbstractResolver):
    """Looks names up for an owner, in the places that it has."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of the host; raises OSError. Who waits no longer cancels it."""
        flags = socket.AI_ADDRCONFIG
        work = partial(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=flags)
        infos = await asyncio.wrap_future(_places.look_up(self.owner, host, work))
        return [_result(host, *info) for info in infos]

    async def close(self) -> None:
        """Leave it to the places: they are shared."""


def _result(host: str, family: int, _kind: int, protocol: int, _name: str, address: Any) -> ResolveResult:
    """Return an address as aiohttp has it; of one that is only valid on a network interface, with the interface."""
    scope = f"%{address[3]}" if family == socket.AF_INET6 and address[3] else ""
    return ResolveResult(
        hostname=host,
        host=f"{address[0]}{scope}",
        port=address[1],
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )

"""How long each part gives no good answer: each is asked all the time, whatever else happens."""

from __future__ import annotations

import bisect
import itertools
import threading
import time
from collections.abc import Callable

import psycopg

from messaging.stub import Stub
from tests.chaos.devices import UPDATE, Clients, update_of
from tests.chaos.installation import Installation
from tests.chaos.ledger import Lost
from tests.chaos.people import Person

DEVICES, PAGES, JOBS, MAIL, PLACES = "devices", "pages", "jobs", "mail", "places"
EACH_SECONDS = {DEVICES: 0.1, PAGES: 0.3, JOBS: 0.1, MAIL: 0.5, PLACES: 0.1}
WELL_SECONDS = 2.0  # a busy machine may take so long for an answer
PROMPT_SECONDS = 1.0  # a message or mail on its way is no outage before
# As for messages: one that a dead worker holds is waited for until its lease is over, others pass it meanwhile.
MAIL_WAITS = """
    SELECT extract(epoch FROM now() - min(created_at)) FROM accounts_notification
    WHERE by_email AND emailed_at IS NULL
        AND created_at > coalesce((SELECT max(emailed_at) FROM accounts_notification), '-infinity')
"""
LONGEST_MAIL = "SELECT extract(epoch FROM max(emailed_at - created_at)) FROM accounts_notification"


class Meter(threading.Thread):
    """Asks a part again and again, and remembers when it was answered well."""

    def __init__(self, name: str, is_good: Callable[[], bool], stop: threading.Event) -> None:
        super().__init__(name=f"meter-{name}", daemon=True)
        self.part, self.is_good, self.stop = name, is_good, stop
        self.good: list[float] = []

    def run(self) -> None:
        """Ask until the end."""
        while not self.stop.is_set():
            began = time.monotonic()
            if self.is_good():
                self.good.append(time.monotonic())
            self.stop.wait(max(0.02, began + EACH_SECONDS[self.part] - time.monotonic()))

    def longest(self, since: float, until: float) -> float:
        """Return the longest time without a good answer that touches these moments, in seconds."""
        good = self.good.copy()
        first = max(bisect.bisect_left(good, since) - 1, 0)
        last = bisect.bisect_right(good, until)
        times = [*good[first:last], until]
        return max((after - before for before, after in itertools.pairwise(times)), default=until - since)

    def is_good_since(self, moment: float) -> bool:
        """Whether it was answered well twice after the moment, and is still."""
        return len(self.good) > 1 and self.good[-2] > moment and time.monotonic() - self.good[-1] < WELL_SECONDS


class Arrivals:
    """When messages came to the gateway; tells whether those that wait are on their way."""

    def __init__(self, stub: Stub, clients: Clients) -> None:
        self.clients = clients
        self.at: dict[str, float] = {}  # message id → when it came first
        self.newest = 0.0
        self.received: Callable[[], object] | None = None
        stub.say = self._note

    def _note(self, words: str) -> None:
        """`words` are what the stub says of a message before it answers."""
        path, message_id = words.split()[:2]
        if path == "/good":
            self.at.setdefault(message_id, time.monotonic())
            self.newest = time.monotonic()
            if self.received is not None:
                self.received()

    def are_prompt(self) -> bool:
        """Whether no message that was accepted after the newest arrival has waited for more than PROMPT_SECONDS.

        One that a dead worker holds is waited for until its lease is over: others pass it meanwhile.
        """
        now, newest = time.monotonic(), self.newest
        recent = self.clients.accepted[-500:]
        waiting = [at for message_id, at in recent if at > newest and message_id not in self.at]
        return not waiting or now - min(waiting) < PROMPT_SECONDS

    def longest_wait(self) -> float:
        """Return how long a single message was on its way, in seconds."""
        waits = [self.at[message_id] - at for message_id, at in self.clients.accepted if message_id in self.at]
        return max(waits, default=0.0)


def meters(one: Installation, clients: Clients, arrivals: Arrivals, person: Person) -> dict[str, Meter]:
    """Return the meters of all parts; they end with the clients' load."""
    numbers = itertools.count()

    def devices() -> bool:
        content = update_of(clients.steady["app_id"], f"0302{next(numbers) % 5000:028}")
        try:
            return clients.post(UPDATE, content, timeout=1.0).status == 200
        except Lost:
            return False

    def pages() -> bool:
        try:
            if not person.session:
                person.sign_in()
            return person.get("/notifications/", timeout=5.0).status == 200
        except (Lost, RuntimeError):
            return False

    def mail() -> bool:
        try:
            return float(one.rows(MAIL_WAITS)[0][0] or 0) < PROMPT_SECONDS
        except psycopg.Error:
            return False

    asked = {DEVICES: devices, PAGES: pages, JOBS: arrivals.are_prompt, MAIL: mail}
    return {name: Meter(name, is_good, clients.stop) for name, is_good in asked.items()}

"""How often a machine may ask.

Counted in the process that answers, not in Valkey: a round trip costs more than the whole update check, and
what the limit protects, this process, is not endangered by what another one serves. With N processes a device
gets at most N times the limit.
"""

from __future__ import annotations

import re
import time
from array import array
from collections.abc import Hashable

UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
RATE = re.compile(r"\s*([0-9]+)\s*(?:/|per)\s*([1-9][0-9]*)?\s*(second|minute|hour|day)s?\s*", re.IGNORECASE)
SLOTS = 1 << 19  # of 4 bytes: memory does not grow with devices, nor with an attacker's invented GUIDs


def parse(rate: str) -> tuple[int, int]:
    """Return how many may come in how many seconds: (600, 60) for "600/minute", (5, 30) for "5 per 30 seconds"."""
    found = RATE.fullmatch(rate)
    if found is None:
        raise ValueError(
            f"{rate!r} is not a rate. Write, for example, 600/minute; the units are second, minute, hour and day."
        )
    amount, every, unit = found.groups()
    return int(amount), int(every or 1) * UNITS[unit.lower()]


class Counter:
    """Counts in fixed windows, in a table of slots that keys are hashed to.

    Two keys in one slot share its count. That matters only to who meets an abuser's slot (one in 500,000 for
    each abuser), until the window ends; strings are hashed with a secret of the process, so nobody can aim.
    Threads may lose a count to one another, which only makes the limit a little more generous.
    """

    def __init__(self, rate: str) -> None:
        self.amount, self.seconds = parse(rate)
        self._window = -1
        self._counts = array("I")

    def is_over(self, *key: Hashable) -> bool:
        """Return whether one more would be too many; counts nothing."""
        window = int(time.monotonic() // self.seconds)
        return window == self._window and self._counts[hash(key) % SLOTS] >= self.amount

    def left(self, *key: Hashable) -> tuple[int, int]:
        """Return how many may still come in this window, and in how many seconds it ends."""
        now = time.monotonic()
        window = int(now // self.seconds)
        counted = self._counts[hash(key) % SLOTS] if window == self._window else 0
        return max(self.amount - counted, 0), int((window + 1) * self.seconds - now) + 1

    def count(self, *key: Hashable) -> int:
        """Count one request; return 0, or how many seconds it is until the window ends when it is one too many."""
        now = time.monotonic()
        window = int(now // self.seconds)
        if window != self._window:
            self._counts, self._window = array("I", bytes(4 * SLOTS)), window
        slot = hash(key) % SLOTS
        count = self._counts[slot]
        if count >= self.amount:
            return int((window + 1) * self.seconds - now) + 1
        self._counts[slot] = count + 1
        return 0

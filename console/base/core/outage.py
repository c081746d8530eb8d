"""A service that is away, as far as a process knows: asked again after a pause, by one thread at a time."""

from __future__ import annotations

import time

PAUSE_SECONDS = 5.0  # without a try, after the service did not answer
TRY_SECONDS = 30.0  # for which the others leave a try to one thread: no time-out limits how long a name is looked up


class Outage:
    """True while the service is known to be away. Any thread may ask."""

    not_before = 0.0  # by `time.monotonic`: the next try; 0 where the service answers

    def __bool__(self) -> bool:
        return self.not_before > 0

    @property
    def is_pausing(self) -> bool:
        """Whether nobody should ask now: a try has just failed, or is under way."""
        return time.monotonic() < self.not_before

    def begin_try(self) -> bool:
        """Return whether to ask now; where the service was away, the others wait for what comes of it."""
        if self.is_pausing:
            return False
        if self:
            self.not_before = time.monotonic() + TRY_SECONDS
        return True

    def goes_on(self) -> None:
        """The service did not answer: an outage has begun, or is not over."""
        self.not_before = time.monotonic() + PAUSE_SECONDS

    def ends(self) -> None:
        """The service answered."""
        self.not_before = 0.0

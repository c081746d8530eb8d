"""Bringing accepted messages to gateways (M-7)."""

from __future__ import annotations

from typing import NamedTuple

from messaging.models import Gateway


class Outcome(NamedTuple):
    """How one try ended: `status` of the answer (None without one), `reason` in English when it was not a success."""

    ok: bool
    status: int | None
    reason: str
    seconds: float


def send_test(gateway: Gateway) -> Outcome:
    """Send a test message (type `gateway.test`) now, once, signed as real ones; for the button on the page."""
    raise NotImplementedError

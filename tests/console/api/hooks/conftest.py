"""Teams whose events go to receivers on this machine."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.base.core.outbox import lanes
from tests.console.api.hooks.receiver import deliver_all


@pytest.fixture(scope="module", autouse=True)
def own_loop(no_running_loop: None) -> None:
    """Delivery runs one."""


@pytest.fixture(autouse=True)
def on_this_machine(settings, monkeypatch):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(lanes, "LINGER_SECONDS", 0)


@pytest.fixture
def run() -> Callable[[], None]:
    """Deliver what is due; what waits for its next try, and for a circuit, is due by then."""
    return deliver_all

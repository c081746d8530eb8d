"""Teams whose events go to receivers on this machine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from console.api.hooks import delivery
from console.api.hooks.models import Delivery, Webhook
from console.base.core.outbox import lanes


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

    def deliver() -> None:
        soon = timezone.now() - timedelta(seconds=1)
        Delivery.objects.filter(state="waiting").update(next_try_at=soon)
        Webhook.objects.filter(open_until__isnull=False).update(open_until=soon)
        delivery.deliver(wake=lambda: None)

    return deliver

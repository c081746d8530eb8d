"""Bringing accepted messages to gateways (M-7), as `console.base.core.outbox` brings anything."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime

import aiohttp
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook

from console.base.core import egress, metrics
from console.base.core.outbox import lanes
from console.base.core.outbox.lanes import Courier, Target
from console.base.core.outbox.posting import Outcome, post, timeout
from console.base.core.outbox.signing import headers
from console.base.core.sealing import Unreadable
from console.base.hosts.models import ServerSecret
from messaging import leases, payload
from messaging.models import Gateway
from messaging.payload import Leased, Titles
from messaging.states import MessageState

__all__ = ["Outcome", "deliver", "run", "send_test"]

logger = logging.getLogger(__name__)

OUTCOMES: dict[str, str] = {
    MessageState.DELIVERED: "delivered",
    MessageState.FAILED: "failed",
    MessageState.WAITING: "retry",
}


class MessageCourier(Courier[Leased]):
    """Brings messages to the gateways of applications; the means are what signs them."""

    outbox = leases.MESSAGES
    item = Leased
    what = "messages"
    queue = "deliver"

    def __init__(self) -> None:
        self.titles: dict[int, Titles] = {}

    def deliverable(self, *, at: datetime) -> set[int]:
        return leases.deliverable(at=at)

    def target(self, receiver: int) -> Target | None:
        gateway = Gateway.objects.select_related("application").filter(pk=receiver).first()
        return Target(gateway, signers_of(gateway), _owner(gateway)) if gateway else None

    def prepare(self, batch: Sequence[Leased]) -> None:
        unknown = {message.template for message in batch} - self.titles.keys()
        self.titles.update(leases.titles(unknown) if unknown else {})

    def pauses(self) -> Sequence[int]:
        found: list[int] = settings.MESSAGE_RETRY_SECONDS
        return found

    async def send(self, session: aiohttp.ClientSession, target: Target, item: Leased, *, at: datetime) -> Outcome:
        gateway = target.receiver
        assert isinstance(gateway, Gateway)  # noqa: S101 - for the type checker
        application_id = gateway.application.application_id
        body = payload.message_body(item, self.titles[item.template], application_id=application_id)
        outcome = await post(session, gateway.url, body, headers(f"msg_{item.id}", body, target.means, at=at))
        metrics.gateway_seconds.observe(outcome.seconds)
        return outcome

    def count(self, target: Target, verdicts: Counter[str]) -> None:
        for state, count in verdicts.items():
            metrics.messages.labels(OUTCOMES[state]).inc(count)


def deliver(*, wake: Callable[[], object]) -> None:
    """Deliver what is due unless enough runs are on their way; `wake` is called when another one should be."""
    lanes.deliver(MessageCourier(), wake=wake)


def run() -> set[int]:
    """Deliver what is due, as `lanes.run` has it; returns the applications for which nothing can be signed."""
    return lanes.run(MessageCourier())


def send_test(gateway: Gateway) -> Outcome:
    """Send a test message (type `gateway.test`) now, once, signed as real ones; for the button on the page."""
    signers, at = signers_of(gateway), timezone.now()
    if not signers:
        return Outcome(False, None, "The host app has no server secret", 0.0)
    body = payload.test_body(application_id=gateway.application.application_id, at=at)
    signed = headers(f"msg_test_{gateway.pk}_{time.time_ns()}", body, signers, at=at)

    async def send() -> Outcome:
        async with egress.session(owner=_owner(gateway), timeout=timeout()) as session:
            return await post(session, gateway.url, body, signed)

    return asyncio.run(send())


def _owner(gateway: Gateway) -> str:
    return f"host app {gateway.application_id}"


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

"""The demo's webhooks: what they hear is the demo's own history, and the demo's gateway takes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from console.api.hooks import formats
from console.api.hooks.actions import create
from console.api.hooks.delivery import CALLED
from console.api.hooks.formats import Means
from console.api.hooks.models import Delivery, Webhook
from console.base.accounts.models import User
from console.base.core.outbox.posting import Answer, Outcome
from console.base.core.sealing import seal
from console.local.demo.messages import gateway_port
from miniprograms.models import MiniProgram

# By the path at the demo's gateway: made hours ago, what it hears.
WEBHOOKS: dict[str, tuple[float, list[str]]] = {
    "good": (24 * 32, ["version.*", "grayscale.*", "binding.*"]),
    "failing": (24 * 20, ["version.*", "mini_program.*"]),
}
FAILING_HOURS = 60  # since when the second one fails
APPLICATION = "Metro Wallet"  # whose server secret the gateway knows

Move = Callable[..., object]  # takes the moment as `at`


class Webhooks:
    """Webhooks of a team as moves among the programs' others, and in the end what became of their deliveries."""

    def __init__(self, programs: dict[str, MiniProgram], people: dict[str, User], secrets: dict[str, str]) -> None:
        self.programs, self.people, self.secrets = programs, people, secrets

    def moves(self) -> list[tuple[float, Move]]:
        """Return (hours before now, what is done then)."""
        return [(hours, partial(self._make, path, names)) for path, (hours, names) in WEBHOOKS.items()]

    def settle(self) -> None:
        """Let all have arrived when it happened, but what the failing one heard lately."""
        now = timezone.now()
        failing_from = now - timedelta(hours=FAILING_HOURS)
        for delivery in Delivery.objects.select_related("webhook"):
            at = datetime.fromisoformat(json.loads(delivery.payload)["timestamp"])
            fails = delivery.webhook.address.endswith("failing") and at > failing_from
            _settle(delivery, at, ok=not fails, secret=self.secrets[APPLICATION], now=now)
        for webhook in Webhook.objects.all():
            _note(webhook)

    def _make(self, path: str, names: list[str], *, at: datetime) -> None:
        url, by = f"http://127.0.0.1:{gateway_port()}/{path}", self.people["mira@example.com"]
        team = self.programs["City Bus"].team
        row = create(team, url=url, format="standard", language="en", patterns=names, by=by, at=at).row
        secret = self.secrets[APPLICATION]
        row.secrets.update(sealed=seal(secret), hint=secret[-4:])  # the one that the demo's gateway can verify


def _settle(delivery: Delivery, at: datetime, *, ok: bool, secret: str, now: datetime) -> None:
    """Write down one try, and that a failed one was the last or will be followed."""
    hook, seconds = delivery.webhook, 0.04 + delivery.pk % 9 / 100
    answer = Answer((("Content-Length", "0"), ("Server", "demo")), b"")
    reason = "" if ok else f"{CALLED} responded with 503"
    outcome = Outcome(ok, 204 if ok else 503, reason, seconds, answer=answer)
    means = Means(hook.url, [secret])
    request = formats.request_of(
        hook.format, event_id=delivery.event_id, payload=delivery.payload, language="en", means=means, at=at
    )
    delivery.attempts = [formats.attempt_of(request, outcome, address=hook.address, at=at)]
    delivery.created_at, delivery.status, delivery.reason, delivery.tries = at, outcome.status, reason, 1
    delivery.state, delivery.finished_at = ("delivered", at) if ok else ("failed", min(at + timedelta(days=1), now))
    delivery.save()


def _note(webhook: Webhook) -> None:
    """Write down how the webhook did."""
    done = webhook.deliveries.order_by("-created_at")
    success, failure = done.filter(state="delivered").first(), done.filter(state="failed").first()
    webhook.last_success_at = success.created_at if success else None
    if failure:
        webhook.last_failure_at, webhook.last_failure = failure.created_at, failure.reason
        first = done.filter(state="failed").last()
        webhook.failures, webhook.failing_since = 3, first.created_at if first else None
    webhook.save()

"""A receiver of webhooks: each request is verified by the libraries that receivers use, and may fail at random."""

from __future__ import annotations

import asyncio
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import standardwebhooks
import svix
from aiohttp import web
from django.utils import timezone

from console.api.hooks import delivery
from console.api.hooks.models import Delivery, Webhook


class Receiver:
    """What came: `events` by webhook-id, each verified; `seen` counts how often, `taken` how often it was accepted.

    `answers` are given in turn, the last one for ever: a status, or (status, body, headers). With a `chance` of 0 to 1
    it answers 503 or breaks off at random.
    """

    def __init__(self, secret: str, *answers: Any, chance: float = 0.0, seed: int = 20) -> None:
        self.libraries = [svix.Webhook(secret), standardwebhooks.Webhook(secret)] if secret else []
        self.answers = list(answers) or [204]
        self.chance, self.random = chance, random.Random(seed)
        self.events: dict[str, dict[str, Any]] = {}
        self.seen: Counter[str] = Counter()
        self.taken: Counter[str] = Counter()
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.refused = 0
        self.url = ""

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Verify, remember, answer."""
        body, headers = await request.read(), {name.lower(): value for name, value in request.headers.items()}
        self.requests.append((request.path_qs, headers, body))
        key = headers.get("webhook-id", str(len(self.requests)))
        try:
            for library in self.libraries:
                library.verify(body, headers)
        except (svix.WebhookVerificationError, standardwebhooks.WebhookVerificationError):
            self.refused += 1
            return web.Response(status=401)
        self.seen[key] += 1
        self.events[key] = json.loads(body)
        if self.random.random() < self.chance:
            if self.random.random() < 0.5 and request.transport:
                request.transport.close()
            return web.Response(status=503)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        status, text, extra = answer if isinstance(answer, tuple) else (answer, "", {})
        if status < 300:
            self.taken[key] += 1
        return web.Response(status=status, text=text, headers=extra)


@contextmanager
def receiving(secret: str = "", *answers: Any, **options: Any) -> Iterator[Receiver]:
    """Run a receiver in a thread of its own while the block runs."""
    receiver, loop = Receiver(secret, *answers, **options), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> web.ServerRunner:
        runner = web.ServerRunner(web.Server(receiver.answer, access_log=None), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hooks"
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), loop).result(timeout=20)
    try:
        yield receiver
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(timeout=20)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def deliver_all() -> None:
    """Deliver what waits, also for its next try or for a circuit."""
    soon = timezone.now() - timedelta(seconds=1)
    Delivery.objects.filter(state="waiting").update(next_try_at=soon)
    Webhook.objects.filter(open_until__isnull=False).update(open_until=soon)
    delivery.deliver(wake=lambda: None)

"""Gateways that are there, and messages for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.utils import timezone

from messaging import delivery
from messaging.models import Gateway, Message, MyTemplate
from messaging.stub import Stub, serving
from tests.factories import (
    make_application,
    make_consent,
    make_gateway,
    make_message,
    make_program,
    make_program_user,
    make_server_secret,
    make_template,
)

PATIENCE = 60.0


@contextmanager
def gateway_at(path: str = "/good") -> Iterator[tuple[Gateway, Stub]]:
    """An application with a server secret, and a stub that plays its gateway at the path."""
    application = make_application()
    with serving(make_server_secret(application)) as stub:
        yield make_gateway(application, f"{stub.url}{path}"), stub


def waiting(gateway: Gateway, count: int = 1, template: MyTemplate | None = None, **fields: object) -> list[Message]:
    """Messages that wait for the gateway."""
    template = template or make_template(make_program())
    user = make_program_user(template.mini_program, gateway.application)
    consent = make_consent(user, template, granted=count)
    return [make_message(consent, **fields) for _ in range(count)]


def run() -> None:
    """Deliver what is due, without waiting for more."""
    delivery.deliver(wake=lambda: None)


def make_due(gateway: Gateway | None = None) -> None:
    """Let the time of every waiting message come, and that of the gateway's circuit."""
    now = timezone.now() - timedelta(seconds=1)
    Message.objects.filter(state="waiting").update(next_try_at=now)
    if gateway:
        Gateway.objects.filter(pk=gateway.pk, open_until__isnull=False).update(open_until=now)


def facts(*names: str, **of: object) -> list[tuple[object, ...]]:
    """These fields of each message, oldest first."""
    return list(Message.objects.filter(**of).order_by("pk").values_list(*names))


def until(done: Callable[[], bool]) -> None:
    """Wait until `done()` holds."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)

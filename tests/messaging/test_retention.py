"""Which messages are deleted, and that what counts them does not notice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from console.base.core import retention
from console.base.core.errors import ServerRefused
from console.base.core.retention import KINDS, Place
from messaging.models import Message
from messaging.sending import Sending, send
from messaging.states import PUSHES_PER_DAY
from miniprograms.actions import user_of
from miniprograms.models import MiniProgram, ProgramUser
from tests import factories

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DATA = {"thing1": "Harbour Clinic", "time2": "2026-11-27 14:30"}


@pytest.fixture
def user(program: MiniProgram) -> ProgramUser:
    binding = program.bindings.select_related("application").get()
    factories.make_gateway(binding.application)
    return user_of(program, application=binding.application, account="ann")


def run(at: datetime, days: int = 180) -> list[int]:
    """Go through the steps; return how many rows each has deleted."""
    return list(KINDS["messages"].steps(at, days, Place()))


def left() -> set[int]:
    return set(Message.objects.values_list("pk", flat=True))


def test_finished_messages_go_and_waiting_ones_never(program: MiniProgram, user: ProgramUser) -> None:
    consent = factories.make_consent(user, factories.make_template(program), granted=9)
    at = timezone.now()
    old, sent = {"finished_at": at - 180 * DAY - SECOND}, {"accepted_at": at - 181 * DAY}
    factories.make_message(consent, state="delivered", **old, **sent)
    factories.make_message(consent, state="failed", **old, **sent)
    kept = [
        factories.make_message(consent, state="waiting", **sent),
        factories.make_message(consent, state="failed", finished_at=at - DAY, **sent),  # it was sent again
        factories.make_message(consent, state="delivered", finished_at=at - 180 * DAY, **sent),
        factories.make_message(consent, state="delivered"),
    ]

    assert sum(run(at)) == 2

    assert left() == {message.pk for message in kept}
    assert KINDS["messages"].oldest() == kept[0].accepted_at


def test_each_step_is_bounded(program: MiniProgram, user: ProgramUser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    consent = factories.make_consent(user, factories.make_template(program), granted=9)
    at = timezone.now()
    for _ in range(5):
        factories.make_message(consent, state="delivered", finished_at=at - 200 * DAY, accepted_at=at - 200 * DAY)
    steps = run(at)
    assert (max(steps), sum(steps), left()) == (2, 5, set())


def test_a_one_time_consent_stays_used(program: MiniProgram, user: ProgramUser) -> None:
    template = factories.make_template(program)
    factories.make_consent(user, template, granted=2)
    sending = Sending(user.openid, template.template_id, DATA)
    first = send(program, sending)
    Message.objects.filter(pk=first).update(
        state="delivered", finished_at=timezone.now() - 200 * DAY, accepted_at=timezone.now() - 200 * DAY
    )
    assert sum(run(timezone.now())) == 1

    second = send(program, sending)
    with pytest.raises(ServerRefused, match="43101"):
        send(program, sending)
    assert Message.objects.get().pk == second
    assert Message.objects.get().ordinal == 2


def test_the_pushes_of_a_day_stay_counted(program: MiniProgram, user: ProgramUser) -> None:
    template = factories.make_template(program, kind="long_term")
    factories.make_consent(user, template)
    sending = Sending(user.openid, template.template_id, DATA)
    for _ in range(PUSHES_PER_DAY):
        send(program, sending)
    Message.objects.update(state="delivered", finished_at=timezone.now(), accepted_at=timezone.now())
    assert sum(run(timezone.now() + 31 * DAY, days=30)) == PUSHES_PER_DAY
    with pytest.raises(ServerRefused, match="45009"):
        send(program, sending)


def test_an_idempotency_key_holds_as_long_as_its_message(program: MiniProgram, user: ProgramUser) -> None:
    template = factories.make_template(program)
    factories.make_consent(user, template, granted=2)
    sending = Sending(user.openid, template.template_id, DATA)
    first = send(program, sending, idempotency_key="k", body_sha256="b")
    assert send(program, sending, idempotency_key="k", body_sha256="b") == first
    at = timezone.now()
    Message.objects.update(state="delivered", finished_at=at - 200 * DAY, accepted_at=at - 200 * DAY)
    run(at)
    assert send(program, sending, idempotency_key="k", body_sha256="b") != first

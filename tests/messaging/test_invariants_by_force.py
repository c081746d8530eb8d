"""M-6 and M-7 by force: 64 senders in real processes, some killed at any step, clocks that go back and forth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from messaging.models import Consent, Message
from miniprograms.models import MiniProgram
from tests import factories
from tests.messaging.senders import Nursery, Senders

pytestmark = pytest.mark.django_db(transaction=True)

PROCESSES = 2  # with 32 senders each
DATA = {"thing1": "Harbour Street", "time2": "2026-11-27 14:30"}
# In one statement, so of one moment: what a consent says, and the messages that it became.
COUNTED = """
    SELECT consent.granted, consent.used, count(message.id), count(DISTINCT message.ordinal)
    FROM messaging_consent AS consent LEFT JOIN messaging_message AS message ON message.consent_id = consent.id
    GROUP BY consent.id ORDER BY consent.id
"""


@pytest.fixture(scope="module")
def nursery(django_db_setup: None) -> Iterator[Nursery]:
    """Forks the processes."""
    with Nursery.open() as found:
        yield found


@pytest.fixture
def program(transactional_db: None) -> MiniProgram:
    """Bound to an application that takes messages."""
    binding = factories.make_binding(factories.make_program())
    factories.make_gateway(binding.application)
    return binding.mini_program


def make_consents(program: MiniProgram, count: int, kind: str = "one_time", **fields: Any) -> list[dict[str, Any]]:
    """Consents of as many users, and what to send to them."""
    application = program.bindings.get().application
    template = factories.make_template(program, kind=kind)
    users = [factories.make_program_user(program, application) for _ in range(count)]
    for user in users:
        factories.make_consent(user, template, **fields)
    return [{"touser": user.openid, "template_id": template.template_id, "data": DATA} for user in users]


@contextmanager
def running(*started: Senders) -> Iterator[list[Senders]]:
    """Leave none behind."""
    senders = list(started)
    try:
        yield senders
    finally:
        for one in senders:
            one.kill()


def check(granted: int) -> int:
    """Each consent was granted so often, and its messages are as many as were used; return how many altogether."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTED)
        rows = cursor.fetchall()
    for row in rows:
        assert row[0] == granted >= row[1] == row[2] == row[3], rows
    return sum(row[1] for row in rows)


def test_never_more_messages_than_accepts(nursery: Nursery, program: MiniProgram) -> None:
    sends = make_consents(program, 6, granted=5)
    with running(*(Senders(nursery, program.pk, sends) for _ in range(PROCESSES))) as senders:
        answers = [answer for one in senders for answer in one.finish()]
    assert check(granted=5) == 30
    ids = [answer for answer in answers if answer > 0]
    assert len(set(ids)) == len(ids) == 30
    assert Counter(answer for answer in answers if answer < 0) == {-43101: 6 * 64 - 30}


def test_senders_that_are_killed(nursery: Nursery, program: MiniProgram) -> None:
    sends = make_consents(program, 4, granted=100)
    keyed = [{**one, "key": f"key-{number}"} for number, one in enumerate(sends * 40)]
    told = 0
    with running() as senders:
        for work in (sends, keyed, sends):
            senders.append(Senders(nursery, program.pk, work, rounds=1000))
            for _ in range(30):
                told += int(senders[-1].answers.readline()) > 0
            senders[-1].kill()
            check(granted=100)
        senders.append(Senders(nursery, program.pk, sends, rounds=30))
        told += sum(answer > 0 for answer in senders[-1].finish())
    assert check(granted=100) == 400
    assert 120 - 90 <= told <= 400 + 90  # Those of the killed are not all known; a key answers again.


def test_killed_between_the_statement_and_its_commit(nursery: Nursery, program: MiniProgram) -> None:
    sends = [{**one, "key": f"key-{number}"} for number, one in enumerate(make_consents(program, 1, granted=3))]
    with running(Senders(nursery, program.pk, sends, threads=1, pause=True)) as senders:
        assert senders[0].answers.readline() == "inside\n"
        senders[0].kill()
        assert check(granted=3) == 0
        senders.append(Senders(nursery, program.pk, sends, threads=1, rounds=2))
        first, second = senders[1].finish()
    assert first == second == Message.objects.get().pk


def test_never_a_sixth_of_a_day(nursery: Nursery, program: MiniProgram) -> None:
    sends = make_consents(program, 3, kind="long_term")
    midnight = datetime(2026, 11, 28, tzinfo=UTC)
    times = [midnight + timedelta(hours=hours) for hours in (-25, -1, 0, 1, 23, 25)]
    job = {"times": [at.isoformat() for at in times], "rounds": 3}
    with running(*(Senders(nursery, program.pk, sends, **job) for _ in range(PROCESSES))) as senders:
        answers = [answer for one in senders for answer in one.finish()]
    pushes = Counter(Message.objects.values_list("consent", "day"))
    ordinals = set(Message.objects.values_list("consent", "day", "ordinal"))
    assert max(pushes.values()) == 5 and len(ordinals) == sum(pushes.values())
    last = times[-1].date()
    for consent in Consent.objects.all():
        assert (consent.day, consent.pushed, pushes[consent.pk, last]) == (last, 5, 5)
    assert {answer for answer in answers if answer < 0} == {-45009}
    assert sum(answer > 0 for answer in answers) == sum(pushes.values())


def test_one_key_is_one_message(nursery: Nursery, program: MiniProgram) -> None:
    for granted in (1, 50):  # Also when the first one uses up the consent.
        (one,) = make_consents(program, 1, granted=granted)
        sends = [{**one, "key": f"key-{granted}"}]
        with running(*(Senders(nursery, program.pk, sends, threads=8) for _ in range(2))) as senders:
            answers = [answer for one in senders for answer in one.finish()]
        message = Message.objects.get(idempotency_key=f"key-{granted}")
        assert answers == [message.pk] * 16
        assert Consent.objects.get(pk=message.consent_id).used == 1

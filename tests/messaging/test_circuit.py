"""A gateway that fails again and again is left in peace, and delays nobody else (M-7)."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from console.base.core import times
from console.base.core.outbox import lanes, retrying
from console.base.core.outbox.posting import Outcome
from console.base.core.outbox.retrying import OPENS_AT
from messaging import leases
from messaging.delivery import MessageCourier
from messaging.models import Gateway, Message
from messaging.rules import expires_at
from tests.console.holding import another, end_own, impatient
from tests.messaging.delivering import facts, gateway_at, make_due, run, waiting

pytestmark = pytest.mark.django_db(transaction=True)

GOOD, BAD = Outcome(True, 204, "", 0.1), Outcome(False, 503, "The gateway responded with 503", 0.1)


@pytest.fixture(autouse=True)
def on_this_machine(settings, monkeypatch):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(lanes, "LINGER_SECONDS", 0)


def tried(gateway, *outcomes, probe=None):
    """Record outcomes of messages 1, 2, 3 … and return the row."""
    now = timezone.now()
    pairs = enumerate(outcomes, 1)
    retrying.record(Gateway.objects.get(pk=gateway.pk), pairs, probe=probe, at=now)
    return Gateway.objects.get(pk=gateway.pk), now


def test_it_opens_after_ten_failures_in_a_row():
    with gateway_at() as (gateway, _):
        row, _now = tried(gateway, *[BAD] * (OPENS_AT - 1))
        assert (row.failures, row.open_until) == (OPENS_AT - 1, None)
        row, _now = tried(gateway, GOOD, *[BAD] * (OPENS_AT - 1))
        assert (row.failures, row.open_until, row.last_failure) == (
            OPENS_AT - 1,
            None,
            "The gateway responded with 503",
        )
        row, now = tried(gateway, BAD, BAD, BAD)
        assert (row.failures, row.open_until) == (OPENS_AT, now + timedelta(seconds=5))
        assert row.is_open(at=now)
        row, _late = tried(gateway, BAD)  # It was in flight.
        assert (row.failures, row.open_until) == (OPENS_AT, now + timedelta(seconds=5))
        row, now = tried(gateway, GOOD)
        assert (row.failures, row.open_until, row.last_success_at) == (0, now, now)


def test_pauses_grow_with_each_failed_probe():
    with gateway_at() as (gateway, _):
        tried(gateway, *[BAD] * OPENS_AT)
        pauses = []
        for _ in range(8):
            row, now = tried(gateway, BAD, probe=1)
            pauses.append((row.open_until - now).total_seconds())
        assert pauses == [10, 20, 40, 80, 160, 300, 300, 300]


def test_one_worker_gets_the_probe():
    with gateway_at() as (gateway, _):
        now = timezone.now()
        assert not retrying.take_probe(gateway, at=now)  # It is not failing.
        Gateway.objects.update(failures=OPENS_AT, open_until=now - timedelta(seconds=1))
        waiting(gateway, next_try_at=now)
        assert leases.deliverable(at=now) == {gateway.pk}
        assert [retrying.take_probe(gateway, at=now) for _ in range(3)] == [True, False, False]
        assert leases.deliverable(at=now) == set()


def test_a_clock_that_is_set_back_keeps_no_circuit_open():
    with gateway_at() as (gateway, _):
        now = timezone.now()
        waiting(gateway, next_try_at=now)
        for ahead, due in ((timedelta(minutes=5), set()), (timedelta(days=1), {gateway.pk})):
            Gateway.objects.update(failures=OPENS_AT, open_until=now + ahead)
            assert leases.deliverable(at=now) == due
        assert retrying.take_probe(gateway, at=now)
        row, _now = tried(gateway, BAD, probe=1)
        assert row.open_until < now + timedelta(minutes=1)


def test_a_receiver_that_somebody_holds_is_not_waited_for():
    with gateway_at() as (gateway, _), another() as other, impatient():
        now = timezone.now()
        Gateway.objects.update(failures=OPENS_AT, open_until=now - timedelta(seconds=1))
        other.execute("SELECT FROM messaging_gateway FOR UPDATE")
        row, _now = tried(gateway, GOOD)
        assert row.failures == OPENS_AT
        assert not retrying.take_probe(row, at=now)
        other.rollback()
        assert retrying.take_probe(row, at=now)
        row, _now = tried(gateway, GOOD, probe=1)
        assert row.failures == 0


def test_a_wait_that_timed_out_is_not_waited_for_again():
    asked = []

    def lock():
        asked.append("lock")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            cursor.execute("SELECT FROM messaging_gateway FOR UPDATE")

    def lose():
        asked.append("lose")
        if asked.count("lose") == 1:
            end_own()
        return Gateway.objects.count()

    with gateway_at(), another() as other, ThreadPoolExecutor(1) as database:
        other.execute("SELECT FROM messaging_gateway FOR UPDATE")
        run = lanes.Run(MessageCourier(), database)
        with pytest.raises(OperationalError):
            asyncio.run(run.database(lock))
        assert asyncio.run(run.database(lose)) == 1
        database.submit(lambda: connection.close()).result()
    assert asked == ["lock", "lose", "lose"]


def test_a_clock_that_is_set_in_a_run_changes_nothing(db):
    with ThreadPoolExecutor(1) as database:
        run = lanes.Run(MessageCourier(), database)
        before = run.now()
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            assert before <= run.now() <= times.of_the_database() + timedelta(seconds=1)


def test_what_waited_for_a_pause_did_not_wait_for_a_worker():
    with gateway_at() as (gateway, _):
        now = timezone.now()
        (message,) = waiting(gateway, next_try_at=now - timedelta(hours=3))
        Gateway.objects.update(changed_at=now - timedelta(hours=9))
        assert leases.backlog(at=now) == (1, message.next_try_at)
        for open_until, since in ((now - timedelta(seconds=4),) * 2, (now - timedelta(hours=4), message.next_try_at)):
            Gateway.objects.update(failures=OPENS_AT, open_until=open_until)
            assert leases.backlog(at=now) == (1, since)
        Gateway.objects.update(open_until=now + timedelta(seconds=4))
        assert leases.backlog(at=now) == (0, None)
        row, ended = tried(gateway, GOOD)
        assert (row.is_failing, leases.backlog(at=ended)) == (False, (1, ended))
        row, _later = tried(gateway, BAD)
        assert (row.failures, leases.backlog(at=ended)) == (1, (1, ended))


def test_what_waited_for_an_address_did_not_wait_for_a_worker():
    with gateway_at() as (gateway, _):
        now = timezone.now()
        waiting(gateway, next_try_at=now - timedelta(hours=3))
        Gateway.objects.update(changed_at=now)
        assert leases.backlog(at=now) == (1, now)


def test_what_happened_at_an_old_address_is_not_held_against_the_new_one():
    with gateway_at():
        before = Gateway.objects.get()
        Gateway.objects.update(revision=2)
        pairs = [(1, BAD)] * OPENS_AT
        retrying.record(before, pairs, probe=None, at=timezone.now())
        assert Gateway.objects.get().failures == 0


def test_a_success_is_written_down_now_and_then():
    with gateway_at() as (gateway, _):
        row, first = tried(gateway, GOOD)
        assert row.last_success_at == first
        row, _now = tried(gateway, GOOD)
        assert row.last_success_at == first


def test_a_dead_gateway_uses_up_no_tries_and_delays_nobody():
    with gateway_at("/failing") as (dead, stub), gateway_at() as (good, other):
        waiting(dead, 200)
        waiting(good, 30)
        run()
        assert len(other.seen) == 30
        # As many as were in flight when it opened, and no more.
        assert OPENS_AT <= len(stub.seen) <= MessageCourier.in_flight + OPENS_AT
        untouched = Message.objects.filter(application=dead.pk, tries=0, lease=None, state="waiting").count()
        assert untouched == 200 - len(stub.seen)
        dead.refresh_from_db()
        assert (dead.failures, dead.is_open(at=timezone.now())) == (OPENS_AT, True)
        before = len(stub.seen)
        run()
        assert len(stub.seen) == before


def test_one_probe_opens_or_closes_it():
    with gateway_at("/failing") as (gateway, stub):
        waiting(gateway, 200)
        run()
        before = sum(stub.seen.values())
        make_due(gateway)
        run()
        assert sum(stub.seen.values()) == before + 1
        gateway.refresh_from_db()
        assert gateway.failures == OPENS_AT + 1
        Gateway.objects.update(url=f"{stub.url}/good")
        make_due(gateway)
        run()
        assert set(facts("state")) == {("delivered",)}
        gateway.refresh_from_db()
        assert (gateway.failures, gateway.is_open(at=timezone.now())) == (0, False)


def test_the_last_try_of_the_longest_plan_comes_before_a_message_expires(settings, monkeypatch):
    monkeypatch.setattr(retrying.random, "uniform", lambda _least, most: most)
    at = timezone.now()
    message, tries = leases.Leased(1, *[None] * 13)._replace(give_up_at=expires_at(at)), 0
    verdict = None
    while verdict is None or verdict.state == "waiting":
        assert at < message.give_up_at
        at, tries = at + timedelta(seconds=settings.MESSAGE_TIMEOUT), tries + 1
        verdict = retrying.judge(message._replace(tries=tries), BAD, pauses=settings.MESSAGE_RETRY_SECONDS, at=at)
        at = verdict.next_try_at
    assert (verdict.state, tries) == ("failed", len(settings.MESSAGE_RETRY_SECONDS) + 1)


def test_after_a_failure_only_so_many_are_tried_at_once():
    assert retrying.allowance(Gateway(failures=0), 128) == 128
    assert retrying.allowance(Gateway(failures=1), 128) == OPENS_AT - 1
    assert retrying.allowance(Gateway(failures=9), 128) == 1
    assert retrying.allowance(Gateway(failures=30), 128) == 1
    assert retrying.allowance(Gateway(failures=1), 4) == 4

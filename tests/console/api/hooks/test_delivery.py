"""A-4: every event reaches who hears it, signed, once by its id; and nothing that did not happen."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest
import redis
import time_machine
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from console.api.hooks import actions, delivery, switching, tasks, telling
from console.api.hooks.models import Delivery, Webhook
from console.base.accounts.models import Notification
from console.base.activity.models import ActivityEntry
from console.base.activity.signals import emitted
from console.base.core import retention, times
from console.base.core.errors import ActionRefused
from console.base.core.outbox import lanes, leases, retrying
from console.base.core.wakeups import Waker, publish
from miniprograms import actions as miniprograms
from releases import actions as releases
from tests import factories
from tests.console.api.hooks.receiver import receiving
from tests.console.holding import another

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def program():
    return factories.make_program(name="City Bus")


def heard(receiver):
    return sorted(event["type"] for event in receiver.events.values())


def point(made, url):
    """Let the webhook be at the receiver's address, which is known once it runs with the secret."""
    return factories.point(made.row, url)


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_of_this_machine_delays_nothing(program, hours):
    webhook, before = factories.make_webhook(program.team).row, times.of_the_database()
    Webhook.objects.update(open_until=before + timedelta(minutes=5))
    sent = factories.make_delivery(webhook, next_try_at=before + timedelta(minutes=5))
    with time_machine.travel(before + timedelta(hours=hours)):
        tested = actions.send_test(webhook)
        actions.send_again(sent, by=program.created_by)
    after = times.of_the_database()
    for row in Delivery.objects.filter(pk__in=[sent.pk, tested.pk]):
        assert before <= row.next_try_at <= after
        assert row.give_up_at == retrying.expires_at(row.next_try_at, pauses=telling.pauses())
    assert Webhook.objects.get().open_until <= after


def test_each_event_arrives_verified_and_once_by_its_id_though_the_receiver_fails_at_random(program, run, settings):
    settings.WEBHOOK_RETRY_SECONDS = [1] * 60
    by, emitted_names = program.created_by, []
    made = factories.make_webhook(program.team, "https://ops.example.com/", "version.published", "mini_program.*")

    def note(sender, **_rest):
        emitted_names.append(sender.name)

    with receiving(made.secret, chance=0.5) as receiver:
        point(made, receiver.url)
        emitted.connect(note)
        for number in ("1.0.0", "1.1.0", "1.2.0"):
            releases.publish(factories.make_approved(program, number), by=by)
            miniprograms.take_off_shelf(program, by=by, reason="No buses")
            miniprograms.put_on_shelf(program, by=by)
        emitted.disconnect(note)
        for _ in range(60):
            run()
            if not Delivery.objects.filter(state="waiting").exists():
                break
        assert heard(receiver) == sorted(emitted_names)
        assert len(emitted_names) == 9
        assert set(receiver.taken.values()) == {1}
        assert sum(receiver.seen.values()) > 9, "it failed at random"
        assert receiver.refused == 0
    deliveries = Delivery.objects.all()
    assert {delivery.event_id for delivery in deliveries} == set(receiver.events)
    assert {(delivery.state, delivery.lease) for delivery in deliveries} == {("delivered", None)}
    assert all(len(delivery.attempts) == receiver.seen[delivery.event_id] for delivery in deliveries)


def test_what_is_told(program, run):
    made = factories.make_webhook(program.team, "https://ops.example.com/", "version.published")
    with receiving(made.secret) as receiver:
        point(made, receiver.url)
        version = factories.make_approved(program, "2.4.0")
        releases.publish(version, by=program.created_by, note="Night buses")
        run()
    (event,) = receiver.events.values()
    entry = ActivityEntry.objects.get(verb="version.published")
    data = event.pop("data")
    stamp = entry.at.isoformat().replace("+00:00", "Z")
    assert event == {"type": "version.published", "timestamp": stamp, "version": 1}
    assert data["program"] == {"app_id": program.app_id, "name": "City Bus"}
    assert data["actor"] == {"name": program.created_by.get_full_name(), "kind": "person"}
    assert (data["version"], data["reason"], data["team_id"]) == ("2.4.0", "Night buses", program.team_id)
    assert (data["before"], data["after"]) == (entry.before, entry.after)
    assert data["summary"] == f"Version 2.4.0 published – City Bus ({program.created_by.get_full_name()})"
    assert data["url"].endswith(version.get_absolute_url())
    assert "address" not in data


def test_what_is_rolled_back_is_never_told(program, run):
    made = factories.make_webhook(program.team, "https://ops.example.com/", "mini_program.*")
    with receiving(made.secret) as receiver:
        point(made, receiver.url)
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            miniprograms.take_off_shelf(program, by=program.created_by, reason="No buses")
            assert Delivery.objects.count() == 1
            raise ZeroDivisionError
        run()
        assert (receiver.events, Delivery.objects.count()) == ({}, 0)


def test_a_private_address_is_refused_when_it_is_set_and_when_it_is_asked(program, run, settings):
    with receiving() as receiver:
        made = factories.make_webhook(program.team, receiver.url, "mini_program.*")
        settings.EGRESS_ALLOWED = []
        with pytest.raises(ActionRefused, match="private network"):
            factories.make_webhook(program.team, receiver.url)
        with pytest.raises(ActionRefused, match="private network"):
            factories.make_webhook(program.team, "https://10.0.0.7/hooks")
        factories.make_delivery(made.row)
        run()
        assert receiver.requests == []
    row = Delivery.objects.get()
    assert (row.state, row.status) == ("waiting", None)
    assert row.reason == "The address is in a private network"


def test_attempts_are_kept_without_what_is_secret(program, run):
    made = factories.make_webhook(program.team, "https://ops.example.com/", "mini_program.*")
    said = (503, "upstream connect error", {"Retry-After": "300", "Set-Cookie": "a=secret"})
    with receiving(made.secret, said, 200) as receiver:
        point(made, receiver.url + "?key=hidden")
        factories.make_delivery(made.row)
        before = timezone.now()
        run()
        delivery = Delivery.objects.get()
        assert delivery.next_try_at >= before + timedelta(seconds=290), "Retry-After"
        run()
    delivery.refresh_from_db()
    first, second = delivery.attempts
    assert (first["status"], first["ok"], second["status"], second["ok"]) == (503, False, 200, True)
    assert first["answer"].endswith("upstream connect error") and "Retry-After: 300" in first["answer"]
    assert first["request"].startswith(f"POST {receiver.url}?…\nwebhook-id: {delivery.event_id}")
    signature = receiver.requests[0][1]["webhook-signature"]
    shown = first["request"] + first["answer"]
    assert not any(hidden in shown for hidden in (signature, made.secret, "hidden", "a=secret"))


def test_two_secrets_sign_during_an_overlap(program, run):
    made = factories.make_webhook(program.team, "https://ops.example.com/", "mini_program.*")
    seen = made.row.secrets.get().pk
    new = actions.replace_secret(made.row, overlap=24, seen=seen, by=made.row.created_by)
    for secret in (made.secret, new.secret):
        with receiving(secret) as receiver:
            made = made._replace(row=point(made, receiver.url))
            factories.make_delivery(made.row)
            run()
            assert (len(receiver.taken), receiver.refused) == (1, 0)


def test_a_receiver_that_is_gone_or_fails_for_days_is_switched_off_and_on_again(program, run, settings):
    settings.WEBHOOK_RETRY_SECONDS = [1] * 5
    administrator = factories.make_member(program.team, "admin")
    made = factories.make_webhook(program.team, "https://ops.example.com/", "mini_program.*")
    with receiving(made.secret, 503, 410, 200) as receiver:
        point(made, receiver.url)
        factories.make_delivery(made.row)
        run()
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=4))
        assert switching.switch_off_failing(at=timezone.now()) == 0
        Webhook.objects.update(failing_since=timezone.now() - timedelta(days=6))
        tasks.sweep()
        webhook = Webhook.objects.get()
        assert (webhook.shown_state, webhook.off_by) == ("switched_off", None)
        told = Notification.objects.filter(text__startswith="A webhook of")
        assert [(row.user, row.by_email) for row in told] == [(administrator, True)]
        assert told[0].detail == "The receiver responded with 503"
        run()
        assert len(receiver.requests) == 1, "nothing is sent while it is off"
        webhook = switching.switch_on(webhook, by=made.row.created_by)
        run()
        assert (Delivery.objects.get().state, Delivery.objects.get().status) == ("failed", 410)
        tasks.sweep()
        webhook.refresh_from_db()
        assert webhook.shown_state == "switched_off"
        webhook = switching.switch_on(webhook, by=made.row.created_by)
        actions.send_again(Delivery.objects.get(), by=made.row.created_by)
        run()
        webhook.refresh_from_db()
        assert (webhook.shown_state, len(receiver.taken)) == ("delivering", 1)


def test_what_expires_says_why(run):
    team = factories.make_team()
    on, off = (factories.make_webhook(team, f"https://{name}.example.com/", "trial.set").row for name in ("a", "b"))
    Webhook.objects.filter(pk=off.pk).update(off_at=timezone.now())
    for hook in (on, off):
        factories.make_delivery(hook, give_up_at=timezone.now() - timedelta(seconds=1))
    assert tasks.sweep() == 2
    assert set(Delivery.objects.values_list("webhook", "state", "reason")) == {
        (on.pk, "failed", "Expired before the first attempt"),
        (off.pk, "failed", "The webhook was switched off"),
    }
    assert tasks.sweep() == 0


def test_what_can_not_be_opened_any_more_keeps_no_worker_busy(monkeypatch):
    monkeypatch.setattr(leases, "RUN_SECONDS", 10**6)  # Looking again and again would never end.
    hook = factories.make_webhook(factories.make_team(), "https://a.example.com/", "trial.set").row
    factories.make_delivery(hook)
    Webhook.objects.update(sealed_url="sealed under another SECRET_KEY")
    wakes = []
    delivery.deliver(wake=lambda: wakes.append("deliver"))
    assert wakes == []
    assert Delivery.objects.values_list("state", "tries", "lease").get() == ("waiting", 0, None)


@pytest.mark.parametrize(("waiting", "looks"), [(0, 3), (1, 1)])
def test_of_many_wake_ups_without_work_the_last_one_looks_around(waiting, looks):
    """Once before a run, in it, and after it; `waiting`: wake-ups behind the one that is at work."""
    asked = []

    class Counted(delivery.EventCourier):
        def deliverable(self, *, at):
            asked.append(at)
            return super().deliverable(at=at)

    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete("webhooks")
        for _wake_up in range(waiting):
            assert publish("webhooks.deliver")
        lanes.deliver(Counted(), wake=lambda: None)
        broker.delete("webhooks")
    assert len(asked) == looks


def test_a_burst_of_events_is_one_wake_up(program, monkeypatch):
    webhook = factories.make_webhook(program.team).row
    monkeypatch.setattr(telling, "_wake", Waker(telling.DELIVER))
    with redis.Redis.from_url(settings.REDIS_URL) as broker:
        broker.delete("webhooks")
        with time_machine.travel(0, tick=False):
            for number in range(3):
                telling.write([(webhook, "{}")], name="trial.set", event_id=f"evt_{number}")
        assert broker.llen("webhooks") == 1
        broker.delete("webhooks")


def test_old_deliveries_go(settings):
    hook = factories.make_webhook(factories.make_team(), "https://a.example.com/", "trial.set").row
    at, settings.WEBHOOK_DAYS = timezone.now(), 30
    factories.make_delivery(hook, state="delivered", created_at=at - timedelta(days=31))
    young = factories.make_delivery(hook, state="delivered", created_at=at - timedelta(days=29))
    assert retention.delete("webhook_deliveries", at=at) == 1
    assert Delivery.objects.get() == young


def test_a_webhook_that_recovers_in_this_moment_stays_switched_on(program):
    hook = factories.make_webhook(program.team).row
    Webhook.objects.update(failures=9, failing_since=timezone.now() - timedelta(days=9), last_failure="x")

    def sweep():
        try:
            switching.switch_off_failing(at=timezone.now())
        finally:
            connection.close()

    def waits():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            return cursor.fetchone() is not None

    with another() as worker:
        worker.execute("UPDATE webhooks_webhook SET failures = 0, failing_since = NULL")
        thread = threading.Thread(target=sweep)
        thread.start()
        until = time.monotonic() + 20
        while not waits():
            assert time.monotonic() < until and thread.is_alive()
        worker.commit()
        thread.join()
    hook.refresh_from_db()
    assert hook.off_at is None

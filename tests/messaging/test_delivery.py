"""M-7: what is accepted reaches the gateway, over real HTTP, and what cannot says why."""

from __future__ import annotations

import json
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook

from console.base.core import outbox
from console.base.core.outbox import lanes
from console.base.core.outbox.posting import Outcome
from console.base.core.outbox.retrying import judge
from console.base.core.outbox.signing import headers
from messaging import delivery, leases, payload, tasks
from messaging.models import Gateway, Message
from messaging.payload import Leased
from messaging.stub import serving
from tests.factories import make_application, make_gateway, make_program, make_server_secret, make_template
from tests.messaging.delivering import facts, gateway_at, make_due, run, until, waiting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def on_this_machine(settings, monkeypatch):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    monkeypatch.setattr(lanes, "LINGER_SECONDS", 0)


def test_each_message_arrives_once():
    with gateway_at() as (gateway, stub):
        sent = waiting(gateway, 30)
        run()
        run()
        assert stub.seen == {message.message_id: 1 for message in sent}
    assert set(facts("state", "tries", "status", "reason", "lease")) == {("delivered", 1, 204, "", None)}
    assert not Message.objects.filter(finished_at=None).exists()
    gateway.refresh_from_db()
    assert (gateway.failures, gateway.open_until, gateway.last_failure) == (0, None, "")
    assert gateway.last_success_at is not None


@pytest.mark.parametrize(
    ("lang", "title", "names"),
    [("en_US", "Visit", ["Clinic", "Date"]), ("zh_CN", "就诊", ["诊所", "日期"]), ("zh_TW", "就诊", ["诊所", "日期"])],
)
def test_what_the_gateway_gets(lang, title, names):
    with gateway_at() as (gateway, stub):
        template = make_template(make_program(name="Clinic"))
        template.title = "Visit"
        template.title_zh = "就诊"
        template.save()
        (message,) = waiting(gateway, template=template, lang=lang, page="pages/visit?id=7")
        run()
        (got,) = stub.report()["newest"]
    user = message.consent.user
    keywords = [
        {"key": "thing1", "name": names[0], "value": "Harbour Clinic"},
        {"key": "time2", "name": names[1], "value": "2026-11-27 14:30"},
    ]
    assert got["id"] == message.message_id
    assert got["message"] == {
        "type": "subscription_message",
        "timestamp": message.accepted_at.isoformat().replace("+00:00", "Z"),
        "data": {
            "message_id": message.message_id,
            "app_id": template.mini_program.app_id,
            "program": "Clinic",
            "application_id": gateway.application.application_id,
            "account": user.account,
            "openid": user.openid,
            "template_id": template.template_id,
            "title": title,
            "type": "one_time",
            "page": "pages/visit?id=7",
            "miniprogram_state": "formal",
            "lang": lang,
            "keywords": keywords,
        },
    }


def test_during_a_rotation_both_secrets_verify():
    application = make_application()
    new, old = make_server_secret(application), ""
    old = make_server_secret(application, ends_at=timezone.now() + timedelta(hours=1))
    ended = make_server_secret(application, ends_at=timezone.now() - timedelta(hours=1))
    signers = delivery.signers_of(make_gateway(application))
    signed = headers("msg_1", b"{}", signers, at=timezone.now())
    assert len(signed["webhook-signature"].split()) == 2
    for secret in (new, old):
        assert Webhook(secret).verify(b"{}", signed) == {}
        with serving(secret) as stub:
            Gateway.objects.update(url=f"{stub.url}/good")
            waiting(Gateway.objects.get(), 2)
            run()
            assert (len(stub.seen), stub.refused) == (2, 0)
    with serving(ended) as stub:
        Gateway.objects.update(url=f"{stub.url}/good")
        (message,) = waiting(Gateway.objects.get())
        run()
        assert (len(stub.seen), stub.refused) == (0, 1)
    assert facts("state", "reason", pk=message.pk) == [("waiting", "The gateway responded with 401")]


def test_a_slow_gateway_delays_nobody():
    with gateway_at("/slow?seconds=2") as (slow, _), gateway_at() as (good, _):
        waiting(slow, 3)
        waiting(good, 40)
        run()
    finished = dict(Message.objects.order_by("finished_at").values_list("pk", "application"))
    assert list(finished.values()) == [good.pk] * 40 + [slow.pk] * 3


def test_failing_is_tried_again_by_the_plan_until_its_end(settings):
    settings.MESSAGE_RETRY_SECONDS = [5, 600]
    with gateway_at("/failing") as (gateway, stub):
        (message,) = waiting(gateway)
        for tries, pause in ((1, 5), (2, 600)):
            before = timezone.now()
            run()
            message.refresh_from_db()
            assert (message.state, message.tries, message.status) == ("waiting", tries, 503)
            assert message.reason == "The gateway responded with 503"
            planned = timedelta(seconds=pause)
            assert before + 0.9 * planned <= message.next_try_at <= timezone.now() + 1.1 * planned
            run()  # Not due: nothing happens.
            make_due()
        run()
        assert stub.seen == {message.message_id: 3}
    assert facts("state", "tries", "status", "reason") == [("failed", 3, 503, "The gateway responded with 503")]


def test_failing_then_good():
    with gateway_at("/failing") as (gateway, stub):
        (message,) = waiting(gateway)
        run()
        Gateway.objects.update(url=f"{stub.url}/good")
        make_due()
        run()
        assert stub.seen == {message.message_id: 2}
    assert facts("state", "tries", "status", "reason") == [("delivered", 2, 204, "")]


def test_gone_fails_at_once():
    with gateway_at("/gone") as (gateway, _):
        waiting(gateway)
        run()
    assert facts("state", "tries", "status", "reason") == [("failed", 1, 410, "The gateway responded with 410")]


def test_retry_after_is_the_least_pause_and_ends_with_the_message():
    with gateway_at("/limiting?seconds=3600") as (gateway, _):
        (message,) = waiting(gateway)
        before = timezone.now()
        run()
        message.refresh_from_db()
        hour = timedelta(hours=1)
        assert before + hour <= message.next_try_at <= timezone.now() + hour
        assert (message.state, message.reason) == ("waiting", "The gateway responded with 429")
        soon = timezone.now() + timedelta(minutes=5)
        Message.objects.update(give_up_at=soon)
        make_due()
        run()
        message.refresh_from_db()
        assert (message.state, message.next_try_at) == ("waiting", soon)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("garbage", "The answer was not HTTP"),
        ("close", "The gateway closed the connection without an answer"),
        ("redirect", "The gateway responded with 302"),
    ],
)
def test_lies_are_failures(path, reason):
    with gateway_at(f"/lying/{path}") as (gateway, stub):
        waiting(gateway)
        run()
        assert stub.paths == {f"/lying/{path}": 1}
    assert facts("state", "reason") == [("waiting", reason)]


def test_the_head_of_an_answer_counts_not_its_body():
    with gateway_at("/lying/short") as (gateway, _):
        waiting(gateway)
        run()
    assert facts("state", "status") == [("delivered", 200)]


def test_no_answer_in_time(settings):
    settings.MESSAGE_TIMEOUT = 0.2
    with gateway_at("/slow?seconds=1") as (gateway, _):
        waiting(gateway)
        run()
    assert facts("state", "status", "reason") == [("waiting", None, "No answer within 0.2 s")]


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://127.0.0.1:1/", "The address is in a private network"),
        ("http://1.1.1.1/", "The address must begin with https://"),
        ("https://no-such-name.invalid/", "The name of the address was not found"),
        ("https://me:secret@127.0.0.1/", "The address must not contain a user name or a password"),
    ],
)
def test_where_nothing_is_sent(settings, url, reason):
    settings.EGRESS_ALLOWED = []
    application = make_application()
    make_server_secret(application)
    waiting(make_gateway(application, url))
    run()
    assert facts("state", "tries", "reason") == [("waiting", 1, reason)]


def test_a_certificate_that_is_not_valid(settings):
    with gateway_at() as (gateway, stub):
        Gateway.objects.update(url=stub.url.replace("http:", "https:"))
        waiting(gateway)
        run()
    assert facts("reason") == [("No secure connection could be made",)]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [("gateway", "The host app has no gateway"), ("secret", "The host app has no server secret")],
)
def test_without_gateway_or_secret_it_waits_and_fails_in_the_end(missing, reason):
    application = make_application()
    if missing == "gateway":
        make_server_secret(application)
    gateway = make_gateway(application)
    waiting(gateway)
    if missing == "gateway":
        gateway.delete()
    run()
    assert facts("state", "tries") == [("waiting", 0)]
    Message.objects.update(give_up_at=timezone.now())
    assert tasks.sweep() == 1
    assert facts("state", "tries", "reason") == [("failed", 0, reason)]
    assert tasks.sweep() == 0


def test_secrets_that_can_not_be_read_keep_no_worker_busy(monkeypatch):
    monkeypatch.setattr(outbox.leases, "RUN_SECONDS", 10**6)  # Looking again and again would never end.
    with gateway_at() as (gateway, stub):
        waiting(gateway)
        gateway.application.server_secrets.update(sealed="sealed under another SECRET_KEY")
        wakes = []
        delivery.deliver(wake=lambda: wakes.append("deliver"))
        assert (wakes, stub.seen, stub.refused) == ([], {}, 0)
    assert facts("state", "tries", "lease") == [("waiting", 0, None)]


def test_the_sweep_leaves_what_is_in_flight():
    with gateway_at() as (gateway, _):
        waiting(gateway, 2)
        (leased,) = leases.lease(gateway.pk, most=1, at=timezone.now())
        Message.objects.update(give_up_at=timezone.now())
        assert tasks.sweep() == 1
        assert facts("state", pk=leased.id) == [("waiting",)]


def test_a_late_result_changes_nothing_that_another_has():
    with gateway_at() as (gateway, _):
        waiting(gateway)
        now = timezone.now()
        (mine,) = leases.lease(gateway.pk, most=5, at=now)
        assert leases.lease(gateway.pk, most=5, at=now) == []
        make_due()
        (other,) = leases.lease(gateway.pk, most=5, at=now)
        late = [judge(mine, Outcome(False, 500, "The gateway responded with 500", 1.0), pauses=[], at=now)]
        assert leases.MESSAGES.write_back(late) == 0
        leases.MESSAGES.give_back([mine], at=now)
        assert facts("lease", "tries", "reason") == [(other.lease, 2, "")]
        assert leases.MESSAGES.write_back([judge(other, Outcome(True, 200, "", 1.0), pauses=[], at=now)]) == 1
        assert leases.MESSAGES.write_back([judge(other, Outcome(True, 200, "", 1.0), pauses=[], at=now)]) == 0


def test_what_is_given_back_has_not_been_tried():
    with gateway_at() as (gateway, _):
        waiting(gateway, 3)
        now = timezone.now()
        leases.MESSAGES.give_back(leases.lease(gateway.pk, most=2, at=now), at=now)
        assert facts("tries", "lease") == [(0, None)] * 3


def test_two_runs_at_once_deliver_each_message_once():
    with gateway_at("/slow?seconds=0.01") as (gateway, stub):
        sent = waiting(gateway, 300)
        threads = [threading.Thread(target=delivery.run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert stub.seen == {message.message_id: 1 for message in sent}
    assert set(facts("state", "tries")) == {("delivered", 1)}


def test_few_messages_are_worth_one_run(monkeypatch):
    with gateway_at() as (gateway, _):
        waiting(gateway, 5)
        now = timezone.now()
        with leases.MESSAGES.run_slot(at=now) as (first, runs):
            assert (first, runs) == (0, 1)
            assert in_thread(lambda: held(now)) == (None, 1)
            monkeypatch.setattr(outbox.leases, "BACKLOG", 2)
            assert in_thread(lambda: held(now)) == (1, 3)
        assert held(now) == (0, 3)


def held(now):
    """Which run we would be."""
    with leases.MESSAGES.run_slot(at=now) as found:
        return found


def in_thread(work):
    """Return what `work` returns in another session of the database."""
    found = []

    def do():
        found.append(work())
        connection.close()

    thread = threading.Thread(target=do)
    thread.start()
    thread.join()
    return found[0]


def test_a_change_of_the_gateway_holds_at_once():
    with gateway_at("/slow?seconds=0.5") as (gateway, stub):
        sent = waiting(gateway, 400)
        thread = threading.Thread(target=delivery.run)
        thread.start()
        until(lambda: stub.paths["/slow"] > 0)
        Gateway.objects.update(url=f"{stub.url}/good", revision=2)
        thread.join()
        assert stub.paths["/good"] > 0
        assert stub.seen == {message.message_id: 1 for message in sent}


def test_shutting_down_gives_back_what_was_not_sent(monkeypatch):
    with gateway_at("/slow?seconds=30") as (gateway, stub):
        monkeypatch.setattr(delivery.MessageCourier, "in_flight", 2)
        waiting(gateway, 6)
        thread = threading.Thread(target=delivery.run)
        thread.start()
        until(lambda: len(stub.seen) == 2)
        lanes.stop()
        thread.join()
        lanes._stopping[0] = 0
    assert facts("state", "tries", "lease") == [("waiting", 0, None)] * 6


def test_send_test():
    with gateway_at() as (gateway, stub):
        outcome = delivery.send_test(gateway)
        assert (outcome.ok, outcome.status, outcome.reason) == (True, 204, "")
        (got,) = stub.report()["newest"]
        assert got["message"]["type"] == "gateway.test"
        assert got["message"]["data"] == {"application_id": gateway.application.application_id}
        gateway.url = f"{stub.url}/failing"
        assert delivery.send_test(gateway)[:3] == (False, 503, "The gateway responded with 503")
    assert delivery.send_test(gateway)[:3] == (False, None, "The connection was refused")
    gateway.application.server_secrets.all().delete()
    assert delivery.send_test(gateway)[:3] == (False, None, "The host app has no server secret")


def test_bodies_are_the_same_on_each_try():
    given = Leased(7, None, 1, timezone.now(), timezone.now(), 1, json.dumps({"thing1": "早"}), "", "formal", "zh_CN",
                   "mp1", "Clinic", "o1", "account")  # fmt: skip
    titles = leases.Titles("t", "one_time", "Visit", "就诊", [{"key": "thing1", "name": "Clinic", "name_zh": "诊所"}])
    again = given._replace(tries=5)
    assert payload.message_body(given, titles, application_id="ha1") == payload.message_body(
        again, titles, application_id="ha1"
    )

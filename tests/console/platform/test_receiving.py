"""Who receives messages and events, on the operators' status page: gateways by name, webhooks counted (P-12)."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from console.api.hooks import switching
from console.api.hooks.models import Webhook
from console.base.core import times
from console.platform.doctor import system
from console.platform.status import status
from console.platform.trouble import Level
from messaging.models import Gateway, Message
from tests import factories
from tests.console.platform.reading import services, titles
from tests.factories import make_signs

pytestmark = pytest.mark.django_db


# Gateways ----------------------------------------------------------------------------------------------------------


def paused_gateway(name, *, waits):
    application, program = factories.make_application(name=name), factories.make_program()
    gateway = factories.make_gateway(application)
    factories.make_server_secret(application)
    now = timezone.now()
    fields = {
        "failures": 10,
        "open_until": now + timedelta(minutes=5),
        "last_failure": "The gateway responded with 503",
    }
    Gateway.objects.filter(pk=gateway.pk).update(**fields)
    consent = factories.make_consent(
        factories.make_program_user(program, application), factories.make_template(program)
    )
    factories.make_message(consent, next_try_at=now - waits)
    return now - waits


def test_a_gateway_that_does_not_respond_is_named(read):
    assert not services()["gateways"].is_known
    make_signs()
    Gateway.objects.update(last_success_at=timezone.now())
    factories.make_gateway(factories.make_application(name="Metro Wallet"))
    Gateway.objects.update(last_success_at=timezone.now())
    assert (services()["gateways"].facts, titles()) == (("1 host app",), [])
    since = paused_gateway("Harbour Super App", waits=timedelta(hours=3))
    found = services()["gateways"]
    waiting = f"messages waiting for them since {times.exact(since)}"
    assert (found.facts, found.is_known) == (("2 host apps", "1 not responding", waiting), True)
    (trouble,) = status().troubles
    assert (trouble.title, trouble.said, trouble.since, trouble.level) == (
        "The gateway of Harbour Super App isn’t responding",
        "The gateway responded with 503",
        since,
        Level.NOTE,
    )
    assert "check that workers can reach it" in read()
    assert any(found.words.startswith(trouble.title) for found in system.everything())
    with translation.override("zh-hans"):
        assert titles() == ["Harbour Super App 的网关没有响应"]
    for name in ("Green", "Lake", "Metro"):
        paused_gateway(name, waits=timedelta(hours=1))
    assert titles() == ["The gateways of Green, Harbour Super App, Lake and 1 more aren’t responding"]


def test_a_gateway_that_nothing_waits_for_did_not_respond_when_last_tried(read):
    make_signs()
    paused_gateway("Harbour Super App", waits=timedelta(days=20))
    tried = timezone.now() - timedelta(days=18)
    Gateway.objects.update(open_until=tried, last_failure_at=tried, last_success_at=tried - timedelta(days=1))
    assert titles() == ["The gateway of Harbour Super App isn’t responding"]
    Message.objects.update(state="failed", finished_at=tried)
    assert services()["gateways"].facts == ("1 host app", "1 didn’t respond when last tried")
    (trouble,) = status().troubles
    assert (trouble.title, trouble.said, trouble.since, trouble.level) == (
        "The gateway of Harbour Super App didn’t respond when last tried",
        "The gateway responded with 503",
        None,
        Level.NOTE,
    )
    assert f"Last tried {times.exact(tried)}." in read()
    assert "Messages wait" not in read()
    paused_gateway("Green", waits=timedelta(hours=1))
    assert titles() == ["The gateway of Green isn’t responding"]
    assert services()["gateways"].facts[1:3] == ("1 not responding", "1 didn’t respond when last tried")


# Webhooks ----------------------------------------------------------------------------------------------------------


def test_what_waited_for_a_webhook_s_pause_did_not_wait_for_a_worker():
    make_signs()
    now = timezone.now()
    paused = factories.make_webhook(factories.make_team(), at=now - timedelta(days=1)).row
    Webhook.objects.filter(pk=paused.pk).update(failures=10, open_until=now - timedelta(minutes=2))
    factories.make_delivery(paused, next_try_at=now - timedelta(hours=5))
    assert titles() == []
    Webhook.objects.filter(pk=paused.pk).update(open_until=now - timedelta(minutes=11))
    assert titles() == ["The queue webhooks is stuck"]


def paused_webhooks(count, *, of):
    team, now = factories.make_team(), timezone.now()
    rows = [factories.make_webhook(team, "https://ops.example.com/", "trial.set").row for _ in range(of)]
    Webhook.objects.update(last_success_at=now)
    for number, row in enumerate(rows[:count]):
        why = "The certificate is not valid" if number == 1 else "The name of the address was not found"
        fields = {"failures": 10, "open_until": now + timedelta(minutes=5), "last_failure": why}
        Webhook.objects.filter(pk=row.pk).update(**fields)
        factories.make_delivery(row, next_try_at=now - timedelta(hours=5 - number))
    return now - timedelta(hours=5)


def test_webhooks_that_do_not_respond_are_counted():
    assert not services()["webhooks"].is_known
    make_signs()
    since = paused_webhooks(2, of=4)
    switching.switch_off(Webhook.objects.last(), by=None)
    found = services()["webhooks"]
    assert (found.facts, found.is_known, titles()) == (
        (
            "3 switched on",
            "2 not responding",
            f"events waiting for them since {times.exact(since)}",
            "1 switched off after failures",
        ),
        True,
        [],
    )


def test_many_webhooks_that_do_not_respond_have_a_reason_in_common(read):
    make_signs()
    since = paused_webhooks(3, of=14)
    (trouble,) = status().troubles
    assert (trouble.title, trouble.said, trouble.since, trouble.level) == (
        "3 of 14 webhooks aren’t responding",
        "The name of the address was not found",
        since,
        Level.NOTE,
    )
    assert "check that workers can reach them" in read()
    assert any(found.words.startswith(trouble.title) for found in system.everything())
    with translation.override("zh-hans"):
        assert titles() == ["14 个 Webhook 中有 3 个没有响应"]
    factories.make_webhook(factories.make_team())
    assert titles() == [], "a fifth"

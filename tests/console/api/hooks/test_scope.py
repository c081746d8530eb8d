"""A-4: each hears its own, and one bad receiver stops only itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from console.api.hooks.models import Delivery, Webhook
from console.api.hooks.querysets import patterns_of
from console.base.activity.models import ActivityEntry
from console.base.core.outbox.retrying import OPENS_AT
from miniprograms import actions as miniprograms
from tests import factories
from tests.console.api.hooks.receiver import receiving

pytestmark = pytest.mark.django_db(transaction=True)
TEST = '{"type":"webhook.test","data":{"summary":"Hello","url":"/"}}'


def hook(owner, name, *events, **fields):
    return factories.make_webhook(owner, f"https://{name}.example.com/", *events, **fields).row


def test_wildcards():
    assert patterns_of("version.published") == ["*", "version.*", "version.published"]
    assert patterns_of("a.b.c") == ["*", "a.*", "a.b.*", "a.b.c"]


def test_team_program_and_application_hear_what_is_theirs():
    program, other = factories.make_program(), factories.make_program()
    same_team = factories.make_program(program.team)
    application, elsewhere = factories.make_application(), factories.make_application()
    heard = ("mini_program.*", "binding.*")
    hook(program.team, "team", *heard)
    hook(program.team, "program", *heard, program=program)
    hook(program.team, "exact", "mini_program.taken_off_shelf")
    hook(program.team, "else", "grayscale.*", "version.published")
    hook(other.team, "stranger", "*")
    hook(application, "application", "binding.*")
    hook(elsewhere, "elsewhere", "*")
    Delivery.objects.all().delete()
    off, deleted = hook(program.team, "off", "mini_program.*"), hook(program.team, "deleted", "mini_program.*")
    Webhook.objects.filter(pk=off.pk).update(off_at=off.created_at)
    Webhook.objects.filter(pk=deleted.pk).update(deleted_at=off.created_at)
    by = program.created_by
    miniprograms.take_off_shelf(factories.make_online(program).mini_program, by=by, reason="x")
    miniprograms.take_off_shelf(factories.make_online(same_team).mini_program, by=by, reason="x")
    miniprograms.request_binding(program, application=application, reason="x", by=by)
    found = {}
    for delivery in Delivery.objects.exclude(name__startswith="webhook.").select_related("webhook"):
        found.setdefault(delivery.webhook.address.split("//")[1].split(".")[0], []).append(delivery.name)
    off_shelf, asked = "mini_program.taken_off_shelf", "binding.requested"
    assert {name: sorted(names) for name, names in found.items()} == {
        "team": [asked, off_shelf, off_shelf],
        "program": [asked, off_shelf],
        "exact": [off_shelf, off_shelf],
        "application": [asked],
    }
    ids = Delivery.objects.filter(name=asked).values_list("event_id", flat=True)
    assert (len(ids), len(set(ids))) == (3, 1), "one event has one id, whoever hears it"


def test_an_entry_of_no_team_is_heard_by_nobody():
    hook(factories.make_application(), "application", "*")
    entry = ActivityEntry(verb="api.added", team_id=None, application_id="", mini_program_id="")
    assert not Webhook.objects.hearing(entry).exists()


def test_what_a_verb_holds_does_not_delay_what_is_sent(run):
    """A change that was told and is not through yet: what was sent before is written down all the same."""
    program = factories.make_program()
    with receiving("", (500, "", {})) as receiver:
        one = factories.point(hook(program.team, "chat", "mini_program.*", format="slack"), receiver.url)
        factories.make_delivery(
            one, name="webhook.test", payload='{"type":"webhook.test","data":{"summary":"","url":""}}'
        )
        with ThreadPoolExecutor(1) as other, transaction.atomic():
            miniprograms.take_off_shelf(program, by=program.created_by, reason="x")
            other.submit(in_thread, run).result(timeout=60)
    one.refresh_from_db()
    assert (one.failures, len(receiver.requests)) == (1, 1)


def in_thread(work):
    try:
        work()
    finally:
        connection.close()


def test_a_bad_receiver_stops_only_itself(run):
    team = factories.make_team()
    with receiving("", 500) as bad, receiving("", (200, "ok", {})) as good:
        hooks = [hook(team, name, "trial.set", format="slack") for name in ("bad", "good")]
        for one, receiver in zip(hooks, (bad, good), strict=True):
            factories.point(one, receiver.url)
            for _ in range(20):
                factories.make_delivery(one, payload=TEST)
        run()
        assert len(good.requests) == 20
        assert OPENS_AT <= len(bad.requests) <= OPENS_AT + 8
    hooks[0].refresh_from_db()
    assert (hooks[0].shown_state, hooks[0].open_until is None) == ("failing", False)
    untried = Delivery.objects.filter(webhook=hooks[0], state="waiting", tries=0)
    assert untried.count() == 20 - len(bad.requests), "what waits loses none of its tries"

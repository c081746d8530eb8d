"""A-4 for operators: how tries are counted, what waits for whom, and which webhooks the docs let them list."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from console.api.hooks import actions, delivery, health, tasks
from console.api.hooks.models import Webhook
from console.base.core import metrics
from console.base.core.outbox import leases
from tests import factories
from tests.console.api.hooks.receiver import receiving

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "https://ops.example.com/"
ANSWERS = {"standard": [503, 204, 500], "slack": [200], "wecom": [(200, '{"errcode": 93000}', {})]}
LISTED = re.compile(r"```sql\n(.*?)```", re.DOTALL)


@pytest.fixture
def counted():
    """Return a function that tells what was counted since: tries by format and outcome."""

    def now():
        (family,) = metrics.webhooks.collect()
        found = {tuple(each.labels.values()): int(each.value) for each in family.samples if each.name.endswith("total")}
        return Counter(found)

    before = now()
    return lambda: dict(now() - before)


def test_tries_are_counted_by_format_and_outcome(run, counted, settings):
    settings.WEBHOOK_RETRY_SECONDS = [1]
    team = factories.make_team()
    for kind, answers in ANSWERS.items():
        made = factories.make_webhook(team, ADDRESS, "trial.set", format=kind)
        with receiving(made.secret, *answers) as receiver:
            hook = factories.point(made.row, receiver.url)
            for _ in range(2 if kind == "standard" else 1):
                actions.send_test(hook)
                run()
                run()
    assert counted() == {
        ("standard", "retry"): 2,
        ("standard", "delivered"): 1,
        ("standard", "failed"): 1,
        ("slack", "delivered"): 1,
        ("wecom", "retry"): 1,
        ("wecom", "failed"): 1,
    }


def test_what_expires_is_counted_by_format(counted):
    team, gone = factories.make_team(), timezone.now() - timedelta(seconds=1)
    for kind, count in {"standard": 1, "feishu": 2}.items():
        hook = factories.make_webhook(team, format=kind).row
        for _ in range(count):
            factories.make_delivery(hook, give_up_at=gone)
    assert tasks.sweep() == 3
    assert counted() == {("standard", "expired"): 1, ("feishu", "expired"): 2}


def test_no_one_counts_beyond_the_limit_and_the_first_is_the_first_of_all(monkeypatch):
    """Metrics ask each few seconds, however many wait for however many webhooks."""
    monkeypatch.setattr(leases, "MANY", 2)
    at, team = timezone.now(), factories.make_team()
    assert delivery.backlog(at=at) == (0, None)
    for hours in (1, 2, 3):
        hook = factories.make_webhook(team, at=at - timedelta(days=1)).row
        for minutes in (5, 10):
            factories.make_delivery(hook, next_try_at=at - timedelta(hours=hours, minutes=minutes))
    assert delivery.backlog(at=at) == (3, at - timedelta(hours=3, minutes=10))


def test_each_state_is_one_that_pages_show():
    """A webhook is in one state, and never in a better one than its page says."""
    at, team = timezone.now(), factories.make_team()
    for failures, last, off in itertools.product((0, 1, 9, 10, 12), (None, at), (None, at)):
        hook = factories.make_webhook(team).row
        Webhook.objects.filter(pk=hook.pk).update(failures=failures, last_success_at=last, off_at=off)
    shown = {"paused": "failing", "off_by_console": "switched_off", "off_by_person": "switched_off"}
    for state, those in health.STATES.items():
        pages = {hook.shown_state for hook in Webhook.objects.filter(those)}
        assert pages <= {shown.get(state, state)}
    assert sum(health.health(at=at).counts.values()) == Webhook.objects.count() == 20


def test_the_docs_list_what_is_paused():
    (statement,) = LISTED.findall((Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text())
    team = factories.make_team()
    hooks = [factories.make_webhook(team).row for _ in range(3)]
    Webhook.objects.filter(pk=hooks[0].pk).update(failures=9)
    Webhook.objects.filter(pk=hooks[1].pk).update(failures=10, off_at=timezone.now())
    Webhook.objects.filter(pk=hooks[2].pk).update(failures=10, last_failure="The connection was refused")
    with connection.cursor() as cursor:
        cursor.execute(statement)
        ((pk, owner, *_rest, why),) = cursor.fetchall()
    assert (pk, owner, why) == (hooks[2].pk, team.pk, "The connection was refused")

"""Publishing a version that exceeds the guardrail of its own task asks for a confirmation and a reason (G-13)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from grayscale.guardrail import Guardrail, Seen
from grayscale.models import GrayscaleTask
from releases.field.errors import Figures
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def task():
    guardrail = Guardrail(rate=Decimal(2), devices=100)
    task = factories.make_task(factories.make_candidate(), name="First", guardrail=guardrail)
    looked(task, bad=31)
    return task


def looked(task, *, bad, devices=1000):
    seen = Seen(since=timezone.now().isoformat(), ours=Figures(devices, bad)).plain()
    at = timezone.now() - timedelta(minutes=3)
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_seen=seen, guard_looked_at=at, state_since=at)


def publish(client, task, data=None):
    url = reverse("releases:publish", args=[task.mini_program.app_id, task.version.number])
    return client.get(url) if data is None else client.post(url, data)


def test_it_says_what_speaks_against_it_and_asks_to_confirm(signed_in, task):
    client = signed_in(task.created_by)
    page = publish(client, task)
    assert page.context["doubts"] == ["“First”, 3 min ago: 3.1 % of 1,000 devices had errors, limit 2 %."]
    for data, wrong in (
        ({"note": "Fixed tomorrow"}, ["anyway"]),
        ({"anyway": "on", "note": " "}, ["note"]),
        ({"note": ""}, ["anyway", "note"]),
    ):
        refused = publish(client, task, data)
        assert (refused.status_code, sorted(refused.context["form"].errors)) == (422, wrong)
    assert publish(client, task, {"anyway": "on", "note": "Fixed tomorrow"}).status_code == 302
    task.mini_program.refresh_from_db()
    assert task.mini_program.online_number == "1.1.0"


@pytest.mark.parametrize("figures", [{"bad": 20}, {"bad": 2, "devices": 99}])
def test_nothing_is_asked_within_the_limit_or_of_too_few_devices(signed_in, task, figures):
    looked(task, **figures)
    client = signed_in(task.created_by)
    assert publish(client, task).context["doubts"] == []
    assert publish(client, task, {"note": ""}).status_code == 302


def test_it_asks_before_the_guardrail_acts_where_the_likely_range_is_above_the_limit(signed_in, task):
    looked(task, bad=50, devices=99)
    client = signed_in(task.created_by)
    assert publish(client, task).context["doubts"] == [
        "“First”, 3 min ago: 50.5 % of 99 devices had errors, limit 2 %."
    ]
    assert publish(client, task, {"note": ""}).status_code == 422


def test_a_task_that_has_ended_says_nothing(signed_in, task):
    GrayscaleTask.objects.update(state="ended", keeps=False)
    assert publish(signed_in(task.created_by), task).context["doubts"] == []

"""Raising a limit that the version exceeds, and resuming what that suspended: confirmed, with a reason (G-8, G-13)."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from grayscale import actions
from grayscale.forms.task import values_of
from grayscale.guardrail import Guardrail, Seen, is_looser
from grayscale.models import GrayscaleTask
from releases.field.errors import Figures, Meaning
from tests.grayscale.guardrail.conftest import guarded

pytestmark = pytest.mark.django_db
FIVE = Guardrail(rate=Decimal(5), devices=500)


def looked(task, *, bad, devices):
    seen = Seen(since=timezone.now().isoformat(), ours=Figures(devices, bad)).plain()
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_seen=seen, guard_looked_at=timezone.now())
    return GrayscaleTask.objects.select_related("mini_program__team", "version", "created_by").get(pk=task.pk)


@pytest.fixture
def task(version):
    """Over its limit of 5 %, of fewer devices than it acts at."""
    return looked(guarded(version, rate=5, devices=500), bad=55, devices=337)


def edit(task, **values):
    anyway, reason = values.pop("anyway", False), values.pop("reason", "")
    settings = replace(actions.settings_of(task), **values)
    return actions.edit(
        task, by=task.created_by, revision=task.revision, settings=settings, anyway=anyway, reason=reason
    )


def url(task, verb="edit"):
    return reverse(f"grayscale:{verb}", args=[task.mini_program.app_id, task.pk])


def form(task, **values):
    """What the page sends; its lists of the started task are text."""
    shown = values_of(task)
    names = ("name", "user_limit", "guard_rate", "guard_points", "guard_devices")
    sent = {name: "" if shown[name] is None else shown[name] for name in names}
    ends = timezone.localtime(task.ends_at)
    return {**sent, "ends_at": f"{ends:%Y-%m-%dT%H:%M}", "revision": task.revision, "seen": "{}", **values}


def test_what_is_looser():
    assert not is_looser(None, FIVE)
    assert not is_looser(FIVE, replace(FIVE, devices=100))
    assert not is_looser(FIVE, replace(FIVE, points=Decimal(1)))
    for after in (None, replace(FIVE, rate=Decimal(6)), replace(FIVE, rate=None), replace(FIVE, devices=501)):
        assert is_looser(FIVE, after)


@pytest.mark.parametrize(
    "values",
    [{"guardrail": replace(FIVE, rate=Decimal(20))}, {"guardrail": None}, {"user_limit": 5000}],
    ids=["limit", "taken off", "users"],
)
def test_over_the_limit_it_wants_a_confirmation_and_a_reason(task, values):
    for confirmed, field in (({}, "anyway"), ({"anyway": True}, "note"), ({"anyway": True, "reason": " "}, "note")):
        with pytest.raises(ActionRefused) as refused:
            edit(task, **values, **confirmed)
        assert refused.value.field == field
    edit(task, **values, anyway=True, reason=" The server was down ")
    entry = ActivityEntry.objects.order_by("pk").last()
    assert (entry.verb, entry.reason) == ("grayscale.edited", "The server was down")


def test_nothing_is_asked_within_the_limit_or_where_it_is_tightened(task):
    edit(task, guardrail=replace(FIVE, rate=Decimal(4)))
    looked(task, bad=1, devices=337)
    task = GrayscaleTask.objects.select_related("mini_program__team", "version", "created_by").get(pk=task.pk)
    assert edit(task, guardrail=None, user_limit=5000).guardrail is None


def test_the_page_says_what_follows_before_it_is_saved(signed_in, task):
    client = signed_in(task.created_by)
    assert "If you raise this limit" not in client.get(url(task)).content.decode()
    preview = reverse("grayscale:preview", args=[task.mini_program.app_id]) + f"?task={task.pk}"
    words = client.post(preview, form(task, guard_rate="20")).content.decode()
    assert "Over the limit. The guardrail acts at 500 devices, 337 now." in words
    assert "The task continues. The current limit would suspend it once enough devices report." in words
    assert "raise-confirm" in words
    assert "Up to 4,900 more devices get 1.1.0" in client.post(preview, form(task, user_limit="5000")).content.decode()
    refused = client.post(url(task), form(task, guard_rate="20"))
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["anyway"])
    assert "raise-confirm" in refused.content.decode()
    confirmed = {"guard_rate": "20", "anyway": "on", "note": "The server was down"}
    assert client.post(url(task), form(task, **confirmed)).status_code == 302
    assert GrayscaleTask.objects.get(pk=task.pk).guard_rate == 20


def test_what_the_guardrail_suspended_goes_on_only_confirmed(signed_in, task):
    task = looked(task, bad=60, devices=600)
    GrayscaleTask.objects.update(state="suspended", state_reason="guardrail")
    client = signed_in(task.created_by)
    page = client.get(url(task, "resume")).content.decode()
    assert "10 % of 600 devices had errors, limit 5 %" in page
    assert "The guardrail suspended this task." in page
    for data, wrong in (({"note": "Fixed"}, ["anyway"]), ({"anyway": "on", "note": ""}, ["note"])):
        refused = client.post(url(task, "resume"), data)
        assert (refused.status_code, sorted(refused.context["form"].errors)) == (422, wrong)
    with pytest.raises(ActionRefused):
        actions.resume(task, by=task.created_by, reason="Fixed")
    assert client.post(url(task, "resume"), {"anyway": "on", "note": "Fixed"}).status_code == 302
    entry = ActivityEntry.objects.order_by("pk").last()
    assert (entry.verb, entry.reason) == ("grayscale.resumed", "Fixed")


@pytest.mark.parametrize(
    ("bad", "devices", "meaning", "words"),
    [
        (55, 337, Meaning.NEARLY, "Over the limit. The guardrail acts at 500 devices, 337 now."),
        (5, 337, Meaning.FEW, "Too few devices. The guardrail acts at 500 devices, 337 now."),
        (55, 600, Meaning.OVER, "Over the limit of its guardrail."),
        (5, 600, Meaning.WITHIN, "Within the limit of its guardrail."),
    ],
)
def test_one_meaning_on_every_page(signed_in, task, bad, devices, meaning, words):
    """The list, the progress and the dialog show the guardrail's own figures, with the same word (G-11, G-13)."""
    task = looked(task, bad=bad, devices=devices)
    assert (task.errors.meaning, task.errors.sentence) == (meaning, words)
    client = signed_in(task.created_by)
    publish = reverse("releases:publish", args=[task.mini_program.app_id, task.version.number])
    lists = reverse("grayscale:tasks", args=[task.mini_program.app_id])
    for address in (task.get_absolute_url(), lists, publish):
        page = client.get(address).content.decode()
        assert f"rate-{meaning}" in page
        assert task.errors.word in page or task.errors.sentence in page
        assert task.errors.percent in page

"""The guardrail among a task's settings (G-13): verbs, the form, copies, two editors at once."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from console.base.activity.events import event_of
from console.base.core.errors import ActionRefused
from grayscale import actions
from grayscale.guardrail import Guardrail
from grayscale.history import steps_of
from grayscale.models import GrayscaleTask
from tests import factories
from tests.grayscale.pages import minute, typed
from tests.grayscale.test_edit import edit, same

pytestmark = pytest.mark.django_db
RAIL = Guardrail(rate=Decimal(5), points=Decimal("2.5"), devices=500)
GUARD = {"guard_rate": "5", "guard_points": "2.5", "guard_devices": "500"}


def url(thing, verb):
    ids = [thing.mini_program.app_id, thing.pk] if isinstance(thing, GrayscaleTask) else [thing.app_id]
    return reverse(f"grayscale:{verb}", args=ids)


def free(task, **changes):
    """The form of a task that has started, as a browser sends it."""
    return {
        "name": task.name,
        "ends_at": minute(task.ends_at),
        "user_limit": task.user_limit,
        "revision": task.revision,
        **changes,
    }


# Verbs ------------------------------------------------------------------------------------------------------------


def test_is_part_of_what_the_entry_says(version, entries):
    entries()
    task = factories.make_task(version, guardrail=RAIL)
    assert GrayscaleTask.objects.get(pk=task.pk).guardrail == RAIL
    (entry,) = entries()
    assert entry.after["guardrail"] == {"rate": "5", "points": "2.5", "devices": 500}
    words = (
        "Guardrail: more than 5 % of devices with errors or more than 2.5 points worse than online, with at least 500"
    )
    assert any(words in line for line in event_of(entry.verb).lines(entry))


def test_without_one_nothing_is_said(version, entries):
    entries()
    assert factories.make_task(version).guardrail is None
    (entry,) = entries()
    assert "guardrail" not in entry.after


@pytest.mark.parametrize("state", ["pending", "delivering", "suspended"])
def test_may_change_at_any_time(version, entries, state):
    task = factories.make_task(version, state=state)
    entries()
    guarded = edit(task, guardrail=Guardrail(rate=Decimal(5), devices=500))
    assert GrayscaleTask.objects.get(pk=task.pk).guardrail == Guardrail(rate=Decimal(5), devices=500)
    tighter = edit(guarded, guardrail=Guardrail(rate=Decimal("0.5"), devices=500))
    assert edit(tighter, guardrail=None).guardrail is None
    assert [entry.verb for entry in entries()] == ["grayscale.edited"] * 3
    titles = [event.title for event in steps_of(task, at=timezone.now()) if "uardrail" in event.title]
    assert titles == [
        "Guardrail removed",
        "Guardrail: 0.5 %, with at least 500 devices",
        "Guardrail: 5 %, with at least 500 devices",
    ]


def test_the_same_guardrail_is_no_change(version, entries):
    task = factories.make_task(version, guardrail=RAIL)
    entries()
    assert edit(task, guardrail=Guardrail(rate=Decimal("5.00"), points=Decimal("2.50"), devices=500)) == task
    assert entries() == []


@pytest.mark.parametrize(
    ("guardrail", "field", "reason"),
    [
        (Guardrail(devices=5), "guard_rate", "Enter one of the two limits"),
        (Guardrail(rate=Decimal(0), devices=5), "guard_rate", "Enter a number from 0.01 to 100."),
        (Guardrail(rate=Decimal("100.01"), devices=5), "guard_rate", "Enter a number from 0.01 to 100."),
        (Guardrail(points=Decimal("0.001"), devices=5), "guard_points", "Enter a number from 0.01 to 100."),
        (Guardrail(rate=Decimal(5), devices=0), "guard_devices", "Enter 1 to 10,000 devices."),
        (Guardrail(rate=Decimal(5), devices=10_001), "guard_devices", "Enter 1 to 10,000 devices."),
    ],
)
def test_verbs_refuse(version, guardrail, field, reason):
    for attempt in (
        lambda: factories.make_task(version, guardrail=guardrail),
        lambda: edit(GrayscaleTask.objects.get(), guardrail=guardrail),
    ):
        with pytest.raises(ActionRefused) as refusal:
            attempt()
        assert (refusal.value.field, refusal.value.message.startswith(reason)) == (field, True)
        if not GrayscaleTask.objects.exists():
            factories.make_task(version)


# The form ---------------------------------------------------------------------------------------------------------


def test_a_new_task_has_none_unless_it_is_asked_for(signed_in, version, by):
    client, program = signed_in(by), version.mini_program
    form = client.get(url(program, "create")).context["form"]
    assert [form[name].value() for name in GUARD] == [None, None, None]
    client.post(url(program, "create"), typed(version, guard_rate=" ", guard_points="", guard_devices=""))
    client.post(url(program, "create"), typed(version, **GUARD))
    assert {task.guardrail for task in GrayscaleTask.objects.all()} == {None, RAIL}


@pytest.mark.parametrize(
    ("shown", "stored"), [("5 %", "5"), ("0.50", "0.5"), ("100", "100"), ("0.01", "0.01"), (" 7 ", "7")]
)
def test_percent_as_people_write_it(signed_in, version, by, shown, stored):
    data = typed(version, **{**GUARD, "guard_rate": shown})
    assert signed_in(by).post(url(version.mini_program, "create"), data).status_code == 302
    task = GrayscaleTask.objects.get()
    assert task.guard_rate == Decimal(stored)
    assert f'value="{stored}"' in str(signed_in(by).get(url(task, "edit")).context["form"]["guard_rate"])


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({"guard_devices": ""}, {"guard_devices": "Enter the number of devices."}),
        ({"guard_rate": "", "guard_points": ""}, {"guard_rate": "Enter one of the two limits"}),
        ({"guard_rate": "0"}, {"guard_rate": "Enter a number from 0.01 to 100."}),
        ({"guard_rate": "100.5"}, {"guard_rate": "Enter a number from 0.01 to 100."}),
        ({"guard_rate": "1.234"}, {"guard_rate": "Enter a number from 0.01 to 100."}),
        ({"guard_rate": "five"}, {"guard_rate": "Enter a number, for example 5 or 0.5."}),
        ({"guard_rate": "-5"}, {"guard_rate": "Enter a number, for example 5 or 0.5."}),
        ({"guard_points": "1e1"}, {"guard_points": "Enter a number, for example 5 or 0.5."}),
        ({"guard_points": "NaN"}, {"guard_points": "Enter a number, for example 5 or 0.5."}),
        ({"guard_points": "٥"}, {"guard_points": "Enter a number, for example 5 or 0.5."}),
        ({"guard_points": "9" * 500}, {"guard_points": "Enter a number, for example 5 or 0.5."}),
        ({"guard_devices": "0"}, {"guard_devices": "Enter 1 to 10,000 devices."}),
        ({"guard_devices": "10,001"}, {"guard_devices": "Enter 1 to 10,000 devices."}),
        ({"guard_devices": "many"}, {"guard_devices": "Enter a whole number"}),
        ({"guard_rate": "x", "guard_devices": "y"}, {"guard_rate": "Enter a number", "guard_devices": "Enter a whole"}),
    ],
)
def test_refuses_beside_the_field_and_keeps_what_was_typed(signed_in, version, by, changes, errors):
    data = typed(version, **{**GUARD, **changes})
    response = signed_in(by).post(url(version.mini_program, "create"), data)
    form, text = response.context["form"], response.content.decode()
    assert (response.status_code, GrayscaleTask.objects.count()) == (422, 0)
    assert {*form.errors} == {*errors}
    for name, reason in errors.items():
        assert form.errors[name][0].startswith(reason)
        assert f'id="id_{name}_error"' in text
    assert {name: form[name].value() for name in GUARD} == {**GUARD, **changes}


def test_changes_while_the_task_delivers(signed_in, version, by):
    task = factories.make_task(version, guardrail=RAIL)
    client = signed_in(by)
    page = client.get(url(task, "edit"))
    assert {name: page.context["form"][name].value() for name in GUARD} == {
        "guard_rate": "5", "guard_points": "2.5", "guard_devices": "500",
    }  # fmt: skip
    assert client.post(url(task, "edit"), free(task, **{**GUARD, "guard_rate": "1"})).status_code == 302
    task.refresh_from_db()
    assert task.guardrail == Guardrail(rate=Decimal(1), points=Decimal("2.5"), devices=500)
    client.post(url(task, "edit"), free(task))
    task.refresh_from_db()
    assert task.guardrail is None


def test_a_copy_has_it_too(signed_in, version, by):
    old = factories.make_task(version, state="ended", guardrail=RAIL)
    form = signed_in(by).get(url(old, "copy")).context["form"]
    assert {name: form[name].value() for name in GUARD} == GUARD


def test_of_two_editors_the_second_sees_the_guardrail_of_the_first(signed_in, version, by):
    task = factories.make_task(version, state="pending", guardrail=RAIL)
    client = signed_in(by)
    seen = client.get(url(task, "edit")).context["form"]["seen"].value()
    actions.edit(task, by=by, revision=1, settings=same(task, guardrail=Guardrail(rate=Decimal("0.5"), devices=500)))
    data = typed(
        version,
        name=task.name,
        starts_at=minute(task.starts_at),
        ends_at=minute(task.ends_at),
        user_limit=task.user_limit,
        platforms=None,
        networks=None,
        revision=1,
        seen=seen,
        **{**GUARD, "guard_rate": "7"},
    )
    form = client.post(url(task, "edit"), data).context["form"]
    rows = [(row.label, row.theirs, row.mine, row.taken) for row in form.differences]
    assert rows == [
        ("Guardrail, devices with errors", "0.5", "7", False),
        ("Guardrail, points worse than online", "–", "2.5", True),
    ]
    again = {name: form[name].value() for name in form.fields if form[name].value() is not None}
    assert client.post(url(task, "edit"), again).status_code == 302
    task.refresh_from_db()
    assert task.guardrail == Guardrail(rate=Decimal(7), devices=500)


def test_the_form_offers_to_try_it(signed_in, version, by):
    text = signed_in(by).get(url(version.mini_program, "create")).content.decode()
    address = reverse("grayscale:guardrail", args=[version.mini_program.app_id])
    assert f'formaction="{address}"' in text
    assert f'hx-post="{address}"' in text


# Where it is shown ------------------------------------------------------------------------------------------------


def suspended(version):
    """A task that the guardrail has suspended, and what it saw."""
    task = factories.make_task(version, guardrail=RAIL)
    seen = {"since": "", "ours": {"devices": 480, "bad": 60}, "online": {"devices": 9_120, "bad": 73},
            "number": "1.0.0", "logs": False}  # fmt: skip
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_seen=seen, guard_looked_at=timezone.now())
    return task


def words_of(response):
    return " ".join(strip_tags(response.content.decode().replace("<", " <")).split())


def test_the_progress_page_shows_what_it_saw(signed_in, version, by):
    task, client = suspended(version), signed_in(by)
    for name in ("progress", "live"):
        words = words_of(client.get(url(task, name)))
        assert "Guardrail Checked just now" in words
        assert "Devices with errors, last hour 1.1.0 12.5 % 1.0.0 0.8 %" in words
        assert "Likely 9.8–15.8 %, based on 480 devices. 1.0.0: based on 9,120 devices." in words
        assert "Logs were unavailable. Only reports were counted." in words
        assert "The guardrail suspended this task." not in words
    GrayscaleTask.objects.filter(pk=task.pk).update(state="suspended", state_reason="guardrail")
    assert "The guardrail suspended this task." in words_of(client.get(url(task, "progress")))


def test_the_progress_page_forgets_what_it_saw_before_a_resume(signed_in, version, by):
    task, client = suspended(version), signed_in(by)
    GrayscaleTask.objects.filter(pk=task.pk).update(state_since=timezone.now() + timedelta(seconds=1))
    words = words_of(client.get(url(task, "progress")))
    assert "Not checked yet. The guardrail checks about once a minute." in words
    assert "12.5 %" not in words


def test_without_one_the_progress_page_says_nothing(signed_in, task, by):
    assert "live-guardrail" not in signed_in(by).get(url(task, "progress")).content.decode()


def test_the_list_marks_it(signed_in, version, by):
    factories.make_task(version)
    task = factories.make_task(version, guardrail=RAIL)
    GrayscaleTask.objects.filter(pk=task.pk).update(state="suspended", state_reason="guardrail")
    response = signed_in(by).get(url(version.mini_program, "tasks"))
    assert [bool(row.guardrail) for row in response.context["rows"]] == [True, False]
    assert response.context["rows"][0].note.startswith("suspended by the guardrail, ")
    assert response.content.decode().count('class="guarded"') == 1


def test_the_dialog_says_that_it_counts_anew(signed_in, version, by):
    task = factories.make_task(version, state="suspended", guardrail=RAIL)
    client = signed_in(by)
    words = "The guardrail resets and acts again after 500 new devices."
    assert words in client.get(url(task, "resume")).content.decode()
    plain = factories.make_task(version, state="suspended")
    assert "guardrail" not in words_of(client.get(url(plain, "resume")))

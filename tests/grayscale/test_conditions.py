"""Each condition, wherever there has to be something of it: what is not read from its description is missed here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args, get_type_hints

import msgspec
import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext
from zeal import zeal_ignore

from console.api.device.schema import UpdateRequest
from console.base.core.errors import ActionRefused
from grayscale import actions
from grayscale.actions import settings_of
from grayscale.conditions import (
    APPLICATION,
    CHOICES,
    CONDITIONS,
    LISTED,
    NETWORK,
    PLATFORM,
    Choice,
    Condition,
    Listed,
    Ranged,
)
from grayscale.forms.device import DeviceForm
from grayscale.matching import failed
from grayscale.models import GrayscaleTask
from grayscale.presenters.explanation import AskedDevice, explain
from grayscale.presenters.progress import Progress
from grayscale.presenters.reach import reach_of, reach_sentence, reach_words
from grayscale.program_state import rules_of
from releases.field import seen
from releases.field.device import UNKNOWN, Device, Facts, seen_device
from releases.field.models import SeenDevice
from releases.models import Version
from tests import factories

FACTS = {*Facts.__struct_fields__}
# A device that meets every condition below, and what it would say instead.
RIGHT = {one.of_device: one.options.values[0] for one in CHOICES} | {name: f"{name}-1" for name in LISTED}
RIGHT |= {"platform": "android", "os_version": "14", "app_version": "9.2", "guid": f"0302{1:028}"}
WRONG = {one.of_device: one.options.values[1] for one in CHOICES} | {name: f"{name}-2" for name in LISTED}
WRONG |= {"platform": "ios", "guid": f"0302{2:028}"}

each = pytest.mark.parametrize("one", CONDITIONS, ids=[one.of_device for one in CONDITIONS])
each_choice = pytest.mark.parametrize("one", CHOICES, ids=[one.of_device for one in CHOICES])


def restricted(version: Version, *by: Condition, **fields: Any) -> GrayscaleTask:
    """A task that these conditions restrict to RIGHT devices, and no other one."""
    program = version.mini_program
    fields |= {one.of_task: [RIGHT[one.of_device]] for one in by if isinstance(one, Choice)}
    lists = [one.of_device for one in by if isinstance(one, Listed)]
    fields["object_lists"] = [factories.make_object_list(program, name, [RIGHT[name]]) for name in lists]
    fields["platforms"] = [("android", "10", "20")] if PLATFORM in by else []
    if APPLICATION in by:
        fields["applications"] = [(program.bindings.bound().earliest("pk").application, "8.2", "10")]
    return factories.make_task(version, **fields)


# What devices say -------------------------------------------------------------------------------------------------


def test_everything_that_a_device_says_stands_everywhere():
    """Which application asks, its key says."""
    asked_for = {name for one in CONDITIONS for name in one.fails_as} - {"application"}
    assert asked_for == FACTS
    assert {name for name, value in vars(Device).items() if isinstance(value, property)} == FACTS
    columns = {field.name for field in SeenDevice._meta.get_fields()}
    assert columns - {"pk", "mini_program", "application", "seen_at"} == FACTS
    assert {*UpdateRequest.__struct_fields__} - {"app_id", "local_version", "trial_token"} == FACTS


@each_choice
def test_devices_say_what_can_be_ticked_or_that_they_can_not_tell(one):
    assert {*get_args(get_type_hints(UpdateRequest)[one.of_device])} == {*one.options.values, UNKNOWN}


@each_choice
def test_a_device_that_says_nothing_can_not_tell_and_every_value_is_kept(one):
    """SDKs in the field don't send what is new."""
    assert SeenDevice._meta.get_field(one.of_device).max_length >= max(map(len, (*one.options.values, UNKNOWN)))
    if one is not NETWORK:  # which every SDK sends
        required = {"app_id": "mp", "guid": RIGHT["guid"], "platform": "android", "os_version": "14"}
        device = msgspec.convert({**required, "app_version": "9.2", "network": "wifi"}, UpdateRequest)
        assert getattr(device, one.of_device) == UNKNOWN


def test_what_devices_say_is_documented():
    text = (Path(settings.BASE_DIR) / "docs/device-api.md").read_text()
    rows = [row.split("|") for row in text.partition("## `POST update`")[2].splitlines() if row.startswith("| `")]
    told = {name: row[2] for row in rows for name in FACTS if f"`{name}`" in row[1]}
    assert told.keys() == FACTS
    for one in CHOICES:
        assert [value for value in (*one.options.values, UNKNOWN) if f"`{value}`" not in told[one.of_device]] == []


def test_a_device_is_described_by_every_fact(version):
    """Its GUID says which platform it is of."""
    fields = DeviceForm({}, program=version.mini_program).fields.keys()  # type: ignore[arg-type]
    assert fields - {"application", "local_version"} == FACTS - {"platform"}


def test_what_a_device_says_is_kept_and_what_changed_too(version):
    for facts in (RIGHT, {**RIGHT, **WRONG, "os_version": "15", "app_version": "10", "guid": RIGHT["guid"]}):
        device = factories.make_device(**facts)
        seen.write([seen_device(version.mini_program.app_id, device, application=1)])
        row = SeenDevice.objects.get()
        assert {name: getattr(row, name) for name in FACTS} == {name: getattr(device, name) for name in FACTS}


# The task ---------------------------------------------------------------------------------------------------------


@each
def test_it_restricts(one, version):
    task = restricted(version, one)
    application = task.applications.get().application_id
    (rule,) = rules_of(GrayscaleTask.objects.filter(pk=task.pk)).values()
    right, wrong = (factories.make_device(**facts) for facts in (RIGHT, RIGHT | WRONG))
    assert [*failed(rule.conditions, right, application=application)] == []
    other = 0 if one is APPLICATION else application
    assert [*failed(rule.conditions, wrong, application=other)] == [one.of_device]


class Sent(HTMLParser):
    """`data` is what a browser would send of the task form as it was opened."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.data: dict[str, list[str]] = {}
        self.select = ""
        self.feed(html.partition('id="task-form"')[2].partition("</form>")[0])

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        kind = given.get("type", "text")
        if tag == "select":
            self.select = given["name"]
        elif tag == "option" and "selected" in given:
            self.data.setdefault(self.select, []).append(given["value"])
        elif tag == "input" and kind != "file" and (kind not in ("checkbox", "radio") or "checked" in given):
            self.data.setdefault(given["name"], []).append(given.get("value", "" if kind == "text" else "on"))


def conditions_of(task: GrayscaleTask) -> dict[str, Any]:
    """What the rows hold of each condition, in plain values."""
    found: dict[str, Any] = {one.of_task: getattr(task, one.of_task) for one in CHOICES}
    for one in (APPLICATION, PLATFORM):
        rows = getattr(task, one.of_task)
        found[one.of_task] = [*rows.values_list(one.of_device, "lowest", "highest")]
    return found | {kind: [*task.object_lists.filter(kind=kind).values_list("count", flat=True)] for kind in LISTED}


def test_a_copy_reaches_no_more_devices(signed_in, version, by):
    """Sent as the form was opened: neither a field nor its box may be forgotten."""
    old = restricted(version, *CONDITIONS)
    client, url = signed_in(by), reverse("grayscale:copy", args=[version.mini_program.app_id, old.pk])
    with zeal_ignore():  # Each list is copied by itself.
        response = client.post(url, Sent(client.get(url).content.decode()).data)
    assert response.status_code == 302
    new = GrayscaleTask.objects.exclude(pk=old.pk).get()
    assert conditions_of(new) == conditions_of(old)
    assert all(conditions_of(new).values())


def test_saving_a_form_as_it_was_opened_changes_nothing(signed_in, version, by):
    at = timezone.now()
    task = restricted(version, *CONDITIONS, starts_at=at + timedelta(days=1), ends_at=at + timedelta(days=2))
    client, url = signed_in(by), reverse("grayscale:edit", args=[version.mini_program.app_id, task.pk])
    assert client.post(url, Sent(client.get(url).content.decode()).data).status_code == 302
    task.refresh_from_db()
    assert task.revision == 1
    assert all(conditions_of(task).values())


@each
def test_it_is_fixed_once_the_task_has_started(one, signed_in, version, by):
    """By the verb, and on the page as text."""
    field = "object_lists" if isinstance(one, Listed) else one.of_task
    own, free = vars(settings_of(restricted(version, one))), vars(settings_of(restricted(version)))
    task = GrayscaleTask.objects.earliest("pk")
    with pytest.raises(ActionRefused) as refused:
        actions.edit(task, by=by, revision=1, settings=actions.TaskSettings(**{**own, field: free[field]}))
    assert refused.value.field == field
    url = reverse("grayscale:edit", args=[version.mini_program.app_id, task.pk])
    assert field not in signed_in(by).get(url).context["form"].fields


@each_choice
def test_the_database_knows_the_values(one, task):
    statement = f"UPDATE grayscale_grayscaletask SET {one.of_task} = %s"
    with connection.cursor() as cursor:
        cursor.execute(statement, [one.options.values])
        with pytest.raises(IntegrityError, match=f"grayscale_task_{one.of_task}_known"), transaction.atomic():
            cursor.execute(statement, [["nothing"]])


# Words ------------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["en", "zh-hans"])
def language(request) -> Iterator[str]:
    """Both languages."""
    with translation.override(request.param):
        yield request.param


@each
def test_it_is_in_the_words_about_the_task(one, language, version):
    reached, everyone = (reach_of(restricted(version, *by), bound=2) for by in ([one], []))
    assert reach_words(reached) != reach_words(everyone)
    assert reach_sentence(reached) != reach_sentence(everyone)


@each
def test_it_is_why_a_device_does_not_get_it(one, language, version):
    """In the explanation of the device, and among the reasons on the task's page."""
    program, task = version.mini_program, restricted(version, one)
    own = task.applications.get().application
    application = factories.make_binding(program).application if one is APPLICATION else own
    facts = RIGHT | WRONG
    asked = AskedDevice(application=application, **facts)
    (found,) = explain(program, asked, at=timezone.now(), task=task).tasks
    assert [check.label for check in found.checks if not check.fits] == [str(one.label)]
    del facts["guid"]
    factories.make_seen(program, application=application, **facts)
    lines, total = Progress(task, timezone.now()).others
    assert ([line.label for line in lines], total) == ([str(one.other)], 1)


def test_it_is_on_the_pages_of_the_task(signed_in, version, by):
    """A step of the estimate, and a line among the conditions."""
    task, client, app_id = restricted(version, *CONDITIONS), signed_in(by), version.mini_program.app_id
    words = [one.words([RIGHT[one.of_device]]) if isinstance(one, Choice) else str(one.step) for one in CONDITIONS]
    preview = reverse("grayscale:preview", args=[app_id])
    for name, query in (("edit", "task"), ("copy", "copy")):  # as it is fixed, and as it is typed
        data = Sent(client.get(reverse(f"grayscale:{name}", args=[app_id, task.pk])).content.decode()).data
        shown = client.post(f"{preview}?{query}={task.pk}", data).context["preview"]
        assert [step for step, _count in shown.steps] == words

    shown = client.get(task.get_absolute_url()).context["conditions"]
    labels = ["Objects" if isinstance(one, Listed) else str(one.label) for one in CONDITIONS]
    assert [label for label, lines in shown if lines] == [*dict.fromkeys(labels)]


def test_the_log_names_them_in_the_order_of_the_form(signed_in, version, by):
    task = restricted(version, *CONDITIONS)
    by.language = "zh-hans"
    by.save()
    page = signed_in(by).get(reverse("miniprograms:activity", args=[version.mini_program.app_id])).content.decode()
    line = re.sub("<[^>]+>", "", page.rpartition(task.name)[2])
    with translation.override("zh-hans"):
        labels = [gettext("Objects") if isinstance(one, Listed) else label_of(one) for one in CONDITIONS]
    places = [line.find(f"{label}：") for label in dict.fromkeys(labels)]
    assert places == sorted(places)
    assert -1 not in places


def label_of(one: Ranged | Choice) -> str:
    """The label of its field in the form."""
    return str(one.all_label if isinstance(one, Ranged) else one.label)

"""The side column of the task form, and the confirmations of moves."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from console.base.activity.models import ActivityEntry
from grayscale import estimate
from grayscale.models import GrayscaleTask, ObjectList
from tests import factories
from tests.grayscale.pages import minute, typed

pytestmark = pytest.mark.django_db


def preview_url(program):
    return reverse("grayscale:preview", args=[program.app_id])


def words_of(response):
    return " ".join(strip_tags(response.content.decode()).split())


def test_says_whom_it_reaches_and_keeps_nothing(signed_in, version, by):
    application = version.mini_program.bindings.bound().applications().get()
    rows = [model.objects.count() for model in (GrayscaleTask, ObjectList, ActivityEntry)]
    data = typed(version, platforms=["ios"], platforms_ios_lowest="16", **{"objects-guid_use": "on"})
    response = signed_in(by).post(preview_url(version.mini_program), data)
    words = words_of(response)
    assert response.status_code == 200
    assert f"Devices in {application}, on iOS 16 or higher, while on Wi-Fi or 5G." in words
    assert "4 of 20 words" in words
    assert "4 days. Times are in UTC." in words
    assert "No device requested this mini program in that time." in words
    assert [model.objects.count() for model in (GrayscaleTask, ObjectList, ActivityEntry)] == rows


def test_estimates_and_warns_that_the_limit_is_too_high(signed_in, version, by):
    program, client = version.mini_program, signed_in(by)
    factories.make_seen(program, 3, platform="ios", os_version="17.1")
    factories.make_seen(program, 2, platform="android", os_version="9")
    factories.make_seen(program, 1, platform="android", os_version="14", network="2g")
    data = typed(version, platforms_android_lowest="10", networks=["wifi"], user_limit="3")
    response = client.post(preview_url(program), data)
    assert response.context["preview"].steps == [
        ("Host app and version match", "6"), ("Platform matches", "4"), ("Wi-Fi", "3"),
    ]  # fmt: skip
    assert "50 % of 6 active devices" in words_of(response)
    assert "The limit will not be reached." not in words_of(response)
    words = words_of(client.post(preview_url(program), {**data, "user_limit": "4"}))
    assert "The limit will not be reached. At most about 3 devices are eligible; the limit is 4." in words


@pytest.mark.parametrize(("limit", "share"), [("8", "100"), ("1", "12.5"), ("2", "25"), ("4", "50")])
def test_the_share_has_decimals_where_there_are_some(signed_in, version, by, limit, share):
    factories.make_seen(version.mini_program, 8)
    words = words_of(signed_in(by).post(preview_url(version.mini_program), typed(version, user_limit=limit)))
    assert f"{share} % of 8 active devices" in words


def test_a_pilot_group_is_found_among_very_many_devices(signed_in, version, by, monkeypatch):
    monkeypatch.setattr(estimate, "SAMPLE", 2)
    program = version.mini_program
    pilots = factories.make_seen(program, 2, ago=timedelta(days=2))
    factories.make_seen(program, 3)
    listed = factories.make_object_list(program, "guid", pilots)
    task = factories.make_task(version, state="pending", object_lists=[listed])
    kept = {"objects-guid_use": "on", "objects-guid_mode": "type", "objects-guid_keep": listed.pk}
    data = typed(version, platforms=None, networks=None, **kept)
    response = signed_in(by).post(f"{preview_url(program)}?task={task.pk}", data)
    assert response.context["preview"].steps == [("Host app and version match", "5"), ("On the GUID list", "2")]


def test_says_which_of_overlapping_tasks_wins(signed_in, version, by):
    program, client = version.mini_program, signed_in(by)
    factories.make_task(version, name="Same", ends_at=timezone.now() + timedelta(days=3))
    higher = factories.make_approved(program, "1.2.0")
    factories.make_task(higher, name="Higher", ends_at=timezone.now() + timedelta(days=3))
    words = words_of(client.post(preview_url(program), typed(version)))
    assert "Overlaps with 2 tasks." in words
    assert "“Higher” delivers 1.2.0. Devices eligible for both get 1.2.0, the higher version." in words
    assert "“Same” delivers 1.1.0. For devices eligible for both, this newer task wins." in words
    later = timezone.now() + timedelta(days=4)
    data = typed(version, starts_at=minute(later), ends_at=minute(later + timedelta(days=1)))
    assert "Overlaps" not in words_of(client.post(preview_url(program), data))
    assert "Overlaps" not in words_of(client.post(preview_url(program), typed(version, applications=None)))


def test_of_very_many_overlapping_tasks_some_are_named(signed_in, version, by):
    for number in range(7):
        factories.make_task(version, name=f"Task {number}", ends_at=timezone.now() + timedelta(days=3))
    words = words_of(signed_in(by).post(preview_url(version.mini_program), typed(version)))
    assert "Overlaps with 7 tasks." in words
    assert "“Task 6”, “Task 5”, “Task 4”, “Task 3”, “Task 2” and 2 more deliver 1.1.0." in words
    assert "For devices eligible for more than one, this newer task wins." in words


def test_a_task_does_not_overlap_with_itself(signed_in, task, by):
    url = f"{preview_url(task.mini_program)}?task={task.pk}"
    words = words_of(signed_in(by).post(url, {"name": task.name, "ends_at": minute(task.ends_at), "user_limit": "5"}))
    assert "Overlaps" not in words
    assert f"Devices in {task.applications.get()}." in words


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"version": "x", "starts_at": "x", "ends_at": "x", "user_limit": "x", "applications": ["x"], "networks": ["x"]},
        {"applications": ["9" * 40], "version": "9" * 40, "platforms": ["\x00"], "name": "\x00"},
    ],
)
def test_nonsense_is_no_error_and_no_complaint(signed_in, version, by, nonsense):
    response = signed_in(by).post(preview_url(version.mini_program), nonsense)
    assert response.status_code == 200
    assert "No devices yet. Choose at least one host app." in words_of(response)
    assert "invalid-feedback" not in response.content.decode()


@pytest.mark.parametrize("name", ["task", "copy"])
def test_tasks_of_others_are_not_found(signed_in, version, by, name):
    foreign = factories.make_task()
    for number in (foreign.pk, "x", "9" * 30):
        assert signed_in(by).post(f"{preview_url(version.mini_program)}?{name}={number}").status_code == 404


# Moves ------------------------------------------------------------------------------------------------------------


def move(client, task, verb, data=None, **headers):
    address = reverse(f"grayscale:{verb}", args=[task.mini_program.app_id, task.pk])
    return client.post(address, data or {}, headers=headers) if data is not None else client.get(address)


@pytest.mark.parametrize(
    ("verb", "before", "after", "toast"),
    [
        ("start", "pending", "delivering", "is delivering."),
        ("suspend", "delivering", "suspended", "suspended."),
        ("resume", "suspended", "delivering", "is delivering again."),
        ("end", "suspended", "ended", "ended."),
    ],
)
def test_moves_ask_first(signed_in, version, by, verb, before, after, toast):
    task, client = factories.make_task(version, state=before), signed_in(by)
    assert move(client, task, verb).status_code == 200
    task.refresh_from_db()
    assert task.state == before
    response = move(client, task, verb, {"note": "Because"})
    assert response.headers["Location"] == task.get_absolute_url()
    assert GrayscaleTask.objects.get().state == after
    assert f"“{task}” {toast}" in client.get(response.headers["Location"]).content.decode()
    assert move(client, task, verb, {"note": ""}).status_code == 422  # A second time it is refused in words.


def test_a_dialog_in_a_list_returns_there(signed_in, version, by):
    task = factories.make_task(version)
    here = reverse("grayscale:tasks", args=[version.mini_program.app_id]) + "?show=delivering"
    for current, target in (
        (f"http://testserver{here}", here),
        ("http://evil.example/", task.get_absolute_url()),
        ("http://[::1", task.get_absolute_url()),
    ):
        headers = {"HX-Request": "true", "HX-Current-URL": current}
        verb = "suspend" if GrayscaleTask.objects.get().state == "delivering" else "resume"
        assert move(signed_in(by), task, verb, {"note": ""}, **headers).headers["HX-Redirect"] == target


@pytest.mark.parametrize(
    ("choice", "keeps", "reason"), [("keep", True, "by_hand"), ("pull_back", False, "pulled_back")]
)
def test_ending_says_what_devices_get(signed_in, task, by, choice, keeps, reason):
    client = signed_in(by)
    for _device in range(2):
        factories.make_claim(task)
    text = move(client, task, "end").content.decode()
    assert "Keep: 2 devices stay on 1.1.0 until the next release." in text
    assert "Pull back: 2 devices return to 1.0.0 at their next start." in text
    assert move(client, task, "end", {"note": ""}).context["form"].errors == {"after": ["This field is required."]}
    move(client, task, "end", {"after": choice, "note": ""})
    ended = GrayscaleTask.objects.get()
    assert (ended.state, ended.keeps, ended.state_reason) == ("ended", keeps, reason)


def test_pulling_back_names_the_versions_of_other_tasks(signed_in, task, by):
    """Who has a place elsewhere, or fits, does not return to the online version (G-7)."""
    factories.make_claim(task)
    higher = factories.make_approved(task.mini_program, "1.2.0")
    factories.make_task(higher)
    factories.make_task(task.version, state="pending")
    text = move(signed_in(by), task, "end").content.decode()
    words = "returns to 1.0.0 at its next start, or gets the version of another task it is enrolled in or eligible for"
    assert f"{words} (1.2.0)." in text


def test_without_devices_there_is_nothing_to_choose(signed_in, task, by):
    assert "Pull back" not in move(signed_in(by), task, "end").content.decode()

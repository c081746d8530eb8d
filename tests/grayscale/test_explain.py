"""Explaining a device (G-12): the same answer as the update check, in words, and nobody is counted."""

import random
import time
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.api.device import rate
from console.base.hosts import proofs
from console.base.hosts.models import ApplicationKey
from console.base.hosts.signing import make_signing_key
from grayscale import actions
from grayscale.models import Claim, ClaimShard
from grayscale.presenters.explanation import AskedDevice, explain
from miniprograms.models import MiniProgram
from releases.field import seen
from releases.field.models import SeenDevice
from releases.field.seen import SeenBuffer
from tests import factories
from tests.console.api.device.asking import Device, question, through_django
from tests.console.api.device.world import World

pytestmark = pytest.mark.django_db
GUID = f"0302{7:028}"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    """Nothing that another test counted, noted or kept."""
    monkeypatch.setattr(rate, "limiter", rate.Limiter("6000/minute"))
    monkeypatch.setattr(seen, "buffer", SeenBuffer(follow=False))
    cache.clear()


@pytest.fixture
def application(version):
    return version.mini_program.bindings.bound().get().application


def device(application, **facts):
    known = {"guid": GUID, "platform": "android", "os_version": "14", "app_version": "8.3.1", "network": "wifi"}
    return AskedDevice(application=application, **{**known, **facts})


def asked(application, **facts):
    """The form's fields in a URL."""
    known = {"guid": GUID, "application": application.pk, "app_version": "8.3.1", "os_version": "14", "network": "wifi"}
    return {**known, **facts}


def url(thing, name="explain"):
    task = getattr(thing, "version", None)
    return reverse(f"grayscale:{name}", args=[thing.mini_program.app_id, thing.pk] if task else [thing.app_id])


def make_known(program, application, **fields):
    """Let the device have been seen in the program."""
    facts = {"guid": GUID, "application": application, "app_version": "8.1", "os_version": "12", "network": "4g"}
    factories.make_seen(program, **facts, **fields)


def lines(explanation, number=0):
    return [(check.fits, check.label, check.words) for check in explanation.tasks[number].checks]


def explained(task, asking, *, at=None):
    task.refresh_from_db()
    program = MiniProgram.objects.get(pk=task.mini_program_id)
    return explain(program, asking, at=at or timezone.now())


def test_one_condition_does_not_fit(version, application):
    lists = [factories.make_object_list(version.mini_program, "account", ["ann", "ben"])]
    task = factories.make_task(
        version, applications=[(application, "8.2.0", "")], platforms=[("android", "10", ""), ("ios", "", "")],
        networks=["wifi", "5g"], object_lists=lists,
    )  # fmt: skip
    found = explained(task, device(application, os_version="9", account="ann"))
    assert found.conclusion == "This device runs 1.0.0, the online version."
    assert found.tasks[0].note == "One condition of this task isn’t met."
    assert lines(found) == [
        (True, "Schedule and limit", "active now; 100 places left"),
        (True, "Host app", f"{application} 8.3.1, needs 8.2.0 or higher"),
        (False, "Platform", "Android 9, needs 10 or higher"),
        (True, "User account", "on the list of 2 user accounts"),
        (True, "Network", "Wi-Fi"),
    ]


def test_every_way_not_to_fit(version, application):
    other = factories.make_binding(version.mini_program).application
    lists = [
        factories.make_object_list(version.mini_program, kind, values)
        for kind, values in (("guid", [f"0302{8:028}"]), ("device_id", ["d-1"]), ("account", ["ann"]))
    ]
    task = factories.make_task(
        version, applications=[(application, "", "")], platforms=[("ios", "17", "")], networks=["5g"],
        object_lists=lists,
    )  # fmt: skip
    found = explained(task, device(other, account="zoe", network="unknown"))
    assert found.tasks[0].note == "6 conditions of this task aren’t met."
    assert lines(found)[1:] == [
        (False, "Host app", f"{other} 8.3.1, needs {application}"),
        (False, "Platform", "Android 14, needs iOS"),
        (False, "GUID", "not on the list of 1 GUID"),
        (False, "Custom device ID", "not provided, must be one of 1 device ID"),
        (False, "User account", "not on the list of 1 user account"),
        (False, "Network", "Unknown, needs 5G"),
    ]


def test_a_device_that_fits_would_take_a_place(task, application):
    found = explained(task, device(application))
    assert found.conclusion == "This device runs 1.1.0, the grayscale version."
    assert (found.tasks[0].gives, found.tasks[0].note) == (True, "It will be enrolled at its next update check.")
    assert found.why == f"It comes from the task “{task}”."


def test_who_has_a_place_keeps_it_whatever_it_is_now(version, application, by):
    task = factories.make_task(version, networks=["wifi"])
    assert factories.make_claim(task, guid=GUID)
    actions.suspend(task, by=by)
    found = explained(task, device(application, network="2g"))
    assert found.decision.release.number == "1.1.0"
    assert lines(found)[0][2].startswith("suspended for other devices; enrolled since ")
    assert found.tasks[0].note == "Enrolled in this task."


@pytest.mark.parametrize(
    ("state", "words"), [("suspended", "suspended: no new devices"), ("ended", "ended: no longer delivers 1.1.0")]
)
def test_states_that_give_no_new_place(state, words, version, application):
    task = factories.make_task(version, state=state)
    found = explained(task, device(application))
    assert lines(found)[0] == (False, "Schedule and limit", words)
    assert found.decision.release.number == "1.0.0"


def test_a_task_that_starts_later(version, application):
    task = factories.make_task(version, state="pending")
    assert lines(explained(task, device(application)))[0][2].startswith("starts ")
    at = task.starts_at + timedelta(minutes=1)
    assert explained(task, device(application), at=at).decision.release.number == "1.1.0"


def test_the_limit_is_reached(version, application):
    task = factories.make_task(version, user_limit=3)
    assert [factories.make_claim(task) for _ in range(4)] == [True, True, True, False]
    found = explained(task, device(application))
    assert lines(found)[0] == (False, "Schedule and limit", "limit reached: 3 of 3")
    assert found.tasks[0].note == "Eligible, but not enrolled (limit reached: 3 of 3)."


def test_after_the_end_only_who_runs_it_keeps_it(version, application, by):
    task = factories.make_task(version)
    factories.make_claim(task, guid=GUID)
    actions.end(task, by=by)
    runs = explained(task, device(application, local_version="1.1.0"))
    assert (runs.decision.release.number, lines(runs)[0][2]) == ("1.1.0", "ended; the device runs 1.1.0 and keeps it")
    lost = explained(task, device(application))
    assert (lost.decision.release.number, lines(lost)[0][2]) == (
        "1.0.0",
        "ended; only devices that already run 1.1.0 keep it",
    )


def test_the_higher_version_comes_first(version, application):
    lower = factories.make_task(version)
    higher = factories.make_task(factories.make_approved(version.mini_program, "1.2.0"))
    found = explained(lower, device(application))
    assert [one.task for one in found.tasks] == [higher, lower]
    assert [one.gives for one in found.tasks] == [True, False]
    assert found.tasks[1].note == "Another task takes priority: its version is higher, or it is newer."


def test_tasks_that_ended_long_ago_are_left_out(task, by, application):
    actions.end(task, by=by)
    assert len(explained(task, device(application)).tasks) == 1
    later = timezone.now() + timedelta(days=8)
    found = explained(task, device(application), at=later)
    assert (found.tasks, found.why) == ([], "No task is active, and none ended in the last 7 days.")


def test_the_task_that_a_version_was_kept_from_is_shown_however_long_ago_it_ended(version, application, by):
    task = factories.make_task(version)
    factories.make_claim(task, guid=GUID)
    actions.end(task, by=by)
    later = timezone.now() + timedelta(days=9)
    found = explained(task, device(application, local_version="1.1.0"), at=later)
    assert found.conclusion == "This device runs 1.1.0, the grayscale version."
    assert found.why == f"It comes from the task “{task}”."
    assert [(one.task, one.gives) for one in found.tasks] == [(task, True)]
    assert lines(found)[0] == (True, "Schedule and limit", "ended; the device runs 1.1.0 and keeps it")


def test_asked_about_one_task_it_still_names_the_one_that_gives_the_version(version, application):
    lower = factories.make_task(version)
    higher = factories.make_task(factories.make_approved(version.mini_program, "1.2.0"))
    found = explain(version.mini_program, device(application), at=timezone.now(), task=lower)
    assert [one.task for one in found.tasks] == [lower]
    assert (found.decision.release.number, found.why) == ("1.2.0", f"It comes from the task “{higher}”.")


def test_nothing_is_counted_or_written(task, application, signed_in):
    client = signed_in(task.created_by)
    for name, thing in (("explain", task.mini_program), ("progress", task)):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url(thing, name), asked(application))
        assert "the grayscale version" in response.content.decode()
        verbs = {one["sql"].split()[0].upper() for one in queries}
        assert verbs <= {"SELECT", "DECLARE", "WITH"} | {"SAVEPOINT", "RELEASE"}
        assert not any("grayscale_take" in one["sql"] for one in queries)
    assert (Claim.objects.count(), SeenDevice.objects.count(), sum_taken(task)) == (0, 0, 0)


def sum_taken(task):
    return sum(ClaimShard.objects.filter(task=task).values_list("taken", flat=True))


def test_a_known_guid_alone_will_do(task, application, signed_in):
    make_known(task.mini_program, application, account="ann")
    response = signed_in(task.created_by).get(url(task.mini_program), {"guid": f" {GUID} "})
    form = response.context["form"]
    assert (form["os_version"].value(), form["network"].value(), form["account"].value()) == ("12", "4g", "ann")
    assert response.context["explanation"].decision.channel == "grayscale"


@pytest.mark.parametrize("name", ["ann", "phone-7"])
def test_a_device_is_found_by_its_account_or_id(task, application, signed_in, name):
    make_known(task.mini_program, application, account="ann", device_id="phone-7")
    make_known(factories.make_program(), application, account="zoe")
    client = signed_in(task.created_by)
    response = client.get(url(task.mini_program), {"guid": name})
    assert response.context["form"]["guid"].value() == GUID
    assert response.context["explanation"].decision.channel == "grayscale"
    errors = client.get(url(task.mini_program), {"guid": "zoe"}).context["form"].errors
    assert errors["guid"] == ["No device with this account or device ID was seen recently."]


def test_it_begins_with_the_devices_that_were_seen_last(task, application, signed_in):
    make_known(task.mini_program, application, account="ann")
    page = signed_in(task.created_by).get(url(task.mini_program))
    assert [device.guid for device, _platform in page.context["seen"]] == [GUID]
    assert f"?guid={GUID}" in page.content.decode()


def test_what_is_typed_wins_over_what_was_seen(task, application, signed_in):
    make_known(task.mini_program, application)
    response = signed_in(task.created_by).get(url(task.mini_program), asked(application, os_version="15"))
    assert (response.context["form"]["os_version"].value(), response.context["form"].seen) == ("15", None)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("guid", "0301", "A GUID has 32 digits and begins with 0302 (Android) or 0303 (iOS)."),
        ("guid", "", "Enter a GUID, an account or a device ID."),
        ("guid", f"0302{'٣' * 28}", "A GUID has 32 digits"),
        ("guid", "0" * 5000, "at most 128 characters"),
        ("application", "999999", "Select a valid choice"),
        ("application", "x", "Select a valid choice"),
        ("application", "", "Choose the host app."),
        ("app_version", "new", "Start with numbers and dots, such as 8.3.1."),
        ("app_version", "8\x00", "Remove invisible control characters."),
        ("os_version", "", "Enter the version."),
        ("network", "6g", "Select a valid choice"),
        ("local_version", "1.2", "Enter three numbers with dots, such as 1.10.0."),
        ("account", "a" * 200, "at most 128 characters"),
    ],
)
def test_bad_input_is_shown_beside_its_field(field, value, words, task, application, signed_in):
    client = signed_in(task.created_by)
    for name, thing in (("explain", task.mini_program), ("progress", task)):
        response = client.get(url(thing, name), {**asked(application), field: value})
        assert response.status_code == 200
        assert "explanation" not in response.context
        assert list(response.context["form"].errors) == [field]
        assert words in response.context["form"].errors[field][0]


def test_an_unknown_guid_alone_asks_for_the_rest(task, signed_in):
    response = signed_in(task.created_by).get(url(task.mini_program), {"guid": GUID})
    assert response.context["form"].errors["guid"] == [
        "This device hasn’t been seen in this mini program. Enter its host app, versions and network."
    ]


def test_devices_of_another_program_are_not_known(task, application, signed_in):
    make_known(factories.make_program(), application)
    assert signed_in(task.created_by).get(url(task.mini_program), {"guid": GUID}).context["form"].seen is None


def test_keeps_its_number_of_queries(version, application, signed_in):
    client, counts = signed_in(version.mini_program.created_by), set()
    for number in (2, 3):
        lists = [factories.make_object_list(version.mini_program, "account", ["ann"])]
        factories.make_task(
            factories.make_approved(version.mini_program, f"1.{number}.0"), platforms=[("android", "", "")],
            object_lists=lists,
        )  # fmt: skip
        client.get(url(version.mini_program), asked(application))  # The list's file is written at its first use.
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(version.mini_program), asked(application)).status_code == 200
        counts.add(len(queries))
    assert len(counts) == 1


@pytest.mark.parametrize("seed", (0, 2, 3))
def test_agrees_with_the_update_check_on_random_worlds(seed):
    """Explained first, asked right after: what the explanation says is what the device gets."""
    chance = random.Random(seed)
    world = World(chance)
    for _step in range(250):
        world.change()
    ApplicationKey.objects.update(revoked_at=None)
    for application in world.applications:  # Without a key that signs, no package is offered.
        make_signing_key(application, by=None)
    told = []
    for _ask in range(60):
        program = MiniProgram.objects.get(pk=chance.choice(world.programs).pk)
        application = chance.choice(world.applications)
        facts = world.device()
        local = chance.choice([None, "1.0.0", "1.2.0", "1.9.0", "1.10.0"])
        asking = AskedDevice(application=application, local_version=local, **facts)
        found = explain(program, asking, at=timezone.now())
        body = {name: value for name, value in {**facts, "local_version": local}.items() if value is not None}
        application.refresh_from_db()
        of_application = (application.application_id, application.proof_series)
        known = {"guid": facts["guid"], "account": facts["account"], "at": time.time()}
        shown = proofs.issue(*of_application, **known)[0] if application.places_proved_since else None
        asked = question(program.app_id, **body)
        reply = Device(through_django, application).post(asked, HTTP_INSTALLATION_PROOF=shown)
        release = found.decision.release
        said = (found.decision.status, release.number if release else None, found.decision.channel)
        assert said == tuple(reply.json.get(name) for name in ("status", "version", "channel")), (asking, said)
        giving = [one for one in found.tasks if one.gives]
        assert bool(giving) == (said[2] == "grayscale")
        for one in found.tasks:
            if one.gives and one.note.startswith("It will be enrolled"):
                assert all(check.fits for check in one.checks)
            if one.state == "delivering" and one.note.startswith("Another task"):
                assert one.misses == 0
        told.append(said[2])
    assert {"grayscale", "online", None} <= set(told)

"""Grayscale tasks by a robot's token: settings, moves, progress, explanation as at the pages (A-2, G-1 to G-12)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from grayscale import importing
from grayscale.models import GrayscaleTask, ObjectList
from tests import factories

pytestmark = pytest.mark.django_db
GUID = "0302" + "1" * 28


def post(client, path, **data):
    return client.post(path, data, content_type="application/json")


def patch(client, path, **data):
    return client.patch(path, data, content_type="application/json")


def fields_of(answer):
    assert answer.status_code == 422
    return [error["field"] for error in answer.json()["errors"]]


@pytest.fixture
def version():
    return factories.make_candidate()


@pytest.fixture
def application(version):
    return version.mini_program.bindings.get().application


@pytest.fixture
def client(version, robot):
    return robot(version.mini_program, "read", "rollout")


@pytest.fixture
def url(version):
    return f"/api/v1/programs/{version.mini_program.app_id}/grayscale"


@pytest.fixture
def body(version, application):
    return {
        "version": version.number,
        "name": "First hundred",
        "ends_at": (timezone.now() + timedelta(days=2)).isoformat(),
        "user_limit": 100,
        "applications": [{"application_id": application.application_id, "lowest": "8.1"}],
        "platforms": [{"platform": "android", "highest": "14"}],
        "networks": ["wifi"],
        "objects": [{"kind": "guid", "values": [GUID, "0303" + "2" * 28]}],
        "guardrail": {"rate": 5, "devices": 50},
    }


def test_a_pipeline_makes_a_task_and_moves_it_to_its_end(client, url, body, application):
    made = post(client, url, **body)
    task = made.json()
    assert (made.status_code, task["state"], task["delivered"], task["user_limit"]) == (201, "delivering", 0, 100)
    app = {"application_id": application.application_id, "name": application.name, "lowest": "8.1", "highest": ""}
    assert task["applications"] == [app]
    assert task["platforms"] == [{"platform": "android", "lowest": "", "highest": "14"}]
    assert (task["networks"], task["objects"][0]["count"]) == (["wifi"], 2)
    assert {name: str(value) for name, value in task["guardrail"].items()} == {
        "rate": "5.00", "points": "None", "devices": "50",
    }  # fmt: skip
    one = f"{url}/{task['id']}"
    assert client.get(one).json() == task
    assert post(client, f"{one}/start").json()["code"] == "refused"  # it has started
    assert post(client, f"{one}/suspend", reason="Look first").json()["state"] == "suspended"
    assert client.get(url, {"state": "delivering"}).json()["items"] == []
    assert [each["id"] for each in client.get(url, {"state": "suspended"}).json()["items"]] == [task["id"]]
    assert post(client, f"{one}/resume").json()["state"] == "delivering"
    factories.make_claim(GrayscaleTask.objects.get(), application=application)
    ended = post(client, f"{one}/end", reason="Enough", pull_back=True).json()
    assert (ended["state"], ended["state_reason"], ended["delivered"]) == ("ended", "pulled_back", 1)
    assert post(client, f"{one}/suspend").status_code == 422
    entries = ActivityEntry.objects.filter(target_type="grayscaletask").order_by("pk")
    assert {(entry.source, entry.actor_label) for entry in entries} == {("api", "release")}
    assert len(entries) == 4


def test_says_beside_which_field_a_task_is_wrong(client, url, body, version):
    def wrong(**fields):
        return fields_of(post(client, url, **{**body, **fields}))

    assert wrong(version="9.9.9") == ["version"]
    assert wrong(version="1.0.0") == ["version"]  # it is online
    assert wrong(name=" ") == ["name"]
    assert wrong(user_limit=0) == ["user_limit"]
    assert wrong(ends_at="2020-01-01T00:00:00Z") == ["ends_at"]
    assert wrong(ends_at="2999-01-01T00:00:00") == ["ends_at"]  # of which zone?
    assert wrong(applications=[]) == ["applications"]
    assert wrong(applications=[{"application_id": "ha00"}]) == ["applications"]
    app = body["applications"][0]
    assert wrong(applications=[{**app, "lowest": "9", "highest": "8"}]) == ["applications"]
    assert wrong(platforms=[{"platform": "beos"}]) == ["platforms"]
    assert wrong(networks=["fax"]) == ["networks"]
    assert wrong(guardrail={"rate": 5}) == ["guardrail"]
    assert wrong(objects=[{"kind": "guid", "values": ["0304"]}]) == [""]
    assert wrong(objects=[{"kind": "guid", "values": []}]) == [""]
    assert wrong(objects=[{"kind": "guid", "list_id": 17}]) == [""]
    assert wrong(objects=[body["objects"][0]] * 2) == ["objects"]
    assert not GrayscaleTask.objects.exists()


def test_a_pending_task_changes_in_everything_a_started_one_in_little(client, url, body, version):
    start = (timezone.now() + timedelta(hours=1)).isoformat()
    task = post(client, url, **{**body, "starts_at": start}).json()
    one = f"{url}/{task['id']}"
    assert task["state"] == "pending"
    changed = patch(
        client, one, revision=1, networks=[], platforms=[], guardrail={}, remove_lists=[task["objects"][0]["id"]]
    ).json()
    assert [changed[name] for name in ("networks", "platforms", "guardrail", "objects", "revision")] == [
        [], [], None, [], 2,
    ]  # fmt: skip
    assert changed["applications"] == task["applications"]  # what is not named stays
    assert changed["starts_at"] == task["starts_at"]
    assert patch(client, one, revision=1, name="Old").status_code == 409
    assert patch(client, one, revision=2, objects=body["objects"]).json()["objects"][0]["count"] == 2

    copied = post(client, f"{one}/copy", name="Once more", networks=["wifi"])
    assert (copied.status_code, copied.json()["name"], copied.json()["networks"]) == (201, "Once more", ["wifi"])
    assert [row["count"] for row in copied.json()["objects"]] == [2]

    started = post(client, f"{one}/start").json()
    raised = patch(
        client,
        one,
        revision=started["revision"],
        user_limit=200,
        objects=[{"kind": "guid", "values": ["0303" + "7" * 28]}],
    ).json()
    assert (raised["user_limit"], [row["count"] for row in raised["objects"]]) == (200, [2, 1])
    assert raised["starts_at"] == started["starts_at"]
    revision = raised["revision"]
    for sent in ({"networks": ["5g"]}, {"starts_at": start}, {"applications": [{"application_id": "ha00"}]}):
        assert fields_of(patch(client, one, revision=revision, **sent)) == [""]
    account = [{"kind": "account", "values": ["ada"]}]
    assert fields_of(patch(client, one, revision=revision, objects=account)) == ["objects"]
    kept = [raised["objects"][0]["id"]]
    assert fields_of(patch(client, one, revision=revision, remove_lists=kept)) == ["remove_lists"]


def test_a_long_list_is_uploaded_first_and_accepted_with_its_invalid_lines(client, url, body):
    content = f"{GUID}\n\nwrong\n{GUID}\n".encode()

    def upload(kind="guid", data=content):
        return client.post(f"{url}/lists", {"kind": kind, "file": SimpleUploadedFile("testers.txt", data)})

    read = upload().json()
    assert [read[name] for name in ("count", "lines", "blanks", "duplicates", "invalid")] == [1, 4, 1, 1, 1]
    assert read["invalid_lines"] == [{"number": 3, "text": "wrong"}]
    taken = {"kind": "guid", "list_id": read["id"]}
    assert post(client, url, **{**body, "objects": [taken]}).status_code == 422  # lines that nobody decided about
    task = post(client, url, **{**body, "objects": [{**taken, "accept": True}]}).json()
    assert [row["filename"] for row in task["objects"]] == ["testers.txt"]
    values = client.get(f"{url}/lists/{read['id']}/values")
    assert b"".join(values.streaming_content).split() == [GUID.encode()]
    _first, *others = [upload(data=GUID.encode()).json()["id"] for _number in range(importing.MOST_DRAFTS + 1)]
    assert {*ObjectList.objects.drafts().values_list("pk", flat=True)} == {*others}
    assert fields_of(upload(kind="car")) == ["kind"]
    assert upload(data=b"").status_code == 422


def test_a_large_list_waits_for_a_turn(client, url):
    large = SimpleUploadedFile("testers.txt", f"{GUID}\n".encode() * (importing.SMALL // 33 + 1))
    with importing.turn(importing.SMALL + 1), importing.turn(importing.SMALL + 1):
        busy = client.post(f"{url}/lists", {"kind": "guid", "file": large})
    assert (busy.status_code, busy.json()["code"], busy["Retry-After"]) == (429, "too_many_requests", "60")


def test_what_nobody_has_yet_is_pulled_back_all_the_same(client, url, version):
    task = factories.make_task(version)
    ended = post(client, f"{url}/{task.pk}/end", pull_back=True).json()
    assert (ended["state_reason"], GrayscaleTask.objects.get().keeps) == ("pulled_back", False)


def test_what_is_said_of_a_device_counts_and_the_rest_is_what_it_was_seen_with(client, url, version, application):
    task = factories.make_task(version, networks=["5g"])
    factories.make_seen(version.mini_program, application=application, guid=GUID, network="wifi")

    def missed(**facts):
        checks = post(client, f"{url}/{task.pk}/explain", guid=GUID, **facts).json()["tasks"][0]["checks"]
        return [check["label"] for check in checks if not check["fits"]]

    assert missed() == ["Network"]
    assert missed(network="5g") == []
    assert missed(app_version="8.1") == ["Network"]


def test_what_the_guardrail_suspended_is_resumed_only_knowingly(client, url, version):
    task = factories.make_task(version, state="suspended")
    GrayscaleTask.objects.update(state_reason="guardrail")
    one = f"{url}/{task.pk}"
    assert sorted(fields_of(post(client, f"{one}/resume"))) == ["anyway", "reason"]
    assert post(client, f"{one}/resume", anyway=True, reason="A bad log line").json()["state"] == "delivering"


def test_progress_in_numbers_and_a_device_explained(client, url, version, application):
    task = factories.make_task(version, user_limit=3, networks=["wifi"])
    for _device in range(2):
        factories.make_claim(task, application=application)
    progress = client.get(f"{url}/{task.pk}/progress").json()
    assert [progress[name] for name in ("state", "delivered", "left", "user_limit")] == ["delivering", 2, 1, 3]
    assert progress["curve"][-1]["delivered"] == 2
    assert progress["updates"][0] == {"version": "1.1.0", "installed": 0, "failed": 0, "left_out": 0}
    assert progress["events"][-1]["state"] == "delivering"
    pending = factories.make_task(factories.make_approved(version.mini_program, "1.2.0"), state="pending")
    assert client.get(f"{url}/{pending.pk}/progress").json()["delivered"] == 0

    facts = {"application_id": application.application_id, "app_version": "8.1", "os_version": "13"}
    device = {"guid": GUID, "network": "wifi", **facts}
    fits = post(client, f"{url}/{task.pk}/explain", **device).json()
    assert (fits["version"], fits["channel"], fits["tasks"][0]["gives"]) == ("1.1.0", "grayscale", True)
    other = post(
        client, f"/api/v1/programs/{version.mini_program.app_id}/explain", **{**device, "network": "5g"}
    ).json()
    assert (other["version"], other["channel"], len(other["tasks"])) == ("1.0.0", "online", 2)
    [missed] = [check for check in other["tasks"][-1]["checks"] if not check["fits"]]
    assert missed["label"] == "Network"
    assert "guid" in fields_of(post(client, f"{url}/{task.pk}/explain", guid="0302"))
    unknown = {**device, "application_id": "ha00"}
    assert fields_of(post(client, f"{url}/{task.pk}/explain", **unknown)) == ["application_id"]
    assert task.places_taken() == 2  # reads only


def test_a_robot_of_one_program_moves_no_other_ones_tasks(version, robot, client):
    other = factories.make_program(version.mini_program.team)
    factories.make_binding(other)
    factories.make_online(other)
    other.refresh_from_db()
    task = factories.make_task(factories.make_approved(other, "1.1.0"))
    one = f"/api/v1/programs/{other.app_id}/grayscale/{task.pk}"
    own = f"/api/v1/programs/{version.mini_program.app_id}/grayscale/{task.pk}"
    for path in (one, own):
        assert [client.get(path).status_code, post(client, f"{path}/end").status_code] == [404, 404]
        assert client.get(f"{path}/progress").status_code == 404
    assert robot(other, "read", name="other").get(one).status_code == 200

"""From upload to published by a robot's token (A-1, A-2), by the same verbs and rules as at pages."""

from __future__ import annotations

import base64
import os

import pytest
from django.core.files.base import ContentFile

from console.base.activity.models import ActivityEntry
from releases.actions import decide
from tests import factories
from tests.disks import full_disk, move_packages
from tests.stored import folders_only

pytestmark = pytest.mark.django_db


def post(client, path, **data):
    return client.post(path, data, content_type="application/json")


def test_a_pipeline_uploads_submits_and_publishes(program, robot):
    factories.make_binding(program)
    client, base = robot(program, "read", "upload", "submit", "publish"), f"/api/v1/programs/{program.app_id}"
    made = client.post(f"{base}/versions", {"file": factories.make_zip(), "number": "1.0.0", "notes": "From CI"})
    assert (made.status_code, made.json()["state"], made.json()["uploaded_by"]) == (201, "development", "release")

    audit = post(client, f"{base}/versions/1.0.0/submit")
    assert (audit.status_code, audit.json()["state"]) == (200, "in_audit")
    assert post(client, f"{base}/versions/1.0.0/publish").status_code == 422  # not approved
    [decision] = program.audits.get().decisions.all()
    decide(decision, approve=True, by=factories.make_reviewer(decision.application), note="Good")
    assert client.get(f"{base}/audits").json()["items"][0]["decisions"][0]["note"] == "Good"

    online = post(client, f"{base}/versions/1.0.0/publish", note="Nightly")
    assert (online.status_code, online.json()["state"]) == (200, "online")
    assert client.get(base).json()["online_version"] == "1.0.0"
    back = post(client, f"{base}/versions/1.0.0/roll-back")
    assert (back.status_code, back.json()["code"]) == (422, "refused")  # it is online
    entry = ActivityEntry.objects.get(verb="version.published")
    assert (entry.actor_label, entry.source, entry.actor_id) == ("release", "api", client.made.row.holder_id)


def test_a_refused_package_answers_with_all_findings_and_stores_nothing(program, robot):
    bad = factories.make_zip({"images/Logo.png": "x", "images/logo.png": "x"}, pages=["pages/gone/gone"])
    answer = robot(program, "upload").post(
        f"/api/v1/programs/{program.app_id}/versions", {"file": bad, "number": "1.0.0"}
    )
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert problem["code"] == "package_refused"
    assert len([finding for finding in problem["findings"] if finding["severity"] == "error"]) >= 2
    assert not program.versions.exists()


def test_findings_are_in_the_language_that_is_asked_for(program, robot):
    client, url = robot(program, "read", "upload"), f"/api/v1/programs/{program.app_id}/versions"
    file = factories.make_zip(pagez=[])
    made = client.post(url, {"file": file, "number": "1.0.0"}, headers={"Accept-Language": "zh-Hans"})
    [found] = made.json()["findings"]
    assert (found["title"], found["detail"]) == ("未知的键：pagez。", "第 1 行，pagez")
    for answer in (client.get(url).json()["items"][0], client.get(f"{url}/1.0.0").json()):
        [found] = answer["findings"]
        assert found["code"] == "unknown-key"
        assert (found["title"], found["detail"]) == ("Unknown key: pagez.", "line 1, pagez")


def test_says_beside_which_field_a_number_is_wrong(program, robot):
    factories.make_version(program, "1.0.0")
    client, url = robot(program, "upload"), f"/api/v1/programs/{program.app_id}/versions"
    for number in ("1.0", "01.0.0", "1.0.0", ""):
        answer = client.post(url, {"file": factories.make_zip(), "number": number})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "number")


def test_pages_of_a_list_follow_each_other(program, robot):
    for patch in range(5):
        factories.make_version(program, f"1.0.{patch}")
    client, url = robot(program, "read"), f"/api/v1/programs/{program.app_id}/versions"
    first = client.get(url, {"limit": 3}).json()
    factories.make_version(program, "2.0.0")  # comes in meanwhile and moves nothing
    second = client.get(url, {"limit": 3, "cursor": first["next"]}).json()
    numbers = [each["number"] for each in (*first["items"], *second["items"])]
    assert (numbers, second["next"]) == ([f"1.0.{patch}" for patch in (4, 3, 2, 1, 0)], "")
    foreign = factories.make_version(factories.make_program(), "1.0.0")
    for cursor in ("Ünsinn", base64.urlsafe_b64encode(str(foreign.pk).encode()).decode()):
        assert client.get(url, {"cursor": cursor}).status_code == 422


def test_a_repeated_request_is_done_once_and_answered_twice(program, robot):
    client, url = robot(program, "upload"), f"/api/v1/programs/{program.app_id}/versions"
    package, other = (factories.make_zip({"a.js": text}).read() for text in "12")
    assert len(package) == len(other)

    def upload(number="1.0.0", key="build-7", content=package):
        values = {"file": ContentFile(content, name="package.zip"), "number": number}
        return client.post(url, values, headers={"Idempotency-Key": key})

    first, second = upload(), upload()
    assert (first.status_code, second.status_code) == (201, 201)
    assert (first.json(), second["Idempotency-Replayed"]) == (second.json(), "true")
    assert program.versions.count() == 1
    for again in (upload("1.0.1"), upload(content=other)):
        assert (again.status_code, again.json()["code"]) == (422, "idempotency_key")
    assert upload("1.0.0", key="build-8").status_code == 422  # the number is used
    program.versions.all().delete()
    assert upload("1.0.0", key="build-8").status_code == 201  # A refusal is not kept: it did nothing.


def test_the_page_shows_what_robots_uploaded_and_what_was_refused(program, robot, signed_in):
    client, url = robot(program, "upload"), f"/api/v1/programs/{program.app_id}/versions"
    client.post(url, {"file": factories.make_zip(), "number": "1.0.0", "source": "main, 8c41e02"})
    client.post(url, {"file": factories.make_zip(pages=["pages/gone/gone"]), "number": "1.0.1"})
    client.post(url, {"file": factories.make_zip(), "number": "1.0.0"})
    viewer = signed_in(factories.make_member(program.team, "viewer"))
    for address in ("/automation/", "/automation/uploads/"):
        page = viewer.get(address).content.decode()
        assert (page.count("Accepted"), page.count("Refused"), page.count("main, 8c41e02")) == (1, 2, 1)
        assert "pages/gone/gone" in page
        assert "each number can be used only once" in page.lower()
    stranger = signed_in(factories.make_member(factories.make_team("Others"), "admin"))
    assert program.name not in stranger.get("/automation/").content.decode()
    assert "No uploads in the last 90 days" in stranger.get("/automation/uploads/").content.decode()


def test_a_body_in_which_all_may_be_left_out_may_be_left_out_itself(program, robot):
    factories.make_audit(program)
    client = robot(program, "submit")
    withdrawn = client.generic("POST", f"/api/v1/programs/{program.app_id}/versions/1.0.0/withdraw")
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (200, "withdrawn")
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    assert paths["/api/v1/programs/{app_id}/versions/{number}/publish"]["post"]["requestBody"]["required"] is False


@folders_only
@pytest.mark.parametrize("place", ["temporary files", "packages"])
def test_a_storage_that_fails_is_no_refusal_of_the_package(program, robot, settings, monkeypatch, place):
    client, url = robot(program, "upload"), f"/api/v1/programs/{program.app_id}/versions"
    content = factories.make_zip({"images/noise.png": os.urandom(200_000)}).read()

    def upload():
        values = {"file": ContentFile(content, name="package.zip"), "number": "1.0.0"}
        return client.post(url, values, headers={"Idempotency-Key": "build-7"})

    with full_disk() as root, monkeypatch.context() as patch:
        if place == "packages":
            move_packages(patch, root)
        else:
            settings.FILE_UPLOAD_TEMP_DIR = root
        answer = upload()
    settings.FILE_UPLOAD_TEMP_DIR = None
    found = answer.json()
    assert (answer.status_code, found["code"], answer["Retry-After"]) == (503, "service_unavailable", "60")
    assert "the storage is full" in found["detail"]
    assert upload().status_code == 201

"""Shelf and offline packages by a robot's token (A-2, L-4, O-1, O-2)."""

from __future__ import annotations

from hashlib import sha256

import pytest

from console.base.activity.models import ActivityEntry
from tests import factories

pytestmark = pytest.mark.django_db


def post(client, path, **data):
    return client.post(path, data, content_type="application/json")


@pytest.fixture
def base(program):
    return f"/api/v1/programs/{program.app_id}"


def test_the_package_is_listed_and_downloaded_on_record(program, robot, base):
    application = factories.make_binding(program).application
    client, url = robot(program, "read", "configure"), f"{base}/offline-packages"
    nothing = client.get(url).json()
    assert (nothing["items"], bool(nothing["why_not"])) == ([], True)
    assert post(client, url).json()["code"] == "refused"
    version = factories.make_online(program)

    [package] = client.get(url).json()["items"]
    assert (package["version"], package["file_name"]) == ("1.0.0", f"{program.app_id}_1.0.0.apkg")
    assert [one["application"]["application_id"] for one in package["signatures"]] == [application.application_id]
    made = post(client, url, application_id=application.application_id).json()
    assert made["signatures"][0]["signature"]
    file = client.get(f"/api/v1{made['file']}")
    assert sha256(file.getvalue()).hexdigest() == made["sha256"] == version.package.sha256
    assert package["file_name"] in file["Content-Disposition"]
    [preset] = client.get(url).json()["presets"]
    assert (preset["application"]["application_id"], preset["version"], preset["state"]) == (
        application.application_id, "1.0.0", "current",
    )  # fmt: skip
    entry = ActivityEntry.objects.get(verb="offline.downloaded")
    assert (entry.actor_label, entry.source) == ("release", "api")

    foreign = factories.make_application().application_id
    assert post(client, url, application_id=foreign).json()["errors"][0]["field"] == "application_id"
    assert client.get(f"{url}/1.0.0/file", {"application_id": foreign}).status_code == 422
    factories.make_version(program, "1.1.0")
    assert client.get(f"{url}/1.1.0/file").status_code == 404  # not online
    reader = robot(program, "read", name="reader")
    assert reader.get(f"{url}/1.0.0/file").json()["code"] == "permission"  # as at the page, from developers on


def test_off_the_shelf_and_back(program, robot, base):
    factories.make_binding(program)
    factories.make_online(program)
    client = robot(program, "read", "publish")
    refused = post(client, f"{base}/take-off-shelf", reason=" ")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    off = post(client, f"{base}/take-off-shelf", reason="A wrong price")
    assert (off.status_code, off.json()["shelf"]) == (200, "off")
    assert post(client, f"{base}/take-off-shelf", reason="Again").status_code == 409
    assert client.get(f"{base}/offline-packages").json()["why_not"]
    assert post(client, f"{base}/put-on-shelf").json()["shelf"] == "on"
    entry = ActivityEntry.objects.filter(source="api").order_by("pk").first()
    assert (entry.reason, entry.actor_label) == ("A wrong price", "release")
    other = robot(factories.make_program(program.team), "publish", name="other")
    assert post(other, f"{base}/put-on-shelf").status_code == 404

"""From a clean project to a device, by commands alone (A-3)."""

from __future__ import annotations

import json

import pytest

from console.api.device.client import Client as Device
from console.base.activity.models import ActivityEntry
from releases.actions import decide
from tests import factories
from tests.console.api.device.test_client import exported

pytestmark = pytest.mark.django_db(transaction=True)
DEVICE = {
    "guid": "0302" + "0" * 28,
    "platform": "android",
    "os_version": "14",
    "app_version": "9.1.0",
    "network": "wifi",
}


def test_from_a_clean_project_to_a_device(live_server, program, pipeline, tmp_path):
    application = program.bindings.get().application
    mpc = pipeline("read", "upload", "submit", "publish")
    assert "1.4.0 uploaded" in mpc.done("upload", "--ud", "From CI").out
    assert mpc.done("submit", "--json").json["state"] == "in_audit"

    with mpc.start("status", "--wait", "--timeout", "2m", "--json") as waiting:
        assert "Waiting" in waiting.stderr.readline()
        [decision] = program.audits.get().decisions.all()
        decide(decision, approve=True, by=factories.make_reviewer(application), note="Well done")
        answer = json.loads(waiting.communicate(timeout=120)[0])
    assert (waiting.returncode, answer["state"]) == (0, "approved")
    assert answer["audit"]["decisions"][0]["note"] == "Well done"

    mpc.done("publish", "--note", "Nightly")
    device = Device.configured(exported(tmp_path, application), url=live_server.url)
    update = device.update({"app_id": program.app_id, **DEVICE})
    device.download(program.app_id, update, tmp_path / "package")
    assert (update["status"], update["version"]) == ("update", "1.4.0")
    assert {entry.actor_label for entry in ActivityEntry.objects.filter(source="api")} == {"release"}

"""From a clean project to a device, by commands alone (A-3)."""

from __future__ import annotations

import json

import httpx
import pytest

from console.api.device.client import Client as Device
from console.api.manage.actions import create_own
from console.base.activity.models import ActivityEntry
from console.base.core.outbox import lanes
from tests import factories
from tests.console.api.device.test_client import exported
from tests.console.api.hooks.receiver import deliver_all, receiving

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_running_loop")]
VERBS = [f"version.{verb}" for verb in ("uploaded", "submitted", "approved", "published")]
DEVICE = {
    "guid": "0302" + "0" * 28,
    "platform": "android",
    "os_version": "14",
    "app_version": "9.1.0",
    "network": "wifi",
}


def approve(url, application, note):
    """A reviewer of the host app finds the audit and approves it, by API."""
    made = create_own(
        factories.make_reviewer(application), name="review", scopes=["decide"], addresses=[], expires_at=None
    )
    with httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {made.secret}"}) as api:
        [review] = api.get("/reviews").json()["items"]
        answer = api.post(f"/reviews/{review['id']}/approve", json={"note": note})
    assert answer.status_code == 200, answer.text


@pytest.fixture
def hook(program, settings, monkeypatch):
    """A receiver that fails every other time; the team has a webhook to it for all that happens to versions."""
    settings.EGRESS_ALLOWED, settings.WEBHOOK_RETRY_SECONDS = ["127.0.0.0/8"], [1] * 60
    monkeypatch.setattr(lanes, "LINGER_SECONDS", 0)
    made = factories.make_webhook(program.team, "https://ops.example.com/", "version.*")
    with receiving(made.secret, chance=0.5) as receiver:
        factories.point(made.row, receiver.url)
        yield receiver


def test_from_a_clean_project_to_a_device(live_server, program, pipeline, hook, tmp_path):
    application = program.bindings.get().application
    mpc = pipeline("read", "upload", "submit", "publish")
    assert "1.4.0 uploaded" in mpc.done("upload", "--ud", "From CI").out
    assert mpc.done("submit", "--json").json["state"] == "in_audit"

    with mpc.start("status", "--wait", "--timeout", "2m", "--json") as waiting:
        assert "Waiting" in waiting.stderr.readline()
        approve(live_server.url, application, note="Well done")
        answer = json.loads(waiting.communicate(timeout=120)[0])
    assert (waiting.returncode, answer["state"]) == (0, "approved")
    assert answer["audit"]["decisions"][0]["note"] == "Well done"

    mpc.done("publish", "--note", "Nightly")
    device = Device.configured(exported(tmp_path, application), url=live_server.url)
    update = device.update({"app_id": program.app_id, **DEVICE})
    device.download(program.app_id, update, tmp_path / "package")
    assert (update["status"], update["version"]) == ("update", "1.4.0")
    verbs = ActivityEntry.objects.filter(source="api").order_by("pk").values_list("verb", flat=True)
    assert [*verbs] == VERBS
    for _ in range(60):
        deliver_all()
    assert sorted(event["type"] for event in hook.events.values()) == sorted(VERBS)
    assert (set(hook.taken.values()), hook.refused) == ({1}, 0)  # each verified by both libraries, and once

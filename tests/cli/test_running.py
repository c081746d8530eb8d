"""What is done with a version once it is there: trial, grayscale, logs, offline packages (A-3)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from grayscale.models import ObjectList
from releases.models import TrialVersion
from tests import factories
from tests.cli.projects import write
from tests.console.api.device.test_client import exported

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_preview_prints_a_code_that_testers_scan(program, pipeline, project):
    mpc = pipeline("read", "upload", "trial")
    options = ("--preview-page-path", "pages/about/about", "--preview-search-query", "line=12")
    shown = mpc.done("preview", *options)
    trial = TrialVersion.objects.get()
    assert (str(trial.version), trial.page, trial.query) == ("1.4.0", "pages/about/about", "line=12")
    assert trial.link in shown.out and "█▀▀▀▀▀█" in shown.out
    again = mpc.done("preview", "--qrcode-format", "image", "--qrcode-output-dest", "qr.png", "--json")
    assert again.json["link"] == trial.link
    inline = mpc.done("preview", "--qrcode-format", "base64", "--json").json
    assert (inline["link"], inline["qrcode"].partition(",")[0]) == (trial.link, "data:image/png;base64")
    assert mpc.done("preview", "--qrcode-format", "base64").out.splitlines()[-1] == inline["qrcode"]
    assert (project / "qr.png").read_bytes().startswith(b"\x89PNG")


def test_a_rollout_from_its_start_to_its_end(program, pipeline, project):
    factories.make_online(program, "1.0.0")
    factories.make_approved(program, "1.4.0")
    mpc = pipeline("read", "rollout")
    write(project, {"staff.txt": "ada\ngrace\n", "testers.txt": "\n".join(f"device-{each}" for each in range(6000))})
    limits = ("--users", "100", "--days", "2", "--error-rate", "5")
    lists = ("--objects", "account=staff.txt", "--objects", "device_id=testers.txt")
    made = mpc.done("rollout", "create", *limits, *lists, "--json").json
    assert {row["kind"]: row["count"] for row in made["objects"]} == {"account": 2, "device_id": 6000}
    assert (made["state"], made["user_limit"], made["version"]) == ("delivering", 100, "1.4.0")
    application_id = program.bindings.get().application.application_id
    assert [row["application_id"] for row in made["applications"]] == [application_id]
    assert mpc.done("rollout", "suspend", "-m", "Look at it", "--json").json["state"] == "suspended"
    assert mpc.done("rollout", "resume", str(made["id"]), "--json").json["state"] == "delivering"
    assert "0 of 100 devices" in mpc.done("rollout", "progress").out
    device = ("--application", application_id, "--app-version", "9.1", "--os-version", "14", "--network", "wifi")
    assert "1.4.0" in mpc.done("rollout", "explain", "0302" + "0" * 28, *device).out
    assert mpc("rollout", "explain", "0302" + "0" * 28).code == 1  # it was never seen
    assert mpc.done("rollout", "end", "--pull-back", "--json").json["state"] == "ended"
    assert mpc("rollout", "progress").code == 1  # none runs
    assert mpc.done("rollout", "list", "--json").json["items"][0]["state"] == "ended"


def test_a_rollout_that_is_created_again_is_the_same_task(program, pipeline, project):
    factories.make_online(program, "1.0.0")
    factories.make_approved(program, "1.4.0")
    write(project, {"staff.txt": "ada\n"})
    mpc = pipeline("read", "rollout")
    create = ("rollout", "create", "--users", "10", "--error-rate", "2.5", "--platform", "ios", "--json")
    first, again = (mpc.done(*create).json for _ in range(2))
    assert (again["id"], first["replayed"], again["replayed"]) == (first["id"], False, True)
    for more in (("--users", "20"), ("--days", "8"), ("--network", "wifi"), ("--objects", "account=staff.txt")):
        other = mpc(*create, *more)
        assert (other.code, f"Task {first['id']}" in other.json["error"]["message"]) == (1, True), more
    assert program.grayscale_tasks.count() == 1
    later = (*create, "--name", "Second", "--start", (timezone.now() + timedelta(days=1)).isoformat())
    second, repeated = (mpc.done(*later).json for _ in range(2))
    assert (second["id"] != first["id"], repeated["id"], repeated["replayed"]) == (True, second["id"], True)
    assert mpc(*create, "--name", "Second").code == 1
    mpc.done("rollout", "end", str(first["id"]))
    assert mpc.done(*create).json["replayed"] is False


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_a_list_is_read_in_the_encoding_that_it_has(program, pipeline, project, encoding):
    factories.make_online(program, "1.0.0")
    factories.make_approved(program, "1.4.0")
    (project / "staff.txt").write_bytes("王小明\nada\n".encode(encoding))
    options = ("rollout", "create", "--users", "10", "--objects", "account=staff.txt")
    made = pipeline("read", "rollout").done(*options, "--json").json
    stored = ObjectList.objects.get(task=made["id"])
    assert "\n".join(part.values for part in stored.parts.all()).split() == ["王小明", "ada"]


def test_a_list_of_nothing_makes_no_task(program, pipeline, project):
    factories.make_online(program, "1.0.0")
    factories.make_approved(program, "1.4.0")
    write(project, {"nobody.txt": "\n"})
    ran = pipeline("read", "rollout")("rollout", "create", "--users", "10", "--objects", "account=nobody.txt")
    assert (ran.code, program.grayscale_tasks.exists()) == (1, False)


def test_an_offline_package_is_saved_and_verified(program, pipeline, project, tmp_path):
    version, application = factories.make_online(program, "1.0.0"), program.bindings.get().application
    mpc = pipeline("read", "configure")
    named = ("--application", application.application_id)
    assert mpc.done("offline", "make", *named, "--json").json["sha256"] == version.package.sha256
    saved = mpc.done("offline", "download", *named, "-o", "out", "--json").json
    assert saved["file"] == f"out/{program.app_id}_1.0.0.apkg"
    configuration = exported(tmp_path, application)
    mpc.done("verify", saved["file"], "--configuration", str(configuration))
    assert "current" in mpc.done("offline", "list").out
    assert sorted(path.suffix for path in (project / "out").iterdir()) == [".apkg", ".json"]


def test_logs_are_shown_and_followed(program, pipeline):
    mpc, at = pipeline("read"), timezone.now()
    for number, text in enumerate(("first", "second")):
        factories.make_entries(program, text=text, time=at - timedelta(minutes=9 - number))
    assert "second" in mpc.done("logs", "-n", "1").out
    assert mpc.done("logs", "--level", "error").out == ""
    with mpc.start("logs", "--follow", "--json") as following:
        assert [json.loads(following.stdout.readline())["message"] for _ in range(2)] == ["first", "second"]
        factories.make_entries(program, text="third", level=8)
        third = json.loads(following.stdout.readline())
        following.terminate()
    assert (third["message"], third["level"]) == ("third", "error")


def test_entries_that_devices_deliver_late_are_followed_too(program, pipeline):
    mpc, at = pipeline("read"), timezone.now()
    for text, age in (("old", 150), ("earlier", 30), ("first", 5)):
        factories.make_entries(program, text=text, time=at - timedelta(seconds=age))
    # A device whose clock is ahead by what is let through: everyone else's entries are older than its own.
    factories.make_entries(program, text="ahead", time=at + timedelta(minutes=4))
    with mpc.start("logs", "--follow", "-n", "1", "--json") as following:
        assert json.loads(following.stdout.readline())["message"] == "ahead"
        for text, seconds in (("late", -20), ("newest", 0), ("last", 245)):
            factories.make_entries(program, text=text, time=at + timedelta(seconds=seconds))
        shown = [json.loads(following.stdout.readline())["message"]]
        while shown[-1] != "last":
            shown.append(json.loads(following.stdout.readline())["message"])
        following.terminate()
    assert shown == ["late", "newest", "last"]


def test_says_when_more_entries_come_than_are_read_at_a_time(program, pipeline):
    mpc, at = pipeline("read"), timezone.now()
    factories.make_entries(program, text="first", time=at - timedelta(seconds=1))
    with mpc.start("logs", "--follow", "--json") as following:
        following.stdout.readline()
        factories.make_entries(program, 2001, text="burst", time=at)
        shown = [json.loads(following.stdout.readline())["message"] for _ in range(2000)]
        following.terminate()
        said = following.stderr.read()
    assert (set(shown), "Older ones are not shown" in said) == ({"burst"}, True)

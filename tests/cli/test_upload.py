"""`mpc upload`: what goes up, what is refused, and how often (A-3)."""

from __future__ import annotations

import json

import httpx
import pytest
from mpc import api
from mpc.failures import Away

from console.api.manage import guard
from console.api.rate import Counter
from releases.models import Version
from tests import factories
from tests.cli.conftest import ROOT
from tests.cli.projects import write
from tests.processes import free_port

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_step_that_runs_again_uploads_nothing_twice(program, pipeline):
    mpc = pipeline("read", "upload")
    first, again = (mpc.done("upload", "--json").json for _ in range(2))
    assert (first["number"], first["replayed"], again["replayed"]) == ("1.4.0", False, True)
    assert first["sha256"] == again["sha256"]
    assert mpc("upload", "--ud", "Other notes").code == 1  # the number is used
    assert Version.objects.count() == 1
    assert mpc.done("upload", "--uv", "next", "--json", "-r", "3").json["number"] == "1.4.1"


@pytest.mark.parametrize(("newest", "following"), [("1.4.9999", "1.5.0"), ("1.9999.9999", "2.0.0")])
def test_the_next_number_carries(program, pipeline, newest, following):
    factories.make_version(program, newest)
    assert pipeline("read", "upload").done("upload", "--uv", "next", "--json").json["number"] == following


def test_no_number_follows_the_last_one(program, pipeline):
    factories.make_version(program, "9999.9999.9999")
    ran = pipeline("read", "upload")("upload", "--uv", "next")
    assert (ran.code, "No number follows 9999.9999.9999" in ran.err) == (2, True)


def test_the_example_goes_up_with_the_scope_upload_alone(program, pipeline):
    ran = pipeline("upload").done("upload", "--pp", str(ROOT / "deploy/cli/example"), "--uv", "1.0.0", "--json")
    assert (ran.json["number"], ran.json["findings"]) == ("1.0.0", [])
    assert [str(version) for version in program.versions.all()] == ["1.0.0"]


def test_says_what_the_console_refuses_and_asks_anew_once_it_is_mended(program, pipeline, project):
    mpc = pipeline("read", "upload")
    write(project, {"dist/app.json": {"pages": ["pages/index/index", "pages/gone/gone"]}})
    plain, machine = mpc("upload"), mpc("upload", "--json")
    assert (plain.code, machine.code, plain.out) == (1, 1, "")
    assert "The page pages/gone/gone has no .js" in plain.err
    assert "app.json · line 4, pages[1]" in plain.err
    assert "\x1b" not in plain.err
    error = json.loads(machine.out)["error"]
    assert (error["exit_code"], error["code"], error["status"]) == (1, "package_refused", 422)
    assert {finding["severity"] for finding in error["findings"]} >= {"error"}

    other = write(project.parent / "other", {"app.json": {"pages": []}})
    assert mpc("upload", "--pp", str(other)).code == 1
    assert not Version.objects.exists()


def test_each_end_has_an_exit_code_of_its_own(program, pipeline, project):
    mpc = pipeline("upload", whole_team=True)
    mpc.env["MPC_APP_ID"] = program.app_id
    ends = {
        "usage": mpc("upload", "--uv", "1.0"),
        "no project": mpc("upload", "--pp", "src"),
        "scope": mpc("submit", "--uv", "1.0.0"),
        "no program": mpc("upload", MPC_APP_ID=""),
        "no token": mpc("upload", MPC_TOKEN=""),
        "wrong token": mpc("upload", MPC_TOKEN="mpc_wrong"),
        "away": mpc("upload", MPC_URL=f"http://127.0.0.1:{free_port()}", MPC_RETRY_SECONDS="0"),
        "not encrypted": mpc("upload", MPC_URL="http://console.example.com"),
    }
    assert {name: ran.code for name, ran in ends.items()} == {
        "usage": 2, "no project": 2, "no program": 2, "not encrypted": 2,
        "scope": 3, "no token": 3, "wrong token": 3, "away": 4,
    }, ends  # fmt: skip
    assert all("Traceback" not in ran.err and ran.err for ran in ends.values())


def test_reads_the_keys_that_lie_beside_a_project(program, pipeline, project):
    mpc = pipeline("read", "upload")
    token = mpc.env.pop("MPC_TOKEN")
    write(project, {f"private.{program.app_id}.key": token, f"private.{program.app_id}.2.key": "mpc_wrong"})
    named = ("upload", "--appid", program.app_id, "--json")
    assert mpc.done(*named, "--enable-es6", "true").json["number"] == "1.4.0"
    assert [mpc(*named, "-r", robot).code for robot in ("2", "3", "31")] == [3, 2, 2]
    assert mpc(*named, "--pkp", "package.json").code == 2
    assert mpc.done("whoami", "--pkp", f"private.{program.app_id}.key", "--json").json["name"] == "release"


@pytest.mark.parametrize("token", ["mpc_first\nmpc_second", "mpc_…", "mpc_a secret", "password"])
def test_a_token_that_can_be_none_is_named_and_not_printed(mpc, token):
    ran = mpc("whoami", "--json", MPC_TOKEN=token, MPC_URL=f"http://127.0.0.1:{free_port()}", MPC_RETRY_SECONDS="0")
    assert (ran.code, "MPC_TOKEN is not a token" in ran.json["error"]["message"]) == (2, True)
    assert all(part not in ran.out + ran.err for part in token.split())


def test_a_key_file_may_begin_with_a_byte_order_mark(program, pipeline, project):
    mpc = pipeline("read")
    (project / "robot.key").write_text(mpc.env.pop("MPC_TOKEN") + "\r\n", encoding="utf-8-sig")
    assert mpc.done("whoami", "--pkp", "robot.key", "--json").json["name"] == "release"


def test_whoami_speaks_of_the_token_that_commands_use(program, pipeline, project):
    mpc = pipeline("read", "upload")
    write(project, {f"private.{program.app_id}.key": mpc.env.pop("MPC_TOKEN")})
    named = mpc.done("whoami", "--json", MPC_APP_ID=program.app_id).json
    assert (named["name"], named["source"]) == ("release", f"private.{program.app_id}.key")
    write(project, {"project.config.json": {"miniprogramRoot": "./dist", "appid": program.app_id}})
    mpc.folder = write(project / "docs", {})
    mpc.folder.mkdir()
    for command in ("upload", "whoami"):
        assert (mpc(command).code, mpc(command, "--pp", "..").code) == (3, 0)


def test_waits_as_long_as_the_console_says(program, pipeline, monkeypatch):
    mpc = pipeline("read", "upload")
    monkeypatch.setattr(guard, "calls", Counter("1 per 3 seconds"))
    ran = mpc.done("upload", "--uv", "next", "--json")  # asks twice
    assert (ran.json["number"], "Trying again in" in ran.err) == ("1.0.0", True)


def test_begins_no_wait_that_is_longer_than_all_its_patience():
    sent = []

    def send():
        sent.append("20 MB")
        return httpx.Response(429, headers={"Retry-After": "80000"}, json={"detail": "Too many keys."})

    with pytest.raises(Away, match="Too many keys"):
        api.ask(send, "the console")
    assert len(sent) == 1

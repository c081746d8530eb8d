"""How `mpc` ends where something odd is in its way: names, addresses, streams, answers (A-3)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from releases.models import Version
from tests.cli.projects import write
from tests.cli.test_waiting import answering

APP_ID = "mp0123456789abcd"
PLAIN = {"PYTHONIOENCODING": "cp1252"}  # an encoding without the characters of Chinese, as on Windows


def says(status: int, content: object):
    """Return what answers so to everything, as JSON."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@pytest.mark.django_db(transaction=True)
def test_a_stream_that_lacks_characters_gets_their_numbers(program, pipeline):
    mpc = pipeline("read", "upload")
    made = mpc.done("upload", "--ud", "修复站名", "--json", **PLAIN).json
    assert (made["notes"], Version.objects.get().notes) == ("修复站名", "修复站名")
    assert r"\u7f3a" in mpc("verify", "缺", "--configuration", "缺", **PLAIN).err


def test_a_closed_stream_gets_nothing(project, environment):
    command = ["sh", "-c", 'exec "$@" >&- 2>&-', "sh", sys.executable, "-m", "mpc", "inspect"]
    for options in ((), ("--json",)):
        assert subprocess.run([*command, *options], cwd=project, env=environment, check=False).returncode == 0


@pytest.mark.django_db(transaction=True)
def test_white_space_around_an_app_id_is_no_part_of_it(program, pipeline):
    mpc = pipeline("read", "upload", whole_team=True)
    assert mpc.done("upload", "--json", MPC_APP_ID=f"{program.app_id}\r").json["number"] == "1.4.0"


@pytest.mark.parametrize("app_id", ["wx0123456789abcd", f"{APP_ID}\r/x", "mp/../x"])
def test_an_app_id_that_can_be_none_is_named(mpc, app_id):
    ran = mpc("logs", "--json", MPC_APP_ID=app_id, MPC_TOKEN="mpc_none", MPC_URL="http://127.0.0.1:1")
    assert (ran.code, "is no App ID" in ran.json["error"]["message"]) == (2, True)


@pytest.mark.parametrize("address", ["https://[::1", "https://127.0.0.1:99999", "https://console\x01.example.com"])
def test_an_address_that_is_none_is_named(mpc, address):
    ran = mpc("whoami", "--json", MPC_URL=address, MPC_TOKEN="mpc_none", MPC_RETRY_SECONDS="0")
    assert (ran.code, "is not an address" in ran.json["error"]["message"]) == (2, True)


def test_a_version_that_no_address_can_hold_is_a_wrong_command(mpc):
    with answering(says(200, {})) as address:
        ran = mpc("rollback", "--to", "1.0.0\r", "--json", "--appid", APP_ID, MPC_URL=address, MPC_TOKEN="mpc_none")
    assert (ran.code, ran.json["error"]["exit_code"]) == (2, 2)


def test_a_file_whose_name_is_not_utf_8_is_named(mpc, project):
    write(project, {"dist/a.js": "x"})
    (project / "dist/a.js").rename(os.fsdecode(os.fsencode(project / "dist") + b"/caf\xe9.js"))
    ran = mpc("inspect", "--json")
    assert (ran.code, "UTF-8" in ran.json["error"]["message"], "caf" in ran.json["error"]["message"]) == (2, True, True)


@pytest.mark.parametrize("problem", [{"errors": ["x"], "findings": ["y"]}, {"errors": 7, "findings": {"a": 1}}])
def test_a_gateway_that_has_errors_of_its_own_is_understood(mpc, problem):
    with answering(says(400, {"detail": "No such host.", **problem})) as address:
        plain, machine = (mpc("whoami", *more, MPC_URL=address, MPC_TOKEN="mpc_none") for more in ((), ("--json",)))
    assert (plain.code, machine.code, machine.json["error"]["exit_code"]) == (1, 1, 1)
    assert "No such host." in plain.err and "Traceback" not in plain.err


def test_what_nobody_expects_has_a_code_of_its_own(mpc, environment):
    write(Path(environment["HOME"]) / ".config/mpc", {"credentials.json": []})
    plain, machine = (mpc("whoami", *more, MPC_URL="https://console.example.com") for more in ((), ("--json",)))
    assert (plain.code, machine.code, machine.json["error"]["exit_code"]) == (70, 70, 70)
    assert "Traceback" in plain.err and "mpc: " in plain.err

"""`mpc login`: by a browser, which here is a person's session at the console's page (A-3, RFC 8628)."""

from __future__ import annotations

import json
import re
import stat
from pathlib import Path

import pytest

from console.api.manage import logins
from console.api.manage.models import LoginRequest, Token
from tests import factories
from tests.signing_in import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked_often(monkeypatch, live_server, settings):
    """Nobody waits five seconds here."""
    monkeypatch.setattr(logins, "INTERVAL", 1)
    settings.BASE_URL = live_server.url
    return live_server.url


def test_a_person_signs_in_works_and_signs_out(mpc, program, asked_often):
    person = client_of(program.created_by)
    with mpc.start("login", asked_often, "--scope", "read,upload", "--json") as login:
        address = re.search(r"http\S+", login.stderr.readline())[0]
        page = person.get(address.removeprefix(asked_often), follow=True)
        assert "Let mpc on" in page.content.decode()
        values = {"name": "laptop", "scopes": ["read", "upload"], "expires_at": "", "addresses": ""}
        assert person.post(page.redirect_chain[-1][0], values).status_code == 302
        made = json.loads(login.communicate(timeout=60)[0])
    assert (made["url"], made["scopes"]) == (asked_often, ["read", "upload"])

    kept = Path(mpc.env["HOME"]) / ".config/mpc/credentials.json"
    assert (stat.S_IMODE(kept.stat().st_mode), stat.S_IMODE(kept.parent.stat().st_mode)) == (0o600, 0o700)
    me = mpc.done("whoami", "--json").json
    assert (me["name"], me["robot"], me["source"]) == (str(program.created_by), False, "mpc login")
    assert mpc.done("upload", "--appid", program.app_id, "--json").json["number"] == "1.4.0"
    assert mpc("whoami", MPC_TOKEN="mpc_other").code == 3  # the environment wins

    mpc.done("logout")
    assert Token.objects.get().revoked_at
    assert "mpc_" not in kept.read_text()
    assert mpc("whoami", MPC_URL=asked_often).code == 3


def test_a_denied_login_keeps_nothing(mpc, asked_often):
    with mpc.start("login", asked_often, "--json") as login:
        login.stderr.readline()
        logins.deny(LoginRequest.objects.get(), by=factories.make_user())
        error = json.loads(login.communicate(timeout=60)[0])["error"]
    assert (login.returncode, error["message"]) == (1, "The request was denied.")
    assert not (Path(mpc.env["HOME"]) / ".config").exists()

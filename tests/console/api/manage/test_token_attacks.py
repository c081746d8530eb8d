"""Who has a token that they should not have, or part of one, gets nothing; and no token is written anywhere (A-1)."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.api.manage import actions
from console.api.manage.models import KeptAnswer, Token
from console.base.activity.models import ActivityEntry
from tests import factories

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


def status(headers: dict[str, str], path: str = ME, **cookies: str) -> int:
    client = Client(headers=headers)
    client.cookies.load(cookies)
    return client.get(path).status_code


def test_a_part_of_a_token_and_what_the_pages_show_of_it_open_nothing(program, robot):
    made = robot(program, "read").made
    secret = str(made.secret)
    parts = ["mpc_", secret[:20], secret[:-1], secret[4:], f"{secret}x", secret.upper(), made.row.masked]
    parts += [made.row.hint, f"mpc_{made.row.hint}", made.row.sha256, sha256(secret.encode()).hexdigest()]
    assert {status({"Authorization": f"Bearer {part}".encode().decode("latin-1")}) for part in parts} == {401}
    assert status({"Authorization": f"Bearer {secret}"}) == 200


def test_only_the_header_and_only_this_scheme(program, robot, signed_in):
    secret = str(robot(program, "read").made.secret)
    for name, value in (
        ("Authorization", f"Basic {secret}"), ("Authorization", f"Token {secret}"), ("Authorization", secret),
        ("X-Api-Key", secret), ("Proxy-Authorization", f"Bearer {secret}"),
        ("Cookie", f"Authorization=Bearer {secret}"),
    ):  # fmt: skip
        assert status({name: value}) == 401
    for path in (f"{ME}?access_token={secret}", f"{ME}?token={secret}", f"{ME}?Authorization=Bearer%20{secret}"):
        assert status({}, path) == 401
    assert status({}, token=secret, sessionid=secret) == 401
    assert signed_in(program.created_by).get(ME).status_code == 401  # nor does a person's session open the API


def test_it_opens_no_page_and_no_other_api(program, robot):
    client = robot(program, "read", "upload", "submit", "publish")
    assert client.get(f"/miniprograms/{program.app_id}/").status_code == 302
    assert client.get("/automation/").status_code == 302
    assert client.post("/runtime/v1/update", "{}", content_type="application/json").status_code == 401
    token = str(client.made.secret)
    assert client.get(f"/wxaapi/newtmpl/gettemplate?access_token={token}").json()["errcode"] == 40014


def test_who_leaves_the_team_or_is_switched_off_takes_their_tokens_along(program, own_token):
    developer = factories.make_member(program.team, "developer")
    client, url = own_token(developer, "read", "upload"), f"/api/v1/programs/{program.app_id}"
    developer.memberships.update(role="viewer")
    answer = client.post(f"{url}/versions", {"file": factories.make_zip(), "number": "1.0.0"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission")
    developer.memberships.all().delete()
    assert client.get(url).status_code == 404
    assert client.get("/api/v1/programs").json()["items"] == []


class Slow(io.BytesIO):
    """A body in the middle of which something happens."""

    def __init__(self, body: bytes, happens: Any) -> None:
        super().__init__(body)
        self.happens = happens

    def read(self, size: int | None = -1) -> bytes:
        """Read on; the first time, something has happened by then."""
        happens, self.happens = self.happens, lambda: None
        happens()
        return super().read(size)


ENDS = {
    "revoked": lambda made, by: actions.revoke(made.row, by=by),
    "replaced": lambda made, by: actions.rotate(made.row, seen=made.row.hint, by=by),
    "expired": lambda made, by: Token.objects.update(expires_at=timezone.now() - timedelta(seconds=1)),
}


@pytest.mark.parametrize("end", [*ENDS])
def test_a_token_that_ends_while_its_upload_is_under_way_stores_nothing(program, robot, end):
    client = robot(program, "upload")
    package = factories.make_zip().read()
    form = (
        b'--x\r\nContent-Disposition: form-data; name="number"\r\n\r\n1.0.0\r\n--x\r\n'
        b'Content-Disposition: form-data; name="file"; filename="a.zip"\r\n\r\n' + package + b"\r\n--x--\r\n"
    )
    sent = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
        "CONTENT_LENGTH": str(len(form)),
        "wsgi.input": Slow(form, lambda: ENDS[end](client.made, program.created_by)),
    }
    answer = client.post(f"/api/v1/programs/{program.app_id}/versions", **sent)
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert not program.versions.exists()
    assert not KeptAnswer.objects.exists()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """All that is logged, with its parameters and stacks."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {record.__dict__}")

    handler, root = Kept(level=logging.DEBUG), logging.getLogger()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


def test_no_token_is_written_anywhere(program, robot, own_token, logged, monkeypatch, signed_in):
    client = robot(program, "read", "upload")
    mine = own_token(program.created_by, "read")
    secrets = [str(each.made.secret) for each in (client, mine)]
    url = f"/api/v1/programs/{program.app_id}/versions"
    client.post(url, {"file": factories.make_zip(), "number": "1.0.0"}, headers={"Idempotency-Key": "build-1"})
    answers = [mine.get(ME), client.get(f"{url}/9.9.9"), client.get("/api/v1/nothing"), client.delete(ME)]
    client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("console.api.manage.guard.idempotency.once", lambda *_arguments: 1 / 0)
        answers.append(client.get(ME))
    actions.rotate(mine.made.row, seen=mine.made.row.hint, by=program.created_by)
    actions.revoke(client.made.row, by=program.created_by)
    pages = [signed_in(program.created_by).get(path) for path in ("/automation/", "/activity/")]

    written = "\n".join([*logged, *(each.content.decode() for each in (*answers, *pages)), *_rows()])
    assert [answer.status_code for answer in answers] == [200, 404, 404, 405, 500]
    assert client.made.row.masked in written
    for secret in secrets:
        assert secret not in written
        assert secret.removeprefix("mpc_") not in written
        assert secret[:16] not in written


def _rows() -> Iterator[str]:
    """Every row of the tables that such a request writes, as text."""
    tables = (Token, KeptAnswer, ActivityEntry)
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table._meta.db_table} t")
            found = [row[0] for row in cursor.fetchall()]
            assert found, table
            yield from found
        cursor.execute("SELECT convert_from(body, 'UTF8') FROM automation_keptanswer")
        yield from (row[0] for row in cursor.fetchall())

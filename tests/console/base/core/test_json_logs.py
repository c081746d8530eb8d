"""Lines of the log for machines: what is in each, which request it is of, and that no secret is in any."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from contextvars import Context
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client, RequestFactory

from console import logs, roles
from console.base.activity.models import ActivityEntry
from console.base.core import request_id
from console.base.core.log_records import SECRET_LINK, without_secret_links, without_traceback_of_refusals
from console.routes import routes
from miniprograms.states import Shelf
from tests.factories import make_member, make_program

pytestmark = pytest.mark.django_db
SECRET = "hunter2-hunter2"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What is logged meanwhile, as LOG_FORMAT=json writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter())
    for each in (without_traceback_of_refusals, without_secret_links):
        handler.addFilter(each)
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)


def test_a_line_says_which_request_and_who(
    signed_in: Callable[..., Client], lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People are a number, which means nothing without the database."""
    monkeypatch.setenv(roles.VARIABLE, "")
    program = make_program()
    member = make_member(program.team, "viewer")
    answer = signed_in(member).get(f"/miniprograms/{program.app_id}/keys/")
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": f"Forbidden (Permission denied): /miniprograms/{program.app_id}/keys/",
        "level": "warning",
        "logger": "django.request",
        "role": "command",
        "request_id": answer["X-Request-ID"],
        "user_id": member.pk,
    }


def test_the_next_request_has_another_id_and_nobody_signed_in(client: Client, lines: Lines) -> None:
    first, second = (client.get("/nothing-here/") for _ in range(2))
    assert [line["request_id"] for line in lines()] == [first["X-Request-ID"], second["X-Request-ID"]]
    assert first["X-Request-ID"] != second["X-Request-ID"]
    assert not any("user_id" in line for line in lines())
    Context().run(logging.getLogger("console").warning, "outside of a request")
    assert "request_id" not in lines()[-1]


def test_one_line_each_whatever_the_words() -> None:
    """Half a character, too; not by a logger, as what one says goes to whoever collects the tests' results."""
    values = ('"}\x00\ud800 公',)
    record = logging.LogRecord("console", logging.ERROR, __file__, 1, "first\nsecond %s", values, None)
    line = logs.formatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["event"] == 'first\nsecond "}\x00\ud800 公'


def test_words_and_values_that_do_not_fit_are_the_handlers_affair() -> None:
    assert without_secret_links(logging.LogRecord("x", logging.ERROR, __file__, 1, "%d of them", ("many",), None))


def test_neither_what_was_sent_nor_values_of_variables_are_logged(lines: Lines) -> None:
    """Django attaches the request to its records; a traceback has places and words."""
    request = RequestFactory().post("/account/sign-in/", {"password": SECRET}, HTTP_AUTHORIZATION=SECRET)
    try:
        _fail(SECRET)
    except ValueError:
        logging.getLogger("django.request").exception("It failed", extra={"request": request, "sent": SECRET})
    (line,) = lines()
    assert "ValueError: it is wrong" in line["exception"]
    assert SECRET not in json.dumps(line)


def _fail(password: str) -> None:
    raise ValueError("it is wrong")


@pytest.mark.parametrize(
    "path",
    [
        "trial/{}/",
        "teams/invitations/{}/",
        "account/password/reset/3f-{}/",
        "account/security/address/{}/",
        "account/one-time/{}/",
        "api/sdk/{}/",
    ],
)
def test_a_link_that_is_a_secret_is_cut(client: Client, lines: Lines, path: str) -> None:
    client.delete(f"/{path.format(SECRET)}")
    logging.getLogger("console").warning("GET /%s?x=1 was refused", path.format(SECRET))
    assert lines()
    assert SECRET not in json.dumps(lines())
    assert lines()[-1]["event"].endswith("/…?x=1 was refused")


def test_every_route_with_a_secret_in_its_path_is_known_to_the_log_and_to_nginx() -> None:
    shipped = (Path(configured.BASE_DIR) / "deploy/nginx/console.conf").read_text()
    match = re.search(r"location ~ \^/\((trial\|[^)]*)\)/", shipped)
    assert match is not None
    secret = [route.path.replace("^", "") for route in routes() if re.search(r"<str:token>|P<key>", route.path)]
    assert len(secret) >= 4
    for path in secret:
        assert SECRET_LINK.search(path), path
        assert re.match(f"/({match[1]})/", path), path


@pytest.mark.parametrize(
    ("given", "trusted", "kept"),
    [
        ("0a1b2c3d-4e5f", True, True),
        ("0a1b2c3d-4e5f", False, False),
        ("short", True, False),
        ("x" * 65, True, False),
        ("12345678\nevil", True, False),
        ('12345678"<script>', True, False),
        ("", True, False),
    ],
)
def test_an_id_is_taken_from_a_trusted_proxy_only_and_when_it_is_sane(
    settings: Any, given: str, trusted: bool, kept: bool
) -> None:
    """P-8."""
    settings.TRUSTED_PROXIES = (ip_network("10.0.0.0/24"),) if trusted else ()
    found = request_id.of({"REMOTE_ADDR": "10.0.0.7", "HTTP_X_REQUEST_ID": given})
    assert (found == given) is kept
    assert request_id.SANE.fullmatch(found)


def test_the_activity_log_has_the_id_and_finds_by_it(signed_in: Callable[..., Client]) -> None:
    """P-5: exactly by it, on the page, in its entry's details and in the CSV file."""
    program = make_program(shelf=Shelf.OFF)
    client = signed_in(make_member(program.team, "admin"))
    answer = client.post(f"/miniprograms/{program.app_id}/put-on/")
    entry = ActivityEntry.objects.filter(mini_program_id=program.app_id).latest("id")
    assert answer.status_code == 302
    assert entry.request_id == answer["X-Request-ID"]
    page = f"/miniprograms/{program.app_id}/activity/"
    shown = client.get(page, {"request": entry.request_id})
    assert [found.pk for found in shown.context["entries"]] == [entry.pk]
    assert f'href="?request={entry.request_id}"' in shown.content.decode()
    assert list(client.get(page, {"request": entry.request_id[:-1]}).context["entries"]) == []
    sheet = client.get(page, {"format": "csv"})
    assert entry.request_id in b"".join(sheet.streaming_content if sheet.streaming else [sheet.content]).decode()

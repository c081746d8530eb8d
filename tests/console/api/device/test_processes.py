"""Two server processes, as in production: what one person commits, both serve within a second (L-4)."""

from __future__ import annotations

import contextlib
import gzip
import http.client
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from console.base.hosts.actions.sealed import add_signing_key, retire_signing_key
from devmgmt.models import LogVolume
from grayscale import actions as grayscale
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from releases import actions as releases
from releases.actions.trial import cancel_trial, set_trial
from releases.field.models import SeenDevice
from tests.console.api.device.asking import LOGS, UPDATE, authorization, batch, question
from tests.console.api.device.serving import server, up_to_date
from tests.devmgmt.logs.days import drop_days
from tests.factories import make_approved, make_binding, make_online, make_program, make_task, make_version

Ask = Callable[..., tuple[int, dict[str, str], bytes]]


@pytest.fixture
def binding(transactional_db: None) -> Binding:
    """A binding of a program with 1.0.0 online."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    return binding


@pytest.fixture
def days(binding: Binding) -> Iterator[None]:
    """No log entry before and after."""
    drop_days()
    yield
    drop_days()


@pytest.fixture(scope="module")
def addresses(django_db_setup: None) -> Iterator[list[str]]:
    """Two servers, which run as long as the module."""
    with server() as first, server() as second:
        yield [first, second]


@pytest.fixture
def processes(binding: Binding, addresses: list[str]) -> list[Ask]:
    """The two, each as a function that sends a request."""
    return [asker(binding, up_to_date(address)) for address in addresses]


def asker(binding: Binding, address: str) -> Ask:
    """Send requests of the bound application to one server."""
    header = authorization(binding.application)

    def ask(method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        with contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)) as connection:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # A refusal may come before all is sent.
                connection.request(method, path, body, {"Authorization": header, **headers})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    return ask


def answers(processes: list[Ask], program: MiniProgram, **members: Any) -> list[tuple[str, str | None]]:
    """Status and version as each process tells them."""
    body = json.dumps(question(program.app_id, **members))
    found = []
    for ask in processes:
        status, _, content = ask("POST", UPDATE, body, **{"Content-Type": "application/json"})
        answer = json.loads(content)
        found.append((answer["status"], answer["version"]) if status == 200 else (answer["code"], None))
    return found


def within_a_second(processes: list[Ask], program: MiniProgram, wanted: tuple[str, str | None], **members: Any) -> None:
    """Wait until all agree on `wanted`."""
    began = time.monotonic()
    while answers(processes, program, **members) != [wanted] * len(processes):
        assert time.monotonic() - began < 1, answers(processes, program, **members)
        time.sleep(0.02)


def signers(ask: Ask, program: MiniProgram) -> list[str]:
    """The ids of the keys that a process signs with."""
    _, _, content = ask("POST", UPDATE, json.dumps(question(program.app_id)), **{"Content-Type": "application/json"})
    return [one.split(":")[0] for one in json.loads(content)["package"]["signature"].split(" ")]


def test_every_process_follows(processes: list[Ask], binding: Binding) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    assert answers(processes, program) == [("update", "1.0.0")] * 2
    second = make_approved(program, "1.1.0")
    releases.publish(second, by=by)
    within_a_second(processes, program, ("update", "1.1.0"))
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=by)
    within_a_second(processes, program, ("update", "1.0.0"))
    programs.take_off_shelf(program, by=by, reason="")
    within_a_second(processes, program, ("removed", None))
    programs.put_on_shelf(program, by=by)
    within_a_second(processes, program, ("update", "1.0.0"))
    programs.unbind(binding, by=by)
    within_a_second(processes, program, ("removed", None))
    binding.application.keys.update(revoked_at=timezone.now())
    within_a_second(processes, program, ("unauthenticated", None))


def test_every_process_follows_a_grayscale_task(processes: list[Ask], binding: Binding) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    assert answers(processes, program) == [("update", "1.0.0")] * 2
    task = make_task(make_approved(program, "1.1.0"))
    within_a_second(processes, program, ("update", "1.1.0"))
    grayscale.end(task, by=by)
    within_a_second(processes, program, ("update", "1.0.0"))


def test_every_process_follows_a_trial(processes: list[Ask], binding: Binding) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    first, second = (make_version(program, number) for number in ("0.8.0", "0.9.0"))
    page = first.package.entry_page
    trial = set_trial(program, version=first, page=page, by=by)
    token = {"trial_token": trial.token}
    within_a_second(processes, program, ("update", "0.8.0"), **token)
    set_trial(program, version=second, page=page, seen=trial.set_at, by=by)
    within_a_second(processes, program, ("update", "0.9.0"), **token)
    cancel_trial(program, by=by)
    within_a_second(processes, program, ("update", "1.0.0"), **token)


def test_every_process_follows_the_signing_keys(processes: list[Ask], binding: Binding) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    old = binding.application.signing_keys.get()
    for change, wanted in (
        (lambda: None, 1),
        (lambda: add_signing_key(binding.application, by=by), 2),
        (lambda: retire_signing_key(old, by=by), 1),
    ):
        change()
        keys = [key.key_id for key in binding.application.signing_keys.active()]
        assert len(keys) == wanted
        began = time.monotonic()
        while [signers(ask, program) for ask in processes] != [keys] * 2:
            assert time.monotonic() - began < 1
            time.sleep(0.02)


def test_a_process_that_ends_writes_whom_it_saw(binding: Binding) -> None:
    with server() as address:
        assert answers([asker(binding, address)], binding.mini_program) == [("update", "1.0.0")]
    assert [seen.application_id for seen in SeenDevice.objects.all()] == [binding.application_id]


def test_what_was_accepted_outlives_the_process(binding: Binding, days: None) -> None:
    program = binding.mini_program
    body = gzip.compress(json.dumps(batch(program.app_id, {}, {})).encode())
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    with server() as address:
        status, _, answer = asker(binding, address)("POST", LOGS, body, **headers)
        assert (status, json.loads(answer)) == (200, {"accepted": 2, "cut": 0})
        with connection.cursor() as cursor:
            cursor.execute("SELECT mini_program_id FROM devmgmt_logentry")
            assert cursor.fetchall() == [(program.pk,)] * 2
    # At its end, at the latest, a process also writes what it has counted.
    assert [(row.mini_program_id, row.info) for row in LogVolume.objects.all()] == [(program.pk, 2)]


def test_http_as_the_server_speaks_it(processes: list[Ask], binding: Binding) -> None:
    ask = processes[0]
    package = binding.mini_program.versions.online().get().package
    path = f"/runtime/v1/packages/{package.sha256}.apkg"
    whole = ask("GET", path)
    with package.file.open("rb") as file:
        assert (whole[0], whole[2]) == (200, file.read())
    status, headers, body = ask("HEAD", path)
    names = {name.lower(): value for name, value in headers.items()}
    assert (status, names["content-length"], body) == (200, str(package.size), b"")
    status, _, body = ask("GET", path, Range="bytes=10-19")
    assert (status, body) == (206, whole[2][10:20])
    assert ask("GET", path, **{"If-None-Match": f'"{package.sha256}"'})[0] == 304
    assert ask("HEAD", "/runtime/v1/packages/x")[0::2] == (404, b"")
    json_type = {"Content-Type": "application/json"}
    assert ask("POST", UPDATE, iter([b"{}"]), **json_type)[0] == 411  # sent in chunks
    assert ask("POST", UPDATE, b"{" * 1_000_000, **json_type)[0] == 413
    assert ask("POST", UPDATE, b"\xff\x00", **json_type)[0] == 400
    assert ask("GET", "/runtime/v1/nothing")[0] == 404
    assert ask("GET", "/runtime/v1/openapi.json")[0] == 200
    assert ask("GET", "/healthz")[0] == 200  # Django's

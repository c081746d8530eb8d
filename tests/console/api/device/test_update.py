"""POST /runtime/v1/update (R-1)."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from console.api.device import rate
from console.base.hosts import proofs
from console.base.hosts.models import ApplicationKey
from console.base.hosts.signing import seeds, sign, statement
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from releases import actions as releases
from tests.console.api.device.asking import UPDATE, Device, authorization, basic, question
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_online,
    make_program,
    make_reviewer,
    make_user,
    make_version,
)

NOTHING = {"version": None, "channel": None, "package": None, "page": None, "query": None}
REMOVED = {"status": "removed", **NOTHING}
UNAVAILABLE = {"status": "unavailable", **NOTHING}


@pytest.fixture
def binding(device: Device) -> Binding:
    """A program bound to the device's application."""
    return make_binding(make_program(), device.application)


@pytest.fixture
def program(binding: Binding) -> MiniProgram:
    """The bound program, with 1.0.0 online."""
    make_online(binding.mini_program)
    return binding.mini_program


def answer(device: Device, program: MiniProgram, **members: Any) -> dict[str, Any]:
    """Ask and return the decoded answer, which must be a success."""
    reply = device.update(program.app_id, **members)
    assert reply.status == 200, reply.body
    decoded: dict[str, Any] = reply.json
    return decoded


def test_a_device_without_the_program_gets_the_online_version(device: Device, program: MiniProgram) -> None:
    package = program.versions.online().get().package
    sha256 = package.sha256
    keys = device.application.signing_keys.values_list("key_id", "sealed")
    reply = device.update(program.app_id)
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.json == {
        "status": "update",
        "version": "1.0.0",
        "channel": "online",
        "package": {
            "url": f"/runtime/v1/packages/{sha256}.apkg",
            "sha256": sha256,
            "size": package.size,
            "signature": sign(seeds(keys), statement(program.app_id, "1.0.0", sha256, package.size)),
        },
        "page": None,
        "query": None,
    }


def test_a_device_with_the_online_version_is_current(device: Device, program: MiniProgram) -> None:
    current = {**NOTHING, "status": "current", "version": "1.0.0", "channel": "online"}
    assert answer(device, program, local_version="1.0.0") == current


@pytest.mark.parametrize("local_version", ["0.9.9", "1.0.1", "2.0.0", "1.0.00"])
def test_any_other_version_is_updated(device: Device, program: MiniProgram, local_version: str) -> None:
    reply = answer(device, program, local_version=local_version)
    assert (reply["status"], reply["version"]) == ("update", "1.0.0")


def test_an_ios_device(device: Device, program: MiniProgram) -> None:
    reply = answer(device, program, platform="ios", guid=f"0303{9:028}", os_version="17.5.1", network="5g")
    assert reply["status"] == "update"


def test_members_that_only_come_later_are_accepted(device: Device, program: MiniProgram) -> None:
    members = {"device_id": "d-1", "account": "张三", "trial_token": "t", "local_version": None, "later": [1]}
    assert answer(device, program, **members)["status"] == "update"


def test_publish_and_roll_back(device: Device, program: MiniProgram) -> None:
    assert answer(device, program, local_version="1.0.0")["status"] == "current"
    releases.publish(make_approved(program, "1.1.0"), by=program.created_by)
    reply = answer(device, program, local_version="1.0.0")
    assert (reply["status"], reply["version"]) == ("update", "1.1.0")
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=program.created_by)
    reply = answer(device, program, local_version="1.1.0")
    assert (reply["status"], reply["version"]) == ("update", "1.0.0")


def test_off_the_shelf_and_back(device: Device, program: MiniProgram) -> None:
    programs.take_off_shelf(program, by=program.created_by, reason="Wrong.")
    assert answer(device, program) == REMOVED
    assert answer(device, program, local_version="1.0.0") == REMOVED
    programs.put_on_shelf(program, by=program.created_by)
    assert answer(device, program, local_version="1.0.0")["status"] == "current"


def test_nothing_online(device: Device, binding: Binding) -> None:
    assert answer(device, binding.mini_program) == UNAVAILABLE
    make_version(binding.mini_program)
    assert answer(device, binding.mini_program) == UNAVAILABLE


def test_unknown_and_never_bound_programs_look_alike(device: Device) -> None:
    elsewhere, waiting = make_program(), make_program()
    make_online(elsewhere)
    make_online(waiting)
    make_binding(waiting, device.application, state="waiting")
    unknown = device.update("mp00000000000000")
    assert unknown.json == UNAVAILABLE
    for program in (elsewhere, waiting):
        reply = device.update(program.app_id, local_version="1.0.0")
        assert (reply.status, reply.headers, reply.body) == (unknown.status, unknown.headers, unknown.body)
    programs.take_off_shelf(elsewhere, by=elsewhere.created_by, reason="")
    assert device.update(elsewhere.app_id).body == unknown.body


def test_unbound_is_removed_until_bound_again(device: Device, binding: Binding, program: MiniProgram) -> None:
    programs.unbind(binding, by=program.created_by)
    assert answer(device, program) == REMOVED
    again = programs.request_binding(program, application=device.application, reason="Again", by=program.created_by)
    assert answer(device, program) == REMOVED
    programs.decide_binding(again, approve=True, by=make_reviewer(device.application))
    assert answer(device, program)["status"] == "update"


def test_another_application_keeps_what_one_lost(device: Device, binding: Binding, program: MiniProgram) -> None:
    other = Device(device.way, make_application())
    make_binding(program, other.application)
    programs.unbind(binding, by=program.created_by)
    assert answer(other, program)["status"] == "update"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, method: str) -> None:
    reply = device.ask(method, UPDATE)
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        assert reply.json["code"] == "method_not_allowed"


WRONG_CREDENTIALS = [
    None,
    "",
    "Basic",
    "Basic %%%",
    "Basic ä",
    "Bearer abc",
    basic(""),
    basic("no-colon"),
    basic("ha00000000000000:key"),
    basic("ha\x00:key"),
    basic("ä:ö"),
]


@pytest.mark.parametrize("header", WRONG_CREDENTIALS)
def test_no_or_wrong_credentials(device: Device, header: str | None) -> None:
    reply = device.post(question("mp00000000000000"), HTTP_AUTHORIZATION=header)
    assert (reply.status, reply.json["code"]) == (401, "unauthenticated")
    assert reply.headers["WWW-Authenticate"].startswith("Basic ")


def test_the_key_of_another_application(device: Device, program: MiniProgram) -> None:
    key = make_application().keys.get().key
    header = authorization(device.application, key)
    assert device.post(question(program.app_id), HTTP_AUTHORIZATION=header).status == 401
    header = authorization(device.application, device.application.keys.get().key[:-1])
    assert device.post(question(program.app_id), HTTP_AUTHORIZATION=header).status == 401


def test_keys_are_rotated(device: Device, program: MiniProgram) -> None:
    old = device.application.keys.get()
    new = ApplicationKey.objects.create(application=device.application, created_by=make_user())
    asked = question(program.app_id)

    def statuses() -> list[int]:
        headers = [authorization(device.application, key.key) for key in (old, new)]
        return [device.post(asked, HTTP_AUTHORIZATION=header).status for header in headers]

    assert statuses() == [200, 200]
    ApplicationKey.objects.filter(pk=old.pk).update(revoked_at=timezone.now())
    assert statuses() == [401, 200]
    ApplicationKey.objects.filter(pk=new.pk).update(revoked_at=timezone.now())
    assert statuses() == [401, 401]


ASKED = question("mp00000000000000")
WRONG_MEMBERS = [
    ("app_id", None),
    ("app_id", 7),
    ("app_id", "mp0000000000000"),
    ("app_id", "MP00000000000000"),
    ("app_id", "mp0000000000000\n"),
    ("guid", "0302"),
    ("guid", f"0304{0:028}"),
    ("guid", f"0303{0:028}"),  # of the other platform
    ("guid", f"0302{0:027}x"),
    ("guid", f"0302{0:027}٣"),
    ("guid", ["0302"]),
    ("platform", "windows"),
    ("platform", None),
    ("os_version", ""),
    ("os_version", "Android"),
    ("os_version", "1" * 41),
    ("os_version", "14\n"),
    ("os_version", "14."),
    ("os_version", "1.2.3.4.5.6.7"),
    ("os_version", "14（1）"),
    ("app_version", "1..2"),
    ("app_version", 8),
    ("network", "lan"),
    ("local_version", "1.0"),
    ("local_version", "1.0.10000"),
    ("local_version", "1.0.0\n"),
    ("device_id", "d" * 129),
    ("account", "a\x00b"),
    ("account", {"id": 1}),
    ("trial_token", True),
]


@pytest.mark.parametrize(("member", "value"), WRONG_MEMBERS)
def test_a_wrong_member_is_named(device: Device, member: str, value: Any) -> None:
    reply = device.post({**ASKED, member: value})
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert f"$.{member}`" in reply.json["message"]
    assert set(reply.json) == {"code", "message"}


@pytest.mark.parametrize("member", sorted(ASKED))
def test_a_missing_member_is_named(device: Device, member: str) -> None:
    reply = device.post({name: value for name, value in ASKED.items() if name != member})
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert f"`{member}`" in reply.json["message"]


@pytest.mark.parametrize("member", ["local_version", "device_id", "account", "trial_token"])
def test_an_empty_text_is_as_good_as_none(device: Device, program: MiniProgram, member: str) -> None:
    """An SDK sends it of a user who is signed out, also with the proof of the account that was signed in."""
    application, asked = device.application, question(program.app_id)
    of_application = application.application_id, application.proof_series
    proof, _seconds = proofs.issue(*of_application, guid=asked["guid"], account="ann", at=time.time())
    found = device.post(asked | {member: ""}, HTTP_INSTALLATION_PROOF=proof)
    assert (found.status, found.json) == (200, device.post(asked).json)


VERSIONS = ["14", "17.5.1", "8.0.50.2460", "4.4W", "13-beta 2", "1.2.3.4.5.6"]
VERSIONS += ["5.1.1(LMY48B)", "4.0.0.120(C00E120R8P3)", "8.0.50/2460", "8.0.50 (2460)", "14:r1"]


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_as_systems_write_them(device: Device, version: str) -> None:
    assert device.post({**ASKED, "os_version": version, "app_version": version}).status == 200


MALFORMED = [
    b"{",
    b"\xef\xbb\xbf{}",
    b"\xff\xfe",
    b"app_id=mp1",
    b'{"app_id": NaN}',
    b'{"app_id": "\xff"}',
    b'{"app_id": "\\ud800"}',
    b'{"deep": ' + b"[" * 9000,
    json.dumps(ASKED).encode() + b"\x00",
    json.dumps(ASKED).encode("utf-16"),
]


@pytest.fixture
def usual_depth() -> Iterator[None]:
    """As deep as Python goes by itself: libraries of other tests let it go deeper."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("usual_depth")
@pytest.mark.parametrize("body", MALFORMED, ids=range(len(MALFORMED)))
def test_a_malformed_body(device: Device, body: bytes) -> None:
    reply = device.post(body)
    assert (reply.status, reply.json["code"]) == (400, "malformed")


@pytest.mark.usefixtures("usual_depth")
@pytest.mark.parametrize("nested", [b"[" * 8000 + b"]" * 8000, b'{"a":' * 2500 + b"1" + b"}" * 2500])
def test_a_deep_body(device: Device, nested: bytes) -> None:
    """From Python 3.12 on it is read, and lacks what an update check has."""
    too_deep = sys.version_info < (3, 12)
    reply = device.post(b'{"deep": %s}' % nested)
    assert (reply.status, reply.json["code"]) == ((400, "malformed") if too_deep else (422, "invalid"))


@pytest.mark.parametrize("body", [b"null", b"null x", b"[]", b"7", b'"text"', b"{}", b'{"app_id": 1e999999}'])
def test_json_of_another_shape(device: Device, body: bytes) -> None:
    assert device.post(body).status == 422


def test_a_large_body(device: Device) -> None:
    longest = json.dumps(ASKED).encode().ljust(16 * 1024)
    assert device.post(longest).status == 200
    assert (device.post(longest + b" ").status, device.post(b"{" * 3_000_000).status) == (413, 413)
    assert device.post(longest, CONTENT_LENGTH="9" * 5000).status == 413


@pytest.mark.parametrize("length", ["", "-1", "1e3", "٣", "+5", " 5"])
def test_a_wrong_length(device: Device, length: str) -> None:
    assert device.post(ASKED, CONTENT_LENGTH=length).json["code"] == "length_required"


def test_no_body(device: Device) -> None:
    assert device.post(b"", CONTENT_LENGTH="0").status == 400


def test_a_body_that_is_cut_off(device: Device) -> None:
    assert device.post(b'{"app_id": "mp', CONTENT_LENGTH="300").status == 400


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "x" * 999])
def test_another_media_type(device: Device, content_type: str) -> None:
    assert device.post(ASKED, CONTENT_TYPE=content_type).json["code"] == "unsupported_media_type"


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_other_spellings_of_json(device: Device, content_type: str) -> None:
    assert device.post(ASKED, CONTENT_TYPE=content_type).status == 200


def test_a_device_that_asks_too_often(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("3/hour"))
    other = {**ASKED, "guid": f"0302{2:028}"}
    assert [device.post(ASKED).status for _ in range(4)] == [200, 200, 200, 429]
    reply = device.post(ASKED)
    assert 1 <= int(reply.headers["Retry-After"]) <= 3600
    assert reply.json["code"] == "too_many_requests"
    assert device.post(other).status == 200
    assert Device(device.way, make_application()).post(ASKED).status == 200

"""GET and HEAD /runtime/v1/privacy (R-6, S-4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.api.device import privacy, rate
from console.base.hosts.models import ApplicationKey
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from miniprograms.privacy.models import PrivacyAgreement
from miniprograms.privacy.states import DataType
from tests.console.api.device.asking import Device, Reply
from tests.factories import make_agreement, make_application, make_binding, make_privacy_draft, make_program

PATH = "/runtime/v1/privacy"


def ask(device: Device, app_id: str, accepted: object = None, method: str = "GET", **headers: Any) -> Reply:
    query = f"app_id={app_id}" + ("" if accepted is None else f"&accepted={accepted}")
    return device.ask(method, f"{PATH}?{query}", **headers)


@pytest.fixture
def agreement(program: MiniProgram) -> PrivacyAgreement:
    return make_agreement(program)


def test_the_whole_answer(device: Device, program: MiniProgram) -> None:
    make_agreement(
        program,
        data=[["location", "to show the next stop"], ["phone_number", "to call you back"]],
        third_parties=[["Maps", "draws the map", "https://maps.example.com/privacy"]],
        contact_phone="+49 30 1234",
        contact_other="",
        retention="30 days",
        effective_on=date(2026, 12, 1),
        published_at=datetime(2026, 11, 26, 14, 5, tzinfo=UTC),
        text_en="# Privacy\n\n<script>alert(1)</script>",
        text_zh="# 隐私",
    )
    reply = ask(device, program.app_id)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.json == {
        "version": 1,
        "effective_on": "2026-12-01",
        "published_at": "2026-11-26T14:05:00Z",
        "needs_new_consent": True,
        "data": [
            {"type": "location", "purpose": "to show the next stop"},
            {"type": "phone_number", "purpose": "to call you back"},
        ],
        "third_parties": [{"name": "Maps", "purpose": "draws the map", "link": "https://maps.example.com/privacy"}],
        "contact": {"email": "privacy@example.com", "phone": "+49 30 1234", "other": ""},
        "retention": "30 days",
        "text": {"en": "# Privacy\n\n<script>alert(1)</script>", "zh": "# 隐私"},
    }


def test_the_highest_number_is_online_and_a_draft_is_not(device: Device, program: MiniProgram) -> None:
    for number in (1, 2, 10, 9):
        make_agreement(program, number=number, text_en=f"Version {number}")
    make_privacy_draft(program, text_en="Draft")
    answer = ask(device, program.app_id).json
    assert (answer["version"], answer["text"]["en"]) == (10, "Version 10")


def test_when_the_user_has_to_agree_anew(device: Device, program: MiniProgram) -> None:
    def needed() -> list[bool]:
        asked = (None, 0, 1, 2, 3, 4, 5)
        return [ask(device, program.app_id, accepted).json["needs_new_consent"] for accepted in asked]

    make_agreement(program)
    assert needed() == [True, True, False, True, True, True, True]
    make_agreement(program, asks_again=False)
    assert needed() == [True, True, False, False, True, True, True]
    make_agreement(program, asks_again=True)
    assert needed() == [True, True, True, True, False, True, True]
    make_agreement(program, asks_again=False)
    assert needed() == [True, True, True, True, False, False, True]


def test_another_programs_versions_ask_nobody_here(device: Device, program: MiniProgram) -> None:
    make_agreement(program)
    make_agreement(program, asks_again=False)
    other = make_binding(make_program(), device.application).mini_program
    for _ in range(3):
        make_agreement(other)
    assert ask(device, program.app_id, 1).json["needs_new_consent"] is False


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(flags=st.lists(st.booleans(), max_size=5), accepted=st.integers(0, 8))
def test_needs_new_consent_as_the_rule_says(device: Device, flags: list[bool], accepted: int) -> None:
    program = make_binding(make_program(), device.application).mini_program
    flags = [True, *flags]
    for asks_again in flags:
        make_agreement(program, asks_again=asks_again)
    never = not 1 <= accepted <= len(flags)
    assert ask(device, program.app_id, accepted).json["needs_new_consent"] == (never or any(flags[accepted:]))


def test_no_agreement_is_told_apart_only_where_the_program_is_bound(device: Device, program: MiniProgram) -> None:
    unknown = ask(device, "mp" + "0" * 14)
    foreign = make_program()
    make_agreement(foreign)
    waiting = make_binding(make_program(), device.application, state="waiting").mini_program
    make_agreement(waiting)
    reply = ask(device, program.app_id)
    assert (reply.status, reply.json["code"]) == (404, "no_agreement")
    assert (unknown.status, unknown.json["code"]) == (404, "not_found")
    for hidden in (foreign, make_program(), waiting):
        reply = ask(device, hidden.app_id)
        assert (reply.status, reply.headers, reply.body) == (404, unknown.headers, unknown.body)


def test_off_the_shelf_and_unbound(device: Device, binding: Binding, agreement: PrivacyAgreement) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    assert ask(device, program.app_id).status == 200
    programs.take_off_shelf(program, by=by, reason="Repairs")
    assert (ask(device, program.app_id).status, ask(device, program.app_id).json["code"]) == (404, "not_found")
    programs.put_on_shelf(program, by=by)
    assert ask(device, program.app_id).status == 200
    programs.unbind(binding, by=by, reason="It is over")
    assert (ask(device, program.app_id).status, ask(device, program.app_id).json["code"]) == (404, "not_found")


def test_each_application_that_is_bound_gets_it(
    device: Device, program: MiniProgram, agreement: PrivacyAgreement
) -> None:
    other = Device(device.way, make_application())
    assert ask(other, program.app_id).status == 404
    make_binding(program, other.application)
    assert ask(other, program.app_id).body == ask(device, program.app_id).body


def test_the_etag_is_of_the_answer(device: Device, program: MiniProgram, agreement: PrivacyAgreement) -> None:
    first = ask(device, program.app_id)
    etag = first.headers["ETag"]
    for header in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        reply = ask(device, program.app_id, HTTP_IF_NONE_MATCH=header)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", etag)
    accepted = ask(device, program.app_id, 1, HTTP_IF_NONE_MATCH=etag)
    assert (accepted.status, accepted.json["needs_new_consent"]) == (200, False)
    make_agreement(program, asks_again=False)
    changed = ask(device, program.app_id, HTTP_IF_NONE_MATCH=etag)
    assert (changed.status, changed.json["version"]) == (200, 2)


def test_head(device: Device, program: MiniProgram, agreement: PrivacyAgreement) -> None:
    whole, head = ask(device, program.app_id), ask(device, program.app_id, method="HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)
    assert ask(device, program.app_id, method="HEAD", HTTP_IF_NONE_MATCH=whole.headers["ETag"]).status == 304
    missing = ask(device, "mp" + "0" * 14, method="HEAD")
    assert (missing.status, missing.body) == (404, b"")


@pytest.mark.parametrize("query", ["", "app_id=", "app_id=mp1", f"app_id=mp{0:014}%0A", "%", "accepted=1"])
def test_a_bad_app_id_is_named(device: Device, agreement: PrivacyAgreement, query: str) -> None:
    reply = device.ask("GET", f"{PATH}?{query}")
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert "app_id" in reply.json["message"]


@pytest.mark.parametrize(
    "accepted", ["", "-1", "x", "1.0", "1e2", "null", "%2B1", "1%0A", "%D9%A3", "9" * 10, "9" * 9999]
)
def test_a_bad_version_is_named(
    device: Device, program: MiniProgram, agreement: PrivacyAgreement, accepted: str
) -> None:
    reply = ask(device, program.app_id, accepted)
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert "$.accepted" in reply.json["message"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, program: MiniProgram, method: str) -> None:
    reply = ask(device, program.app_id, method=method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_no_wrong_and_revoked_key(device: Device, program: MiniProgram, agreement: PrivacyAgreement) -> None:
    assert ask(device, program.app_id, HTTP_AUTHORIZATION=None).status == 401
    assert ask(device, program.app_id, HTTP_AUTHORIZATION="Basic eDp5").status == 401
    ApplicationKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert ask(device, program.app_id).status == 401


def test_the_rate_is_limited_for_each_program(
    device: Device, program: MiniProgram, agreement: PrivacyAgreement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/hour"))
    other = make_agreement(make_binding(make_program(), device.application).mini_program).mini_program
    assert [ask(device, program.app_id).status for _ in range(3)] == [200, 200, 429]
    assert int(ask(device, program.app_id).headers["Retry-After"]) > 0
    assert ask(device, other.app_id).status == 200
    assert [ask(device, f"mp{number:014}").status for number in range(3)] == [404, 404, 429]


def test_the_database_is_away(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr(privacy, "_answer", away)
    reply = ask(device, program.app_id)
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "temporarily_unavailable", "5")


def test_the_document_names_every_type_of_data(device: Device) -> None:
    document = device.ask("GET", "/runtime/v1/openapi.json").json
    declared = document["components"]["schemas"]["DeclaredData"]["properties"]["type"]
    assert declared["enum"] == DataType.values

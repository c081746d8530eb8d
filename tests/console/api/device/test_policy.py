"""GET and HEAD /runtime/v1/policy (R-3, D-4): each change shows in the very next answer."""

from __future__ import annotations

import contextlib
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import OperationalError

from console.api.device import policy, rate
from console.base.accounts.models import User
from console.base.hosts import actions as hosts
from console.base.hosts.models import ApplicationKey
from devmgmt import actions
from devmgmt.matching import Domain, fingerprint
from devmgmt.states import DomainType
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from tests.console.api.device.asking import Device, Reply, authorization
from tests.console.api.device.serving import server
from tests.factories import (
    make_api,
    make_application,
    make_binding,
    make_domain,
    make_exemption,
    make_permission,
    make_program,
    make_reviewer,
)

PATH = "/runtime/v1/policy"


def ask(device: Device, app_id: str, method: str = "GET", **headers: Any) -> Reply:
    return device.ask(method, f"{PATH}?app_id={app_id}", **headers)


@pytest.fixture
def reviewer(binding: Binding) -> User:
    return make_reviewer(binding.application)


def test_the_whole_answer(device: Device, program: MiniProgram) -> None:
    make_domain(program, "api.example.com", port=8443)
    make_domain(program, "live.example.com", "socket")
    make_domain(program, "files.example.com", "uploadFile")
    make_api(device.application, "wx.scanCode", restricted=False)
    make_api(device.application, "wx.getLocation")
    make_api(device.application, "wx.requestPayment")
    make_permission(program, device.application, "wx.getLocation")
    make_exemption(program, device.application)
    reply = ask(device, program.app_id)
    assert (reply.status, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.headers["Cache-Control"] == "private, no-cache"
    assert reply.headers["Content-Length"] == str(len(reply.body))
    assert reply.json == {
        "app_id": program.app_id,
        "domains": {
            "request": ["https://api.example.com:8443"],
            "uploadFile": ["https://files.example.com"],
            "downloadFile": [],
            "socket": ["wss://live.example.com"],
            "business": [],
        },
        "skip_domain_verification": True,
        "apis": ["wx.getLocation", "wx.scanCode"],
    }


def test_an_exemption_shows_when_it_is_granted_and_is_gone_when_it_ended(
    device: Device, program: MiniProgram, reviewer: User
) -> None:
    by, application = program.created_by, device.application

    def skips() -> bool:
        answer: bool = ask(device, program.app_id).json["skip_domain_verification"]
        return answer

    grant = actions.apply_for_exemption(program, application=application, reason="Hosts change", by=by)
    assert not skips()
    actions.decide(grant, approve=True, by=reviewer)
    assert skips()
    actions.revoke(grant, by=reviewer, reason="Misused")
    assert not skips()
    grant = actions.apply_for_exemption(program, application=application, reason="Again", by=by)
    actions.decide(grant, approve=False, by=reviewer, note="No")
    assert not skips()
    grant = actions.apply_for_exemption(program, application=application, reason="Once more", by=by)
    actions.decide(grant, approve=True, by=reviewer)
    assert skips()
    actions.give_up(grant, by=by)
    assert not skips()


def test_an_interface_permission_follows_decision_revocation_and_the_list(
    device: Device, program: MiniProgram, reviewer: User
) -> None:
    by, application = program.created_by, device.application
    api = make_api(application, "acme.openGate")

    def may() -> bool:
        return api.name in ask(device, program.app_id).json["apis"]

    def apply() -> Any:
        [grant] = actions.apply_for_permissions(
            program, application=application, apis=[api.name], reason="Stops near me", by=by
        )
        return grant

    grant = apply()
    assert not may()
    actions.decide(grant, approve=False, by=reviewer, note="No")
    assert not may()
    grant = apply()
    actions.decide(grant, approve=True, by=reviewer)
    assert may()
    actions.revoke(grant, by=reviewer, reason="Misused")
    assert not may()
    hosts.open_api(api, by=reviewer)
    assert may()
    hosts.restrict_api(api, by=reviewer)
    assert not may()
    grant = apply()
    actions.decide(grant, approve=True, by=reviewer)
    assert may()
    hosts.remove_api(api, by=reviewer)
    assert not may()


def test_domains_follow_every_change(device: Device, program: MiniProgram) -> None:
    for hosts_now in (["b.example.com", "a.example.com"], ["b.example.com"], []):
        there = actions.domains_of(program)
        lists = {kind: [] for kind in DomainType.values} | {"request": [Domain(host) for host in hosts_now]}
        actions.change_domains(program, lists=lists, seen=fingerprint(there), by=program.created_by)
        origins = [f"https://{host}" for host in sorted(hosts_now)]
        assert ask(device, program.app_id).json["domains"]["request"] == origins


def test_no_policy_after_unbinding_nor_off_the_shelf(device: Device, binding: Binding, program: MiniProgram) -> None:
    by = program.created_by
    assert ask(device, program.app_id).status == 200
    programs.take_off_shelf(program, by=by, reason="Repairs")
    assert (ask(device, program.app_id).status, ask(device, program.app_id).json["code"]) == (404, "not_found")
    programs.put_on_shelf(program, by=by)
    assert ask(device, program.app_id).status == 200
    programs.unbind(binding, by=by, reason="It is over")
    assert ask(device, program.app_id).status == 404


def test_what_is_not_the_applications_is_not_there(device: Device, program: MiniProgram) -> None:
    other = make_binding(program, make_application()).application
    make_exemption(program, other)
    make_api(other, "wx.getLocation")
    make_permission(program, other)
    foreign = make_binding(make_program(), other).mini_program
    assert ask(device, foreign.app_id).body == ask(device, "mp" + "0" * 14).body
    assert ask(device, foreign.app_id).status == 404
    answer = ask(device, program.app_id).json
    assert (answer["skip_domain_verification"], answer["apis"]) == (False, [])
    assert ask(Device(device.way, other), program.app_id).json["skip_domain_verification"] is True


def test_the_etag_is_of_the_content(device: Device, program: MiniProgram) -> None:
    first = ask(device, program.app_id)
    etag = first.headers["ETag"]
    assert etag.startswith('"') and etag.endswith('"') and ask(device, program.app_id).headers["ETag"] == etag
    for header in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        reply = ask(device, program.app_id, HTTP_IF_NONE_MATCH=header)
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, b"", etag)
        assert reply.headers["Cache-Control"] == "private, no-cache"
    for header in ("", '"other"', etag.strip('"')):
        assert ask(device, program.app_id, HTTP_IF_NONE_MATCH=header).status == 200
    make_domain(program, "api.example.com")
    changed = ask(device, program.app_id, HTTP_IF_NONE_MATCH=etag)
    assert changed.status == 200 and changed.headers["ETag"] != etag


def test_head(device: Device, program: MiniProgram) -> None:
    whole, head = ask(device, program.app_id), ask(device, program.app_id, "HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)
    etag = head.headers["ETag"]
    assert ask(device, program.app_id, "HEAD", HTTP_IF_NONE_MATCH=etag).status == 304
    missing = ask(device, "mp" + "0" * 14, "HEAD")
    assert (missing.status, missing.body) == (404, b"")


@pytest.mark.parametrize(
    "query",
    [
        *("", "%", "&&&", "app_id", "app_id=", "app_id[]=x", "app_id=mp1", "app_id=mp%00", "app_id=%ff%fe"),
        *(f"app_id=mp{0:014}%0A", f"app_id=mp{0:010000}", f"APP_ID=mp{0:014}", f"app_id=MP{0:014}"),
    ],
)
def test_a_bad_app_id_is_named(device: Device, program: MiniProgram, query: str) -> None:
    reply = device.ask("GET", f"{PATH}?{query}")
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert "app_id" in reply.json["message"]


def test_other_members_are_ignored(device: Device, program: MiniProgram) -> None:
    assert device.ask("GET", f"{PATH}?a=1&app_id={program.app_id}&guid=2").status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, program: MiniProgram, method: str) -> None:
    reply = ask(device, program.app_id, method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_no_wrong_and_revoked_key(device: Device, program: MiniProgram) -> None:
    assert ask(device, program.app_id, HTTP_AUTHORIZATION=None).status == 401
    assert ask(device, program.app_id, HTTP_AUTHORIZATION="Basic eDp5").status == 401
    ApplicationKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert ask(device, program.app_id).status == 401


def test_the_rate_is_limited_for_each_program(
    device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/hour"))
    other = make_binding(make_program(), device.application).mini_program
    assert [ask(device, program.app_id).status for _ in range(3)] == [200, 200, 429]
    assert int(ask(device, program.app_id).headers["Retry-After"]) > 0
    assert ask(device, other.app_id).status == 200
    assert [ask(device, f"mp{number:014}").status for number in range(3)] == [404, 404, 429]
    assert ask(device, other.app_id).status == 200


def test_the_database_is_away(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object) -> None:
        raise OperationalError

    monkeypatch.setattr(policy, "policy_of", away)
    reply = ask(device, program.app_id)
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "temporarily_unavailable", "5")


def test_a_revocation_is_in_the_next_answer_of_a_real_server(transactional_db: None) -> None:
    binding = make_binding(make_program())
    program, application = binding.mini_program, binding.application
    make_api(application, "wx.getLocation")
    exemption, permission = make_exemption(program, application), make_permission(program, application)
    headers = {"Authorization": authorization(application)}
    reviewer = make_reviewer(application)
    with server() as address, contextlib.closing(http.client.HTTPConnection(urlsplit(address).netloc)) as connection:

        def answer() -> tuple[bool, list[str]]:
            connection.request("GET", f"{PATH}?app_id={program.app_id}", headers=headers)
            response = connection.getresponse()
            content = json.loads(response.read())
            assert response.status == 200, content
            return content["skip_domain_verification"], content["apis"]

        assert answer() == (True, ["wx.getLocation"])
        actions.revoke(exemption, by=reviewer, reason="Misused")
        assert answer() == (False, ["wx.getLocation"])
        actions.revoke(permission, by=reviewer, reason="Misused")
        assert answer() == (False, [])
        programs.take_off_shelf(program, by=program.created_by, reason="")
        connection.request("GET", f"{PATH}?app_id={program.app_id}", headers=headers)
        assert connection.getresponse().status == 404

"""GET and POST /runtime/v1/consents, POST /runtime/v1/consent-settings (R-4, M-4)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError
from django.db import OperationalError

from console.api.device import consents, rate
from messaging.models import Consent, MyTemplate
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram, ProgramUser
from tests.console.api.device.asking import Device, Reply
from tests.console.api.device.serving import server
from tests.console.api.device.test_client import configuration
from tests.console.api.device.test_client import device as command
from tests.factories import make_application, make_ban, make_binding, make_program, make_template

CONSENTS, SETTINGS = "/runtime/v1/consents", "/runtime/v1/consent-settings"


@pytest.fixture
def template(program: MiniProgram) -> MyTemplate:
    return make_template(program)


def show(device: Device, app_id: str, *templates: str, account: str = "ann", method: str = "GET") -> Reply:
    query = {"app_id": app_id, "account": account, **({"template_ids": ",".join(templates)} if templates else {})}
    return device.ask(method, f"{CONSENTS}?{urlencode(query)}")


def say(device: Device, template: MyTemplate, answer: str = "accept", **members: Any) -> Reply:
    told = {
        "app_id": template.mini_program.app_id,
        "account": "ann",
        "request_id": "r1",
        "tapped": True,
        "answers": [{"template_id": template.template_id, "answer": answer}],
    }
    return device.post_to(CONSENTS, told | members)


def test_the_whole_way(device: Device, program: MiniProgram, template: MyTemplate) -> None:
    shown = show(device, program.app_id, template.template_id)
    expected = {
        "template_id": template.template_id,
        "title": template.title,
        "title_zh": template.title_zh,
        "type": "one_time",
        "content": [
            {name: keyword[name] for name in ("key", "name", "name_zh", "example", "example_zh")}
            for keyword in template.keywords
        ],
        "result": None,
        "answer": None,
        "remaining": 0,
        "held": False,
    }
    assert (shown.status, shown.json) == (200, {"main_switch": True, "templates": [expected]})
    assert shown.headers["Cache-Control"] == "no-store"
    assert not ProgramUser.objects.exists()  # Looking makes nobody known.
    for request_id in ("r1", "r1", "r2"):
        reply = say(device, template, request_id=request_id)
        assert (reply.status, reply.json) == (200, {"results": {template.template_id: "accept"}})
    expected |= {"answer": "accept", "remaining": 2}
    assert show(device, program.app_id).json == {"main_switch": True, "templates": [expected]}
    user = {"app_id": program.app_id, "account": "ann"}
    changed = device.post_to(SETTINGS, user | {"main_switch": False, "withdraw": [template.template_id]})
    expected |= {"answer": "reject", "remaining": 0}
    assert (changed.status, changed.json) == (200, {"main_switch": False, "templates": [expected]})
    refused = say(device, template, request_id="r3")
    message = "requestSubscribeMessage:fail The main switch is switched off"
    assert (refused.status, refused.json) == (403, {"code": "20004", "message": message})
    assert device.post_to(SETTINGS, user | {"main_switch": True}).json["main_switch"] is True
    assert device.post_to(SETTINGS, user).status == 200


def test_refusals(device: Device, program: MiniProgram, template: MyTemplate) -> None:
    def refused(**members: Any) -> tuple[int, str]:
        reply = say(device, template, **members)
        return reply.status, reply.json["code"]

    def answers(*ids: str) -> list[dict[str, str]]:
        return [{"template_id": id_, "answer": "accept"} for id_ in ids]

    assert refused(tapped=False) == (403, "not_tapped")
    assert say(device, template, tapped=False).json["message"].endswith("can only be invoked by user TAP gesture.")
    assert refused(answers=answers("unknown")) == (422, "20001")
    long_term = make_template(program, kind="long_term")
    assert refused(answers=answers(template.template_id, long_term.template_id)) == (422, "20002")
    assert refused(answers=answers(*"abcd")) == (422, "20003")
    assert show(device, program.app_id, *"abcd").json["code"] == "20003"
    assert show(device, program.app_id, *"abc").json["code"] == "20001"
    assert say(device, template).status == 200
    assert refused(answers=answers()) == (409, "request_id_used")
    make_ban(device.application, program)
    assert refused(request_id="r2") == (403, "20005")
    assert say(device, template).status == 200  # The first call again.
    assert show(device, program.app_id, template.template_id).status == 403
    assert show(device, program.app_id, template.template_id, method="HEAD").body == b""


def test_what_is_not_the_applications_is_not_there(device: Device, binding: Binding, template: MyTemplate) -> None:
    other = make_binding(make_program(), make_application()).mini_program
    foreign = make_template(other)
    assert say(device, foreign).body == say(device, template, app_id="mp" + "0" * 14).body
    assert say(device, foreign).status == show(device, other.app_id).status == 404
    assert device.post_to(SETTINGS, {"app_id": other.app_id, "account": "ann", "main_switch": False}).status == 404
    by = binding.mini_program.created_by
    programs.take_off_shelf(binding.mini_program, by=by, reason="Repairs")
    assert say(device, template).status == show(device, template.mini_program.app_id).status == 404
    programs.put_on_shelf(binding.mini_program, by=by)
    assert say(device, template).status == 200
    programs.unbind(binding, by=by, reason="It is over")
    assert say(device, template).status == 404
    assert Consent.objects.get().granted == 1


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("account", ""),
        ("account", "a\x00"),
        ("account", "x" * 129),
        ("account", None),
        ("request_id", "r 1"),
        ("request_id", "x" * 65),
        ("tapped", "yes"),
        ("tapped", None),
        ("answers", {}),
        ("answers", [{"template_id": "a\x00", "answer": "accept"}]),
        ("answers", [{"template_id": "a", "answer": "ban"}]),
        ("answers", [{"template_id": "a", "answer": "accept"}] * 51),
    ],
)
def test_members_that_are_wrong(device: Device, template: MyTemplate, member: str, value: object) -> None:
    reply = say(device, template, **{member: value})
    assert (reply.status, reply.json["code"]) == (422, "invalid") and f"$.{member}" in reply.json["message"]


def test_requests_that_are_wrong(device: Device, program: MiniProgram) -> None:
    assert device.ask("GET", CONSENTS).status == 422
    assert show(device, program.app_id, account="a\x00").status == 422
    assert show(device, program.app_id, "a\x00").status == show(device, program.app_id, "", "a").status == 422
    for method, path, allowed in (("PUT", CONSENTS, "GET, HEAD, POST"), ("GET", SETTINGS, "POST")):
        reply = device.ask(method, path)
        assert (reply.status, reply.headers["Allow"]) == (405, allowed)
    for path in (CONSENTS, SETTINGS):
        assert device.ask("POST", path, b"{}", HTTP_AUTHORIZATION=None).status == 401
        assert device.post_to(path, b"{").status == 400
    assert device.ask("GET", CONSENTS, HTTP_AUTHORIZATION=None).status == 401


def test_too_often_and_without_the_database(
    device: Device, program: MiniProgram, template: MyTemplate, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("away")

    with monkeypatch.context() as patch:
        patch.setattr(consents.consents, "binding_of", away)
        assert say(device, template).status == show(device, program.app_id).status == 503
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/day"))
    assert [show(device, program.app_id).status for _ in range(3)] == [200, 200, 429]
    assert show(device, program.app_id, account="bob").status == 200


def test_the_command(transactional_db: None, tmp_path: Path) -> None:
    binding = make_binding(make_program())
    one, other = (make_template(binding.mini_program) for _ in range(2))
    with server() as address:
        application = binding.application
        file = configuration(tmp_path, address, application.application_id, application.keys.get().key)

        def run(*options: str) -> list[str]:
            given = ("--account", "ann", *options)
            return command(file, *given, app_id=binding.mini_program.app_id, action="consent").splitlines()

        assert run(one.template_id)[1:] == [f"{one.template_id} new, 0 left: {one.title}"]
        told = run("--accept", one.template_id, "--reject", other.template_id, "--request-id", "r")
        assert told == [f"{one.template_id} accept", f"{other.template_id} reject"]
        assert run("--main-switch", "off", "--withdraw", other.template_id)[0] == "main switch off"
        with pytest.raises(CommandError, match=r"403: .*main switch"):
            run("--accept", one.template_id)
        assert sorted(run()) == sorted(
            [
                "main switch off",
                f"{one.template_id} accept, 1 left: {one.title}",
                f"{other.template_id} reject, 0 left: {other.title}",
            ]
        )
        with pytest.raises(CommandError, match=r"403: .*TAP"):
            run("--accept", one.template_id, "--not-tapped")

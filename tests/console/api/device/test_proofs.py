"""Installation proof (R-9, R-13): how a server gets it, who has to show it, and what bounds those who don't."""

from __future__ import annotations

import hmac
import json
import logging
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.test import RequestFactory
from django.utils import timezone

from console.api.device import proof, signed_by_server
from console.api.device.rate import Limiter
from console.base.hosts import proofs
from console.base.hosts.actions import proving
from console.base.hosts.models import PROOF_USES, HostApplication
from devmgmt.logs.store import log_store
from grayscale.models import Claim, GrayscaleTask
from miniprograms.models import Binding
from releases.field.models import UpdateReport
from tests import factories
from tests.console.api.device.asking import Device, Reply, authorization
from tests.console.api.device.test_login_codes import signed

PATH = "/runtime/v1/proofs"
GUID = f"0302{1:028}"


@pytest.fixture(autouse=True)
def _fresh_limiters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signed_by_server, "limiter", Limiter("6000/minute"))


@pytest.fixture
def secret(device: Device) -> str:
    """Of the application's server."""
    return factories.make_server_secret(device.application)


@pytest.fixture
def task(binding: Binding) -> GrayscaleTask:
    """A task of 1.1.0 for up to a hundred devices."""
    version = factories.make_approved(binding.mini_program, "1.1.0")
    return factories.make_task(version, applications=[(binding.application, "", "")])


def issue(device: Device, secret: str, *, name: str = "req_1", **members: Any) -> Reply:
    body = json.dumps({"application_id": device.application.application_id, **members}).encode()
    return device.post_to(PATH, body, HTTP_AUTHORIZATION=None, **signed(secret, body, name=name))


def require(device: Device, *uses: str) -> None:
    since = {f"{use}_proved_since": timezone.now() if use in uses else None for use in PROOF_USES}
    HostApplication.objects.filter(pk=device.application.pk).update(**since)


def token(application: HostApplication, guid: str = GUID, account: str | None = None, *, ago: float = 0) -> str:
    at = time.time() - ago
    return proofs.issue(application.application_id, application.proof_series, guid=guid, account=account, at=at)[0]


def update(device: Device, task: GrayscaleTask, shown: str | None = None, guid: str = GUID, **members: Any) -> Reply:
    asked = {"app_id": task.mini_program.app_id, "guid": guid, "platform": "android", "os_version": "14"}
    asked |= {"app_version": "9.2.0", "network": "wifi", **members}
    return device.post(asked, HTTP_INSTALLATION_PROOF=shown)


def test_a_server_gets_a_proof(device: Device, secret: str) -> None:
    reply = issue(device, secret, guid=GUID, account="用户-1")
    assert (reply.status, reply.headers["Cache-Control"]) == (200, "no-store")
    assert (reply.json["guid"], reply.json["expires_in"]) == (GUID, 7 * 24 * 3600)
    found = proofs.read(reply.json["proof"], device.application.application_id, 1, at=time.time())
    assert found == (GUID, "用户-1")


@pytest.mark.parametrize(("platform", "prefix"), [("android", "0302"), ("ios", "0303")])
def test_r_13_an_installation_without_a_guid_gets_one(device: Device, secret: str, platform: str, prefix: str) -> None:
    first, again, other = (
        issue(device, secret, name=name, platform=platform).json for name in ("req_1", "req_1", "req_2")
    )
    assert re.fullmatch(rf"{prefix}[0-9]{{28}}", first["guid"])
    assert first["guid"] == again["guid"] != other["guid"]  # the same call, sent once more, makes no second one
    assert proofs.read(first["proof"], device.application.application_id, 1, at=time.time()) == (first["guid"], None)


@pytest.mark.parametrize(
    "members", [{}, {"guid": "0302"}, {"guid": GUID, "platform": "ios"}, {"guid": GUID, "account": ""}]
)
def test_what_a_server_can_get_wrong(device: Device, secret: str, members: dict[str, Any]) -> None:
    assert issue(device, secret, **members).status == 422


def test_the_signature_is_hmac_sha256() -> None:
    """As another library makes it, with a key that was derived as we say."""
    signed, _dot, signature = proofs.issue("ha1", 3, guid=GUID, account=None, at=time.time())[0].rpartition(".")
    info = b"console installation proof\nha1\n3"
    key = HKDF(SHA256(), length=64, salt=None, info=info).derive(settings.SECRET_KEY.encode())
    assert signature == hmac.digest(key, signed.encode(), "sha256").hex()


def test_proofs_outlive_a_change_of_the_secret_key(settings: Any) -> None:
    shown, _seconds = proofs.issue("ha1", 1, guid=GUID, account=None, at=time.time())
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" + "x" * 40
    assert proofs.read(shown, "ha1", 1, at=time.time()) == (GUID, None)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [], "a-third-key-" + "x" * 40
    with pytest.raises(proofs.Forged):
        proofs.read(shown, "ha1", 1, at=time.time())


def test_an_app_gets_none(device: Device, secret: str) -> None:
    """Nobody with the device key, another application's secret, or an unsigned request."""
    body = json.dumps({"application_id": device.application.application_id, "guid": GUID}).encode()
    assert device.post_to(PATH, body).json["code"] == "unauthenticated"
    others = factories.make_server_secret(factories.make_application())
    assert issue(device, others, guid=GUID).status == 401


def test_places_need_a_proof(device: Device, task: GrayscaleTask) -> None:
    require(device, "places")
    assert update(device, task).json["channel"] == "online"
    assert update(device, task, token(device.application)).json["channel"] == "grayscale"
    assert update(device, task).json["channel"] == "grayscale"  # who has a place keeps it
    assert Claim.objects.filter(task=task).count() == 1


def test_a_place_by_another_application_needs_a_proof(device: Device, binding: Binding) -> None:
    other = Device(device.way, factories.make_binding(binding.mini_program).application)
    version = factories.make_approved(binding.mini_program, "1.1.0")
    applications = [(other.application, "", ""), (device.application, "99.0", "")]
    task = factories.make_task(version, applications=applications)
    require(device, "places")
    guids = [GUID, f"0302{2:028}"]
    for guid in guids:
        assert update(other, task, guid=guid).json["channel"] == "grayscale"
        assert update(device, task, guid=guid).json["channel"] == "online"
        assert update(device, task, guid=guid, app_version="99.1").json["channel"] == "online"
        assert update(other, task, guid=guid).json["channel"] == "grayscale"
    assert update(device, task, token(device.application)).json["channel"] == "grayscale"
    assert update(device, task).json["channel"] == "online"
    assert set(Claim.objects.values_list("guid", "application_id")) == {(guid, other.application.pk) for guid in guids}


def test_a_place_from_before_proofs_were_required_stays(device: Device, task: GrayscaleTask) -> None:
    assert update(device, task).json["channel"] == "grayscale"
    require(device, "places")
    assert update(device, task).json["channel"] == "grayscale"
    GrayscaleTask.objects.filter(pk=task.pk).update(networks=["5g"])
    assert update(device, task).json["channel"] == "grayscale"


def bad_tokens(device: Device) -> Iterator[tuple[str, str]]:
    application, other = device.application, factories.make_application()
    good = token(application)
    yield "proof_expired", token(application, ago=7 * 24 * 3600)
    yield "proof_invalid", token(application, f"0302{2:028}")
    yield "proof_invalid", token(other)
    yield "proof_invalid", good[:-1] + ("0" if good[-1] != "0" else "1")
    yield "proof_invalid", good.replace(good.split(".")[1], str(int(good.split(".")[1]) + 1))
    yield "proof_invalid", good.upper()
    yield "proof_invalid", "…"
    yield "proof_invalid", "." * 4
    yield "proof_invalid", "1" * 2000
    proving.end_proofs(application, seen=1, by=factories.make_user(), reason="leaked")
    yield "proof_invalid", good


@pytest.mark.parametrize("required", [False, True])
def test_a_proof_that_is_not_good_is_refused_and_not_logged(
    device: Device, task: GrayscaleTask, required: bool, caplog: pytest.LogCaptureFixture
) -> None:
    require(device, *(PROOF_USES if required else ()))
    app_id = task.mini_program.app_id
    report = {"app_id": app_id, "guid": GUID, "version": "1.0.0", "result": "installed"}
    with caplog.at_level(logging.DEBUG):
        for code, shown in bad_tokens(device):
            for reply in (
                update(device, task, shown),
                device.post_to("/runtime/v1/reports", report, HTTP_INSTALLATION_PROOF=shown),
            ):
                assert (reply.status, reply.json["code"]) == (403, code)
            assert shown not in caplog.text
    assert not UpdateReport.objects.exists()
    assert not Claim.objects.exists()


def test_a_revoked_key_is_refused_with_a_proof_too(device: Device, task: GrayscaleTask) -> None:
    shown = token(device.application)
    device.application.keys.update(revoked_at=timezone.now())
    reply = update(device, task, shown)
    assert (reply.status, reply.json["code"]) == (401, "unauthenticated")


def test_a_proof_of_one_account_is_none_of_another(device: Device, task: GrayscaleTask) -> None:
    shown = token(device.application, account="u-1")
    assert update(device, task, shown, account="u-1").status == 200
    assert update(device, task, shown).status == 200
    assert update(device, task, shown, account="u-2").json["code"] == "proof_invalid"
    assert update(device, task, token(device.application), account="u-2").json["code"] == "proof_invalid"


def test_reports_and_logs_need_a_proof(device: Device, binding: Binding) -> None:
    require(device, "reports", "logs")
    app_id, shown = binding.mini_program.app_id, token(device.application)
    for send in (device.report, lambda app_id: device.log(app_id, {})):
        reply = send(app_id)
        assert (reply.status, reply.json["code"]) == (403, "proof_required")
    report = {"app_id": app_id, "guid": GUID, "version": "1.0.0", "result": "installed"}
    assert device.post_to("/runtime/v1/reports", report, HTTP_INSTALLATION_PROOF=shown).status == 204


def test_consents_are_those_of_the_proved_account_alone(device: Device, binding: Binding) -> None:
    require(device, "consents")
    query = f"/runtime/v1/consents?app_id={binding.mini_program.app_id}&account="
    changes = {"app_id": binding.mini_program.app_id, "account": "u-1", "main_switch": False}
    mine, other = token(device.application, account="u-1"), token(device.application, account="u-2")
    for shown, status in ((None, 403), (other, 403), (token(device.application), 403), (mine, 200)):
        assert device.ask("GET", query + "u-1", HTTP_INSTALLATION_PROOF=shown).status == status
        reply = device.post_to("/runtime/v1/consent-settings", changes, HTTP_INSTALLATION_PROOF=shown)
        assert reply.status == status


def test_without_proof_an_address_gets_few_places(
    device: Device, task: GrayscaleTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,500 invented GUIDs were all given a place; 2,400 filled a task."""
    monkeypatch.setattr(proof, "places_of_address", Limiter("3/hour"))
    guids = [f"0302{number:028}" for number in range(6)]
    channels = [update(device, task, guid=guid).json["channel"] for guid in guids]
    assert channels == ["grayscale"] * 3 + ["online"] * 3
    assert update(device, task, guid=guids[0]).json["channel"] == "grayscale"
    proved = update(device, task, token(device.application, guids[5]), guids[5])
    assert proved.json["channel"] == "grayscale"
    assert Claim.objects.filter(task=task).count() == 4


def test_without_proof_an_application_gives_few_places(
    device: Device, task: GrayscaleTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "places_of_application", Limiter("2/day"))
    guids = [f"0302{number:028}" for number in range(4)]
    said = [update(device, task, guid=guid, local_version="1.1.0").json["channel"] for guid in guids]
    assert said == ["grayscale"] * 2 + ["online"] * 2


def test_without_proof_an_address_calls_so_often(
    device: Device, binding: Binding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "calls", Limiter("2/day"))
    app_id = binding.mini_program.app_id
    guids = [f"0302{number:028}" for number in range(3)]
    assert [device.report(app_id, guid=guid).status for guid in guids] == [204, 204, 429]
    assert [device.log(app_id, {}, guid=guid).status for guid in guids[:2]] == [200, 200]  # counted apart
    report = {"app_id": app_id, "guid": guids[2], "version": "1.0.0", "result": "installed"}
    shown = token(device.application, guids[2])
    assert device.post_to("/runtime/v1/reports", report, HTTP_INSTALLATION_PROOF=shown).status == 204


@pytest.mark.parametrize(
    ("address", "counted"), [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::9"), ("", "")]
)
def test_a_connection_has_a_network_of_ipv6(address: str, counted: str) -> None:
    seen, other = (RequestFactory().get("/", REMOTE_ADDR=one).environ for one in (address, counted))
    assert proof.address_of(seen) == proof.address_of(other)
    assert proof.address_of(seen) != proof.address_of(RequestFactory().get("/", REMOTE_ADDR="2001:db8::1").environ)


def test_logs_that_were_refused_are_not_kept(device: Device, binding: Binding) -> None:
    require(device, "logs")
    log_store().keep(at=timezone.now())
    device.log(binding.mini_program.app_id, {})
    assert log_store().versions(binding.mini_program.pk) == ([], [])


def test_a_proof_is_of_no_use_with_another_application(device: Device, binding: Binding) -> None:
    other = factories.make_binding(binding.mini_program).application
    require(device, "reports")
    report = {"app_id": binding.mini_program.app_id, "guid": GUID, "version": "1.0.0", "result": "installed"}
    headers = {"HTTP_INSTALLATION_PROOF": token(device.application), "HTTP_AUTHORIZATION": authorization(other)}
    assert device.post_to("/runtime/v1/reports", report, **headers).json["code"] == "proof_invalid"

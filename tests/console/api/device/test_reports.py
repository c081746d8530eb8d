"""POST /runtime/v1/reports (R-7)."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from console.api.device import rate, reports
from console.base.hosts.models import ApplicationKey
from miniprograms import actions as programs
from miniprograms.models import Binding, MiniProgram
from releases.field.models import UpdateReport
from tests.console.api.device.asking import REPORTS, UPDATE, Device, authorization, question
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_online,
    make_program,
    make_task,
    make_version,
)


def kept() -> list[tuple[str, str, str, int, str]]:
    """Every report, as it stands."""
    rows = UpdateReport.objects.select_related("version").order_by("version_id", "guid")
    return [(row.version.number, row.guid, row.result, row.failures, row.reason) for row in rows]


GUID = f"0302{1:028}"


def test_an_update_that_was_installed(device: Device, program: MiniProgram) -> None:
    reply = device.report(program.app_id)
    assert (reply.status, reply.body) == (204, b"")
    assert kept() == [("1.0.0", GUID, "installed", 0, "")]
    row = UpdateReport.objects.get()
    assert row.application_id == device.application.pk
    assert abs((timezone.now() - row.reported_at).total_seconds()) < 60


def test_the_last_report_counts_and_failures_are_added(device: Device, program: MiniProgram) -> None:
    for reason in ("disk full", "disk full", "no network"):
        assert device.report(program.app_id, result="failed", reason=reason).status == 204
    assert kept() == [("1.0.0", GUID, "failed", 3, "no network")]
    assert device.report(program.app_id, reason="not kept").status == 204
    assert kept() == [("1.0.0", GUID, "installed", 3, "")]


@pytest.mark.parametrize(
    ("reason", "is_kept"),
    [
        ("Error: disk full\n\tat install\r\x00\x7f.", "Error: disk full  at install   ."),
        ("\n" + "r" * 5000, " " + "r" * 199),
    ],
)
def test_a_failure_counts_whatever_its_reason_looks_like(
    device: Device, program: MiniProgram, reason: str, is_kept: str
) -> None:
    assert device.report(program.app_id, result="failed", reason=reason).status == 204
    assert kept() == [("1.0.0", GUID, "failed", 1, is_kept)]


def test_each_device_and_version_by_itself(device: Device, program: MiniProgram) -> None:
    other = f"0303{1:028}"
    make_online(program, "1.1.0")
    device.report(program.app_id, result="failed")
    device.report(program.app_id, guid=other)
    device.report(program.app_id, version="1.1.0")
    assert kept() == [
        ("1.0.0", GUID, "failed", 1, ""),
        ("1.0.0", other, "installed", 0, ""),
        ("1.1.0", GUID, "installed", 0, ""),
    ]


def test_a_version_in_grayscale(device: Device, program: MiniProgram) -> None:
    version = make_approved(program, "1.1.0")
    assert device.report(program.app_id, version="1.1.0").status == 422
    task = make_task(version, state="pending")
    assert device.report(program.app_id, version="1.1.0").status == 422
    type(task).objects.filter(pk=task.pk).update(starts_at=timezone.now())
    assert device.report(program.app_id, version="1.1.0").status == 204
    type(task).objects.filter(pk=task.pk).update(state="ended")
    assert device.report(program.app_id, version="1.1.0").status == 204


@pytest.mark.parametrize("number", ["9.9.9", "1.1.0", "1.2.0"])
def test_a_version_that_was_never_delivered(device: Device, program: MiniProgram, number: str) -> None:
    make_version(program, "1.1.0")
    other = make_binding(make_program(), device.application)
    make_online(other.mini_program, "1.2.0")
    reply = device.report(program.app_id, version=number)
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert "`$.version`" in reply.json["message"]
    assert kept() == []


def test_programs_that_are_not_bound_look_alike(device: Device, binding: Binding) -> None:
    unknown = device.report("mp00000000000000")
    assert (unknown.status, unknown.json["code"]) == (404, "not_found")
    elsewhere = make_program()
    make_online(elsewhere)
    waiting = make_binding(make_program(), device.application, state="waiting").mini_program
    programs.unbind(binding, by=binding.mini_program.created_by)
    for program in (elsewhere, waiting, binding.mini_program):
        reply = device.report(program.app_id)
        assert (reply.status, reply.headers, reply.body) == (404, unknown.headers, unknown.body)
    assert kept() == []


def test_off_the_shelf_reports_still_arrive(device: Device, program: MiniProgram) -> None:
    programs.take_off_shelf(program, by=program.created_by, reason="")
    assert device.report(program.app_id).status == 204


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, method: str) -> None:
    reply = device.ask(method, REPORTS)
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


def test_no_wrong_and_revoked_key(device: Device, program: MiniProgram) -> None:
    told = {"app_id": program.app_id, "guid": GUID, "version": "1.0.0", "result": "installed"}
    others = authorization(device.application, make_application().keys.get().key)
    for header in (None, "Basic eDp5", others):
        reply = device.post_to(REPORTS, told, HTTP_AUTHORIZATION=header)
        assert (reply.status, reply.json["code"]) == (401, "unauthenticated")
    ApplicationKey.objects.update(revoked_at=timezone.now())
    assert device.post_to(REPORTS, told).status == 401


TOLD = {"app_id": "mp00000000000000", "guid": GUID, "version": "1.0.0", "result": "installed"}
WRONG_MEMBERS = [
    ("app_id", 7),
    ("app_id", "mp0000000000000"),
    ("guid", f"0304{0:028}"),
    ("guid", "0302"),
    ("version", "1.0"),
    ("version", "1.0.0\n"),
    ("version", None),
    ("result", "done"),
    ("result", None),
    ("reason", 7),
]


@pytest.mark.parametrize(("member", "value"), WRONG_MEMBERS)
def test_a_wrong_member_is_named(device: Device, member: str, value: Any) -> None:
    reply = device.post_to(REPORTS, {**TOLD, member: value})
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert f"$.{member}`" in reply.json["message"]


@pytest.mark.parametrize("member", sorted(TOLD))
def test_a_missing_member_is_named(device: Device, member: str) -> None:
    reply = device.post_to(REPORTS, {name: value for name, value in TOLD.items() if name != member})
    assert (reply.status, reply.json["code"]) == (422, "invalid")
    assert f"`{member}`" in reply.json["message"]


def test_bodies_that_are_none(device: Device) -> None:
    found = [device.post_to(REPORTS, body).status for body in (b"{", b"\xff", b"[]", b"x" * 20_000)]
    assert found == [400, 400, 422, 413]
    assert device.post_to(REPORTS, TOLD, CONTENT_TYPE="text/plain").status == 415
    assert device.post_to(REPORTS, TOLD, CONTENT_LENGTH="").status == 411


def test_a_device_that_reports_too_often(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/hour"))
    assert device.post_to(UPDATE, question(program.app_id)).status == 200
    assert [device.report(program.app_id).status for _ in range(2)] == [204, 429]
    assert device.report(program.app_id, guid=f"0302{2:028}").status == 204


def test_the_database_is_away(device: Device, program: MiniProgram, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **kwargs: object) -> bool:
        raise OperationalError

    monkeypatch.setattr(reports, "record_report", away)
    reply = device.report(program.app_id)
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "temporarily_unavailable", "5")


def test_another_application_changes_no_report(device: Device, program: MiniProgram) -> None:
    """It may ask devices for less proof than the one that the report came by (R-9)."""
    other = make_application()
    make_binding(program, other)
    device.report(program.app_id, result="failed", reason="disk full")
    assert Device(device.way, other).report(program.app_id).status == 204
    assert kept() == [("1.0.0", GUID, "failed", 1, "disk full")]

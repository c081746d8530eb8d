"""Grayscale tasks, and devices that ask."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from grayscale import actions as grayscale
from grayscale.claims import DatabaseClaims
from grayscale.conditions import CHOICES
from grayscale.decision import Candidate
from grayscale.importing import read_list
from grayscale.models import GrayscaleTask, ObjectList
from grayscale.program_state import rules_of
from miniprograms.models import MiniProgram
from releases.field.models import SeenDevice
from releases.models import Version
from tests.factories.people import serial
from tests.factories.programs import make_program
from tests.factories.releases import make_approved, make_online

FIRST = {one.of_device: one.options.values[0] for one in CHOICES}  # Wi-Fi, …


def make_candidate(number: str = "1.1.0", *, online: str = "1.0.0", **fields: Any) -> Version:
    """An approved version above the online one of a new program: what a grayscale task is made of."""
    program = make_program(**fields)
    make_online(program, online)
    program.refresh_from_db()
    return make_approved(program, number)


def task_settings(version: Version, /, **fields: Any) -> grayscale.TaskSettings:
    """Settings of a task that delivers from an hour ago for a day to all bound applications, without conditions."""
    now = timezone.now()
    bound = version.mini_program.bindings.bound().applications()
    values: dict[str, Any] = {
        "version": version,
        "name": f"Task {next(serial)}",
        "starts_at": now - timedelta(hours=1),
        "ends_at": now + timedelta(days=1),
        "user_limit": 100,
        "applications": [(application, "", "") for application in bound],
        "platforms": [],
        "object_lists": [],
    }
    return grayscale.TaskSettings(**{**values, **fields})


def make_task(version: Version | None = None, *, state: str = "delivering", **fields: Any) -> GrayscaleTask:
    """A task of the approved version (of a new program by default) in one of its states, reached by the verbs."""
    version = version or make_candidate()
    by = version.mini_program.created_by
    if state == "pending":
        fields.setdefault("starts_at", timezone.now() + timedelta(hours=1))
    task = grayscale.create(version.mini_program, by=by, settings=task_settings(version, **fields))
    if state == "suspended":
        task = grayscale.suspend(task, by=by)
    if state == "ended":
        task = grayscale.end(task, by=by)
    return task


def make_device(**fields: Any) -> SimpleNamespace:
    """What a device says of itself, as the rules read it; a new GUID each time."""
    device = {"platform": "android", "os_version": "14", "app_version": "9.2.0", **FIRST, **fields}
    prefix = {"android": "0302", "ios": "0303"}[device["platform"]]
    return SimpleNamespace(**{"guid": f"{prefix}{next(serial):028}", "device_id": None, "account": None, **device})


def make_claim(task: GrayscaleTask, **fields: Any) -> bool:
    """Let a device ask for a place in the task as the update check does; return whether it has one."""
    (rule,) = rules_of(GrayscaleTask.objects.filter(pk=task.pk)).values()
    device, application = make_device(**fields), task.applications.first().application_id
    with closing(DatabaseClaims()) as claims:
        return claims.take([Candidate(rule, may_claim=True)], device, application=application) is not None


def make_seen(
    program: MiniProgram, count: int = 1, *, ago: timedelta = timedelta(minutes=1), **fields: Any
) -> list[str]:
    """Devices of its (first) application that asked for the program so long ago; returns their GUIDs."""
    application = fields.pop("application", None) or program.bindings.bound().applications().first()
    known = SeenDevice.objects.count()
    facts = {"app_version": "8.4.0", "platform": "android", "os_version": "14", **FIRST, **fields}
    prefix = {"android": "0302", "ios": "0303"}[facts["platform"]]
    guids = [f"{prefix}7{known + number:027}" for number in range(count)]
    facts |= {"mini_program": program, "application": application, "seen_at": timezone.now() - ago}
    SeenDevice.objects.bulk_create(SeenDevice(**{"guid": guid, **facts}) for guid in guids)
    return guids


def make_object_list(program: MiniProgram, kind: str = "account", values: Sequence[str] = ("ann",)) -> ObjectList:
    """A draft list, read for real."""
    return read_list("\n".join(values), program=program, kind=kind, by=program.created_by)

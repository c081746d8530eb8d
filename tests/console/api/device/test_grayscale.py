"""Grayscale tasks as devices meet them (G-4 to G-7, G-9; R-1, R-2)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from console.api.device import changes, update
from grayscale import actions as grayscale
from grayscale.claims import ClaimsUnavailable, DatabaseClaims
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from miniprograms import actions as programs
from miniprograms.models import MiniProgram
from releases import actions as releases
from releases.field.models import SeenDevice
from releases.models import Version
from tests.console.api.device.asking import Device
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_object_list,
    make_online,
    make_program,
    make_task,
    task_settings,
)

GUID = f"0302{1:028}"


@pytest.fixture
def version(program: MiniProgram) -> Version:
    """1.1.0, approved."""
    return make_approved(program, "1.1.0")


def told(device: Device, program: MiniProgram, **members: Any) -> tuple[str, str | None, str | None]:
    """Status, version and channel."""
    reply = device.update(program.app_id, **members)
    assert reply.status == 200, reply.body
    return reply.json["status"], reply.json["version"], reply.json["channel"]


NEW, OLD = ("update", "1.1.0", "grayscale"), ("update", "1.0.0", "online")


def test_who_fits_gets_the_version_and_others_the_online_one(
    device: Device, program: MiniProgram, version: Version
) -> None:
    make_task(version, networks=["wifi"])
    package = device.update(program.app_id, guid=GUID).json["package"]
    del package["signature"]  # test_signatures
    assert package == {
        "url": f"/runtime/v1/packages/{version.package.sha256}.apkg",
        "sha256": version.package.sha256,
        "size": version.package.size,
    }
    assert told(device, program, guid=GUID) == NEW
    assert told(device, program, guid=GUID, local_version="1.1.0") == ("current", "1.1.0", "grayscale")
    assert told(device, program, guid=f"0302{2:028}", network="5g") == OLD
    assert told(device, program, guid=GUID, network="5g") == NEW  # has a place
    assert list(Claim.objects.values_list("guid", "application_id", "network")) == [
        (GUID, device.application.pk, "wifi")
    ]


def test_a_list_of_accounts(device: Device, program: MiniProgram, version: Version) -> None:
    make_task(version, object_lists=[make_object_list(program, "account", ["ann", "张三"])])
    found = [told(device, program, guid=f"0302{n:028}", account=name) for n, name in enumerate(["张三", "bob", None])]
    assert found == [NEW, OLD, OLD]


def test_the_limit(device: Device, program: MiniProgram, version: Version) -> None:
    task = make_task(version, user_limit=2)
    guids = [f"0302{n:028}" for n in range(4)]
    assert [told(device, program, guid=guid) for guid in guids] == [NEW, NEW, OLD, OLD]
    grayscale.edit(
        task,
        by=program.created_by,
        revision=task.revision,
        settings=task_settings(version, name=task.name, starts_at=task.starts_at, ends_at=task.ends_at, user_limit=3),
    )
    assert [told(device, program, guid=guid) for guid in guids] == [NEW, NEW, NEW, OLD]


def test_suspend_resume_end(device: Device, program: MiniProgram, version: Version) -> None:
    by, other = program.created_by, f"0302{2:028}"
    task = make_task(version)
    assert told(device, program) == NEW
    task = grayscale.suspend(task, by=by)
    assert [told(device, program), told(device, program, guid=other)] == [NEW, OLD]
    task = grayscale.resume(task, by=by)
    assert told(device, program, guid=other) == NEW
    grayscale.end(task, by=by)
    assert told(device, program, local_version="1.1.0") == ("current", "1.1.0", "grayscale")
    assert told(device, program, local_version="1.0.0") == ("current", "1.0.0", "online")
    assert told(device, program, guid=f"0302{3:028}", local_version="1.1.0") == OLD
    releases.publish(make_approved(program, "1.2.0"), by=by)
    assert told(device, program, local_version="1.1.0") == ("update", "1.2.0", "online")


def test_pull_back_and_roll_back(device: Device, program: MiniProgram, version: Version) -> None:
    task = make_task(version)
    assert told(device, program) == NEW
    grayscale.end(task, by=program.created_by, pull_back=True)
    assert told(device, program, local_version="1.1.0") == OLD


def test_the_clock_decides_however_late_the_scheduler_is(
    device: Device, program: MiniProgram, version: Version
) -> None:
    now, minute = timezone.now(), timedelta(minutes=1)
    task = GrayscaleTask.objects.filter(pk=make_task(version, state="pending").pk)
    found = []
    for starts, ends in ((1, 2), (-1, 2), (-2, -1)):
        task.update(starts_at=now + starts * minute, ends_at=now + ends * minute)
        found.append(told(device, program))
    assert found == [OLD, NEW, OLD]


def test_publishing_ends_what_is_reached(device: Device, program: MiniProgram, version: Version) -> None:
    higher = make_approved(program, "1.2.0")
    make_task(version)
    make_task(higher)
    assert told(device, program) == ("update", "1.2.0", "grayscale")  # the highest version first
    releases.publish(version, by=program.created_by)
    assert told(device, program) == ("update", "1.2.0", "grayscale")
    assert told(device, program, guid=f"0302{2:028}") == ("update", "1.2.0", "grayscale")
    assert [task.state for task in GrayscaleTask.objects.order_by("id")] == ["ended", "delivering"]


def test_off_the_shelf(device: Device, program: MiniProgram, version: Version) -> None:
    task = make_task(version)
    assert told(device, program) == NEW
    programs.take_off_shelf(program, by=program.created_by, reason="")
    assert told(device, program) == ("removed", None, None)
    programs.put_on_shelf(program, by=program.created_by)
    assert [told(device, program), told(device, program, guid=f"0302{2:028}")] == [NEW, OLD]
    task.refresh_from_db()
    assert task.state == "suspended"


def test_the_package_is_served_while_the_task_runs(device: Device, program: MiniProgram, version: Version) -> None:
    by, sha256 = program.created_by, version.package.sha256
    other = Device(device.way, make_application())
    make_binding(program, other.application)
    found = [device.package(sha256).status]
    task = make_task(version, state="pending", applications=[(device.application, "", "")])
    found.append(device.package(sha256).status)
    task = grayscale.start(task, by=by)
    found += [device.package(sha256).status, other.package(sha256).status]
    task = grayscale.suspend(task, by=by)
    found.append(device.package(sha256).status)
    grayscale.end(task, by=by)
    found.append(device.package(sha256).status)
    assert found == [404, 404, 200, 404, 200, 404]


def test_without_the_database_only_those_wait_whom_a_task_may_reach(
    device: Device, program: MiniProgram, version: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(DatabaseClaims):
        def take(self, *args: object, **kwargs: object) -> None:
            raise ClaimsUnavailable

    other = make_binding(make_program(), device.application).mini_program
    make_online(other)
    make_task(version)
    monkeypatch.setattr(update, "claims", Away())
    reply = device.update(program.app_id)
    assert (reply.status, reply.json["code"], reply.headers["Retry-After"]) == (503, "temporarily_unavailable", "5")
    assert told(device, other) == OLD


def test_devices_are_seen(device: Device, program: MiniProgram) -> None:
    told(device, program, guid=GUID, account="ann", device_id="d-1", os_version="14.1", network="5g")
    device.update("mp00000000000000")
    names = ("mini_program_id", "guid", "application_id", "device_id", "account", "platform", "os_version")
    assert list(SeenDevice.objects.values_list(*names, "app_version", "network")) == [
        (program.pk, GUID, device.application.pk, "d-1", "ann", "android", "14.1", "8.0.50", "5g")
    ]


def test_what_the_feed_is_told(db: None) -> None:
    """Everything that an answer depends on, and nothing that changes with every user."""

    def noted(change: Any) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(max(id), 0) FROM device_change")
            (last,) = cursor.fetchone()
            change()
            cursor.execute("SELECT DISTINCT mini_program_id FROM device_change WHERE id > %s", [last])
            found = cursor.fetchall()
        assert found in ([], [(program.pk,)])
        return len(found)

    binding = make_binding(make_program())
    program = binding.mini_program
    make_online(program)
    version = make_approved(program, "1.1.0")
    draft = make_object_list(program)
    task = make_task(version, platforms=[("ios", "", "")], object_lists=[])
    tasks, shards = GrayscaleTask.objects.filter(pk=task.pk), ClaimShard.objects.filter(task=task)
    own = {"task": task, "guid": GUID, "claimed_at": timezone.now(), "application": binding.application}
    facts = {"app_version": "1", "platform": "ios", "os_version": "1", "network": "wifi"}
    assert [
        noted(change)
        for change in (
            lambda: tasks.update(state="suspended"),
            lambda: tasks.update(ends_at=timezone.now() + timedelta(days=9)),
            lambda: tasks.update(networks=["5g"]),
            lambda: tasks.update(keeps=False),
            lambda: task.applications.update(lowest="2"),
            lambda: task.platforms.update(highest="3"),
            lambda: task.platforms.all().delete(),
            lambda: type(draft).objects.filter(pk=draft.pk).update(task=task),
            lambda: draft.delete(),
        )
    ] == [1] * 9
    assert [
        noted(change)
        for change in (
            lambda: tasks.update(name="Another", user_limit=7, revision=2),
            lambda: make_object_list(program),
            lambda: shards.update(taken=1),
            lambda: Claim.objects.create(**own, **facts),
        )
    ] == [0] * 4
    assert changes.since(changes.start()).mini_programs == set()

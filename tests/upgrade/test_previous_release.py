"""The previous release's code on this one's schema, and processes of both at the same time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from devmgmt.models import ApiPermission, DomainExemption, ServerDomain
from grayscale import actions as grayscale
from messaging.models import Consent, Message
from miniprograms.models import MiniProgram
from releases import actions as releases
from releases.field.models import UpdateReport
from releases.models import Report, ReviewDecision, Version
from tests.console.api.device.serving import database_url
from tests.devmgmt.logs.days import drop_days
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_default_apis,
    make_program,
    make_public_templates,
    make_reviewer,
    make_task,
    make_version,
)
from tests.upgrade.previous import SCRIPTS, Turns, run, turns

pytestmark = pytest.mark.django_db(transaction=True)
SECONDS = 30  # to wait for what must happen


@pytest.fixture
def library() -> Iterator[None]:
    """What migrations fill tables with, and other tests have emptied; no log entry before and after."""
    make_default_apis()
    make_public_templates()
    drop_days()
    yield
    drop_days()


def test_old_code_does_every_main_verb_on_this_schema(previous: Path, library: None) -> None:
    told = json.loads(run(previous, str(SCRIPTS / "old_story.py")).splitlines()[-1])

    assert told["chapters"] == [
        "sign_in", "create_and_bind", "release", "develop", "agree", "invite", "keep_secrets", "be_a_device",
        "be_a_server", "work",
    ]  # fmt: skip
    program = MiniProgram.objects.get(app_id=told["program"])
    assert {version.number: version.state for version in program.versions.all()} == {
        "1.0.0": "online",
        "1.1.0": "retired",
    }
    assert online_and_tasks(program) == ("1.0.0", ["ended"])
    assert [(release.kind, release.to_version.number) for release in program.releases.order_by("pk")] == [
        ("publish", "1.0.0"),
        ("publish", "1.1.0"),
        ("roll_back", "1.0.0"),
    ]
    assert [domain.host for domain in ServerDomain.objects.filter(mini_program=program)] == ["api.nightferry.example"]
    assert [grant.state for grant in DomainExemption.objects.filter(mini_program=program)] == ["approved"]
    permissions = ApiPermission.objects.filter(mini_program=program)
    assert {grant.api: grant.state for grant in permissions} == {
        "wx.chooseAddress": "rejected",
        "wx.getLocation": "approved",
    }
    assert (program.trial.version.number, program.online_number) == ("1.1.0", "1.0.0")
    assert program.secrets.count() == 2
    assert Consent.objects.filter(template__mini_program=program).count() == 1
    assert Message.objects.filter(template__mini_program=program).count() == 1
    assert UpdateReport.objects.filter(version__mini_program=program).count() == 1
    assert Report.objects.filter(version__mini_program=program, content__isnull=False).count() == 2
    assert User.objects.get(email="nia@example.com").teams.get().name == "Harbour Mobility"
    assert set(Notification.objects.values_list("by_email", "in_console").distinct()) == {(True, True)}
    assert Notification.objects.filter(text__contains="Night Ferry").count() > 5


def online_and_tasks(program: MiniProgram) -> tuple[str, list[str]]:
    """What the program's pages show first."""
    return program.online_number, [task.state for task in program.grayscale_tasks.all()]


@pytest.fixture
def old(previous: Path) -> Iterator[Turns]:
    """A process of the previous release."""
    with turns(previous) as process:
        yield process


def test_old_and_new_processes_take_turns_on_one_program(old: Turns) -> None:
    program, application = make_program(), make_application()
    make_binding(program, application)
    reviewer, by = make_reviewer(application), program.created_by
    first = make_version(program, "1.0.0")
    assert old.does("submit", version=first.pk, by=by.pk) == first.audits.get().number
    [decision] = ReviewDecision.objects.waiting().select_related("application", "audit__version__mini_program")
    releases.decide(decision, approve=True, by=reviewer)
    assert old.does("publish", version=first.pk, by=by.pk) == "1.0.0"

    second = make_version(program, "1.1.0")
    releases.submit(second, by=by)
    assert old.does("approve", version=second.pk, by=reviewer.pk) == "approved"
    task = make_task(Version.objects.get(pk=second.pk))
    assert old.does("suspend", task=task.pk, by=by.pk) == "suspended"
    assert grayscale.resume(task, by=by).state == "delivering"
    assert old.does("suspend", task=task.pk, by=by.pk) == "suspended"
    assert old.does("resume", task=task.pk, by=by.pk) == "delivering"
    assert grayscale.end(task, by=by).state == "ended"
    releases.publish(second, by=by)
    assert old.does("roll_back", version=first.pk, by=by.pk) == "1.0.0"

    program.refresh_from_db()
    assert online_and_tasks(program) == ("1.0.0", ["ended"])
    verbs = ActivityEntry.objects.filter(mini_program_id=program.app_id).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == [
        "version.uploaded", "version.submitted", "version.approved", "version.published",
        "version.uploaded", "version.submitted", "version.approved",
        "grayscale.created", "grayscale.suspended", "grayscale.resumed", "grayscale.suspended", "grayscale.resumed",
        "grayscale.ended", "version.published", "version.rolled_back",
    ]  # fmt: skip


def test_old_and_new_at_once_publish_once(old: Turns) -> None:
    program = make_program()
    version = make_approved(program)
    by = program.created_by
    with psycopg.connect(database_url()) as holder, ThreadPoolExecutor(1) as pool:
        holder.execute("SELECT FROM miniprograms_miniprogram WHERE id = %s FOR UPDATE", [program.pk])
        old.start("publish", version=version.pk, by=by.pk)
        new = pool.submit(published, lambda: releases.publish(version, by=by))
        wait_until(lambda: waiting() == 2)  # Both want the program's row.
        holder.rollback()
        results = {"old": old.answer(), "new": new.result(SECONDS)}
    refusals = [result.get("refused") for result in results.values()]
    assert ("Refused" in refusals) != ("ActionRefused" in refusals), results  # as each release calls it
    assert {"done": "1.0.0"} in results.values(), results
    assert [release.to_version.number for release in program.releases.all()] == ["1.0.0"]


def published(publish: Callable[[], Any]) -> dict[str, str]:
    """Publish in a thread, and answer as the previous release's process does."""
    try:
        return {"done": publish().to_version.number}
    except ActionRefused as refused:
        return {"refused": type(refused).__name__}
    finally:
        connection.close()


def waiting() -> int:
    """How many sessions of this database wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return int(cursor.fetchone()[0])


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)

"""The checks of `make chaos` see what they are there for: rows are spoilt by hand here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.db import connection

from messaging.stub import Stub
from releases.models import Package, package_storage
from tests import factories
from tests.chaos.checks import Checks
from tests.chaos.installation import Installation
from tests.chaos.ledger import BUSY, DONE, UNKNOWN, Change, Ledger
from tests.chaos.stubs import MailServer
from tests.console.api.device.serving import database_url

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def checks() -> Checks:
    """Checks of this test's database, and of a storage without what earlier tests left."""
    storage = Path(package_storage().path(""))
    shutil.rmtree(storage, ignore_errors=True)
    storage.mkdir(parents=True)
    one = Installation(storage.parent, {"DATABASE_URL": database_url()})
    return Checks(one, Ledger(), Stub([]), MailServer())


def change(checks: Checks, outcome: str, mark: str = "Notes of 1.0.0", status: int = 302) -> None:
    """An upload that was answered so."""
    checks.ledger.changes.append(Change("upload", mark, outcome, status))


def test_nothing_to_say_of_what_is_right(checks: Checks) -> None:
    version = factories.make_online(factories.make_program())
    factories.make_task(factories.make_approved(version.mini_program, "1.1.0"))
    change(checks, DONE)
    change(checks, UNKNOWN, "never came", 0)
    change(checks, BUSY, "was told to try again", 503)
    assert checks.in_the_end() == []


def test_a_change_that_is_lost(checks: Checks) -> None:
    change(checks, DONE)
    assert checks.in_the_end() == ["upload Notes of 1.0.0, answered 302 (done): 0 activity entries"]


def test_a_change_that_was_made_and_called_busy(checks: Checks) -> None:
    factories.make_version(factories.make_program())
    change(checks, BUSY, status=503)
    assert checks.in_the_end() == ["upload Notes of 1.0.0, answered 503 (busy): 1 activity entries"]


def test_a_change_that_was_made_twice(checks: Checks) -> None:
    factories.make_version(factories.make_program())
    factories.make_version(factories.make_program())
    change(checks, UNKNOWN, status=0)
    assert checks.in_the_end() == ["upload Notes of 1.0.0, answered nothing (unknown): 2 activity entries"]


def test_files_and_rows_that_do_not_belong_together(checks: Checks) -> None:
    package = factories.make_version(factories.make_program()).package
    package_storage().delete(package.file.name)
    (checks.one.packages / "stray.apkg").write_bytes(b"")
    assert checks.in_the_end() == [
        f"the package {package.sha256} has no file",
        "1 files have no row, and only 0 uploads had no answer",
    ]
    (checks.one.packages / package.file.name).write_bytes(b"other")
    assert checks.in_the_end()[0] == f"the file of package {package.sha256} has another content"
    assert Package.objects.count() == 1


def test_places_that_nobody_has(checks: Checks) -> None:
    task = factories.make_task(user_limit=32)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE grayscale_claimshard SET taken = 1 WHERE task_id = %s AND shard = 0", [task.pk])
    assert checks.in_the_end() == [f"task {task.pk}: 0 claims, 1 places taken, limit 32"]
    checks.ledger.placed[task.pk] = {"0302"}
    assert f"task {task.pk}: 1 devices run it without a place" in checks.in_the_end()


def test_logs_and_accepts_that_are_lost(checks: Checks) -> None:
    checks.ledger.logs["log-1"] = DONE
    checks.ledger.consents["consent-1"] = DONE
    assert checks.in_the_end() == [
        "0 accepts are kept; 1 were acknowledged, 0 answers lost",
        "1 acknowledged log entries are lost, log-1 first",
    ]


def test_messages_that_no_row_tells_of(checks: Checks) -> None:
    checks.stub.seen["msg_1"] = 1
    checks.ledger.messages["message-1"] = (DONE, 1)
    assert checks.in_the_end() == [
        "message-1 was accepted as 1 and is kept as 0",
        "the gateway had 1 messages that no row tells of",
    ]

"""An Idempotency-Key where the database stopped responding: what may have been done is not done again (A-2)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import Error, connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from console.api.manage import idempotency
from console.api.manage.models import KeptAnswer
from console.api.manage.problems import Problem
from console.base.core import busy
from tests import factories
from tests.console import holding

pytestmark = pytest.mark.django_db(transaction=True)
KEY = {"Idempotency-Key": "build-7"}
END_AT_COMMIT = """
    CREATE FUNCTION end_session() RETURNS trigger LANGUAGE plpgsql AS
        'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER end_session AFTER INSERT ON releases_audit DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION end_session()"""


def execute(statements):
    with connection.cursor() as cursor:
        cursor.execute(statements)


@pytest.fixture
def submit(program, robot):
    """Submit a version for audit, always with the same key."""
    factories.make_binding(program)
    factories.make_version(program, "1.0.0")
    client, url = robot(program, "submit"), f"/api/v1/programs/{program.app_id}/versions/1.0.0/submit"
    return lambda: client.post(url, content_type="application/json", headers=KEY)


@pytest.fixture
def commits_fail(submit):
    execute(END_AT_COMMIT)
    yield
    execute("DROP FUNCTION end_session() CASCADE")


def test_what_may_be_saved_is_not_done_again_while_the_request_may_be_under_way(submit, commits_fail):
    assert submit().status_code == 503
    execute("ALTER TABLE releases_audit DISABLE TRIGGER end_session")
    again = submit()
    assert (again.status_code, again.json()["code"], again["Retry-After"]) == (409, "in_progress", "2")
    KeptAnswer.objects.update(created_at=timezone.now() - idempotency.LONGEST - timedelta(seconds=1))
    assert submit().status_code == 200


def test_a_request_that_waited_for_a_lock_in_vain_did_nothing_and_may_be_sent_again(submit, other):
    other.execute("SELECT FROM releases_version FOR UPDATE")
    busy = submit()
    assert (busy.status_code, "Nothing was saved" in busy.json()["detail"]) == (503, True)
    other.rollback()
    assert submit().status_code == 200


def slow_read():
    execute("SET statement_timeout = '10ms'; SELECT pg_sleep(5)")


def lost_connection():
    holding.end_own()
    execute("SELECT 1")


def fault():
    raise KeyError


@pytest.mark.parametrize(
    ("fails", "done_before", "is_kept"),
    [
        (slow_read, True, True),
        (slow_read, False, False),
        (lost_connection, True, True),
        (lost_connection, False, True),
        (fault, True, True),
        (fault, False, False),
    ],
)
def test_a_key_is_free_again_only_when_surely_nothing_was_done(program, robot, fails, done_before, is_kept):
    token, request = robot(program, "upload").made.row, RequestFactory().post("/api/v1/x", headers=KEY)

    def run():
        with transaction.atomic():
            program.save()
            if not done_before:
                fails()
        fails()

    with pytest.raises((Error, KeyError)):
        idempotency.once(request, token, run)
    busy.renew_connection()
    execute("RESET statement_timeout")
    assert KeptAnswer.objects.exists() is is_kept


def test_a_refusal_frees_the_key_though_something_was_written_down(program, robot):
    token, request = robot(program, "upload").made.row, RequestFactory().post("/api/v1/x", headers=KEY)

    def run():
        program.save()
        raise Problem(422, "Refused.")

    with pytest.raises(Problem):
        idempotency.once(request, token, run)
    assert not KeptAnswer.objects.exists()

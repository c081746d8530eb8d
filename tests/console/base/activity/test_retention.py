"""The run over all kinds, what the status page shows of it, and which entries of the activity log it may delete."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from console.base.activity import retention, tasks
from console.base.activity.models import ActivityEntry, RetentionRun
from console.base.core import retention as steps
from console.base.core.retention import KINDS, Kind, Place
from console.celery import SCHEDULE
from releases.models import Release
from tests.console.api.device.serving import database_url
from tests.factories import make_candidate

pytestmark = pytest.mark.django_db
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
TABLE = "activity_activityentry"


def write(age, verb="team.edited"):
    """An entry of that age."""
    return ActivityEntry.objects.create(
        at=timezone.now() - age, verb=verb, target_type="team", target_id="1", target_label="Harbour", source="web"
    )


def left():
    return list(ActivityEntry.objects.order_by("pk").values_list("pk", flat=True))


def expire(*names):
    for name in names:
        Session.objects.create(session_key=name, session_data="", expire_date=timezone.now() - DAY)


def fact(name, *, at=None):
    return next(row for row in retention.facts(at or timezone.now()) if row.name == name)


# The activity log --------------------------------------------------------------------------------------------------


def test_activity_is_kept_for_ever_unless_days_are_set(settings):
    old = write(5000 * DAY)
    assert settings.ACTIVITY_DAYS == 0
    retention.keep(at=timezone.now())
    assert left() == [old.pk]
    assert (fact("activity").days, fact("activity").oldest) == (0, old.at)


def test_entries_go_after_the_days_that_are_set(settings):
    settings.ACTIVITY_DAYS = 400
    write(401 * DAY)
    young = write(400 * DAY - timedelta(minutes=1))
    retention.keep(at=timezone.now())
    assert left() == [young.pk]
    assert fact("activity").deleted_last == 1


def test_entries_by_which_something_is_still_decided_stay(settings):
    settings.ACTIVITY_DAYS = 365
    kept = [write(3000 * DAY, verb).pk for verb in retention.kept()]
    write(2000 * DAY)
    retention.keep(at=timezone.now())
    assert left() == kept


def test_no_setting_deletes_what_is_younger_than_a_year():
    young = write(365 * DAY - timedelta(minutes=1))
    write(365 * DAY + SECOND)
    assert sum(KINDS["activity"].steps(timezone.now(), 1, Place())) == 1
    assert left() == [young.pk]


def test_each_step_is_bounded(monkeypatch):
    monkeypatch.setattr(steps, "BATCH", 2)
    for _ in range(5):
        write(500 * DAY)
    deleted = list(KINDS["activity"].steps(timezone.now(), 365, Place()))
    assert (max(deleted), sum(deleted), left()) == (2, 5, [])


@pytest.mark.parametrize(
    ("is_open", "statement"),
    [
        (True, f"UPDATE {TABLE} SET reason = 'other'"),
        (True, f"UPDATE {TABLE} SET at = at - interval '2 years'"),
        (True, f"DELETE FROM {TABLE} WHERE at > now() - interval '365 days'"),
        (False, f"DELETE FROM {TABLE} WHERE at < now() - interval '365 days'"),
        (False, f"UPDATE {TABLE} SET id = id"),
    ],
)
def test_the_database_refuses_everything_else(is_open, statement):
    kept = [write(400 * DAY).pk, write(364 * DAY).pk]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        if is_open:
            cursor.execute(retention.DOOR)
        cursor.execute(statement)
    assert left() == kept


def test_the_door_closes_with_its_transaction(transactional_db):
    old = write(400 * DAY)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(retention.DOOR)
    with pytest.raises(IntegrityError, match="append-only"):
        old.delete()


def test_the_door_is_the_activity_logs_alone():
    version = make_candidate()
    release = Release.objects.create(
        mini_program=version.mini_program,
        kind="publish",
        to_version=version,
        by=version.mini_program.created_by,
        at=timezone.now() - 4000 * DAY,
    )
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(retention.DOOR)
        cursor.execute("DELETE FROM releases_release WHERE id = %s", [release.pk])


# A run -------------------------------------------------------------------------------------------------------------


def test_the_periodic_task_goes_through_all_kinds():
    expire("a", "b")
    assert tasks.keep_retention() == 2
    assert SCHEDULE[tasks.keep_retention.name].queue == "periodic"
    assert set(RetentionRun.objects.values_list("name", flat=True)) == set(KINDS) == {
        "activity", "sessions", "signed_in", "security_log", "notifications", "messages", "reports", "enrolments",
        "consent_calls", "log_volume", "login_codes", "seen_devices", "kept_answers", "uploads", "waiting_files",
        "login_requests", "webhook_deliveries", "user_sessions",
    }  # fmt: skip


def test_the_status_page_learns_what_runs_have_done():
    at = timezone.now()
    assert [row.behind for row in retention.facts(at)] == [True] * len(KINDS)
    expire("a", "b")
    retention.keep(at=at - SECOND)
    expire("c")
    retention.keep(at=at)

    found = fact("sessions", at=at)
    assert (found.days, found.deleted_last, found.deleted_total, found.ran_at) == (14, 1, 3, at)
    assert (found.behind, found.oldest) == (False, None)
    assert not fact("sessions", at=at + retention.LATE).behind
    assert fact("sessions", at=at + retention.LATE + SECOND).behind


def test_one_query_asks_for_all(django_assert_num_queries):
    retention.keep(at=timezone.now())
    with django_assert_num_queries(1):
        retention.facts(timezone.now())


def test_a_run_ends_when_its_time_is_up_and_says_that_it_is_behind(monkeypatch):
    monkeypatch.setattr(retention, "RUN_SECONDS", 0)
    monkeypatch.setattr(steps, "BATCH", 1)
    expire("a", "b", "c")
    retention.keep(at=timezone.now())
    assert (fact("sessions").deleted_last, fact("sessions").behind) == (1, True)
    monkeypatch.setattr(retention, "RUN_SECONDS", 60)
    retention.keep(at=timezone.now())
    assert (fact("sessions").deleted_total, fact("sessions").behind) == (3, False)


def test_one_kind_that_fails_stops_no_other(monkeypatch):
    def fail(at, days, place):
        with steps.step() as cursor:
            cursor.execute("SELECT 1 / 0")
            yield 0

    broken = Kind("broken", "Broken", "SESSION_DAYS", "nothing", fail, lambda: None)
    rest = {name: kind for name, kind in KINDS.items() if name != "broken"}
    monkeypatch.setattr(retention, "KINDS", {"broken": broken, **rest})
    expire("a")
    assert retention.keep(at=timezone.now()) == (1, False)
    assert (fact("broken").behind, fact("sessions").behind) == (True, False)


def test_a_kind_with_many_rows_has_the_time_that_others_do_not_need(monkeypatch, settings):
    monkeypatch.setattr(retention, "SLICE_SECONDS", 0)
    monkeypatch.setattr(steps, "BATCH", 1)
    expire("a", "b", "c")
    settings.ACTIVITY_DAYS = 365
    write(500 * DAY)
    assert retention.keep(at=timezone.now()) == (4, False)


def test_what_is_left_is_not_left_to_the_timetable(monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "wake", lambda task: woken.append(task.name))
    expire("a", "b")
    monkeypatch.setattr(steps, "BATCH", 1)
    monkeypatch.setattr(retention, "RUN_SECONDS", 0)
    assert [tasks.keep_retention() for _run in range(3)] == [1, 1, 0]
    assert woken == ["activity.keep_retention"] * 2


def test_one_process_does_it(transactional_db):
    expire("a")
    with psycopg.connect(database_url()) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [retention.KEEPING])
        assert retention.keep(at=timezone.now()) == (0, False)
    assert Session.objects.count() == 1


def test_a_run_goes_on_behind_what_is_kept_until_the_next_day(settings):
    settings.ACTIVITY_DAYS = 365
    now = timezone.now()
    kept = write(500 * DAY, retention.kept()[0])
    retention.keep(at=now)
    assert RetentionRun.objects.get(name="activity").passed == kept.pk
    write(364 * DAY)
    retention.keep(at=now + timedelta(hours=2))
    assert RetentionRun.objects.get(name="activity").passed == kept.pk
    # A row before the place, as one that was read later, or whose id was taken early.
    RetentionRun.objects.filter(name="activity").update(passed=kept.pk + 10**9)
    due = write(500 * DAY)
    retention.keep(at=now + timedelta(hours=23))
    assert due.pk in left()
    retention.keep(at=now + timedelta(hours=25))
    assert due.pk not in left()

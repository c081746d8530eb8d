"""Entries can't be changed or deleted: the database itself refuses (P-5)."""

import pytest
from django.db import IntegrityError, connection, transaction

from console.base.accounts.events import TeamEdited
from console.base.activity.events import emit
from console.base.activity.models import ActivityEntry
from tests.factories import make_team, make_user

TABLE = "activity_activityentry"


@pytest.fixture
def entry(db):
    with transaction.atomic():
        team = make_team("Harbour")
        return emit(TeamEdited(team, team=team, by=make_user("Mira")))


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE {TABLE} SET reason = 'other'",
        f"UPDATE {TABLE} SET id = id",
        f"DELETE FROM {TABLE}",
        f"SET LOCAL console.allow_truncate = off; TRUNCATE {TABLE}",
        f"SET LOCAL console.allow_truncate = off; TRUNCATE {TABLE} CASCADE",
    ],
)
def test_sql_is_refused(entry, statement):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert ActivityEntry.objects.get().target_label == "Harbour"


def test_the_orm_is_refused(entry):
    entry.reason = "other"
    for change in (entry.save, entry.delete, ActivityEntry.objects.all().delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert ActivityEntry.objects.get().reason == ""


def test_nothing_is_refused_where_nothing_is_changed(entry):
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {TABLE} SET reason = 'other' WHERE false")
    assert ActivityEntry.objects.count() == 1


def test_the_setting_opens_truncate_alone(entry):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL console.allow_truncate = on")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            cursor.execute(f"DELETE FROM {TABLE}")
        cursor.execute(f"TRUNCATE {TABLE}")
    assert ActivityEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", [1, 2])
def test_transactional_tests_start_empty(time):
    assert ActivityEntry.objects.count() == 0
    with transaction.atomic():
        emit(TeamEdited(make_team(), team=make_team(), by=None))

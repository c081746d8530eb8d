"""Which sessions and notifications are deleted."""

from datetime import timedelta

import psycopg
import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from console.base.accounts.actions import mark_notifications_read
from console.base.accounts.models import Notification, User
from console.base.core import retention
from console.base.core.retention import KINDS, Place
from tests.factories import make_user

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def run(name, at, days=180):
    """Go through the steps; return how many rows each has deleted."""
    return list(KINDS[name].steps(at, days, Place()))


def tell(user, at, **fields):
    return user.notifications.create(kind="people", text="Words", url="/", created_at=at, **fields)


def left():
    return set(Notification.objects.values_list("pk", flat=True))


def test_a_session_goes_once_it_has_expired(db):
    at = timezone.now()
    for name, expires in (("past", at - SECOND), ("now", at), ("ahead", at + SECOND)):
        Session.objects.create(session_key=name, session_data="", expire_date=expires)

    assert sum(run("sessions", at, days=14)) == 1

    assert set(Session.objects.values_list("pk", flat=True)) == {"now", "ahead"}
    assert KINDS["sessions"].oldest() == at - DAY / 2


def test_who_is_signed_in_stays_so_for_the_days_that_are_set(signed_in, settings):
    client = signed_in(make_user())
    lasts = client.session.get_expiry_date() - timezone.now()
    assert settings.SESSION_DAYS * DAY - timedelta(minutes=1) < lasts <= settings.SESSION_DAYS * DAY


def test_read_notifications_go_after_the_days_and_unread_ones_after_twice_as_many(db):
    at, user, other = timezone.now(), make_user(), make_user()
    read = [tell(user, at - age) for age in (360 * DAY + SECOND, 180 * DAY + SECOND, 180 * DAY)]
    mark_notifications_read(user)
    unread = [tell(other, at - age) for age in (360 * DAY + SECOND, 360 * DAY, 180 * DAY + SECOND)]
    former = tell(other, at - 180 * DAY - SECOND, read_at=at)  # as the previous release marked it
    mailed = tell(other, at - 180 * DAY - SECOND, in_console=False)

    assert sum(run("notifications", at)) == 5

    assert left() == {read[2].pk, unread[1].pk, unread[2].pk}
    assert not {former.pk, mailed.pk} & left()


def test_each_step_is_bounded_and_goes_on_behind_what_stays(db, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    at, user, other = timezone.now(), make_user(), make_user()
    kept = [tell(other, at - 200 * DAY).pk for _ in range(4)]
    for _ in range(5):
        tell(user, at - 190 * DAY)
    mark_notifications_read(user)
    young = [tell(user, at).pk for _ in range(2)]

    steps = run("notifications", at)

    assert (max(steps), sum(steps)) == (3, 5)
    assert left() == {*kept, *young}


def test_the_steps_of_sessions_are_bounded(db, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    at = timezone.now()
    Session.objects.bulk_create(
        Session(session_key=f"s{number}", session_data="", expire_date=at - DAY) for number in range(7)
    )
    assert run("sessions", at) == [3, 3, 1]


@pytest.mark.django_db(transaction=True)
def test_a_notification_whose_mail_is_going_out_is_left_to_the_next_run():
    at, user = timezone.now(), make_user()
    sending, other = tell(user, at - 400 * DAY), tell(user, at - 400 * DAY)
    with psycopg.connect(**connection.get_connection_params()) as mailer:
        mailer.execute("SELECT FROM accounts_notification WHERE id = %s FOR NO KEY UPDATE", [sending.pk])
        assert sum(run("notifications", at)) == 1
        assert left() == {sending.pk}
    assert other.pk not in left()
    assert sum(run("notifications", at)) == 1


# Marking as read ---------------------------------------------------------------------------------------------------


def test_all_are_marked_by_one_number(db, django_assert_num_queries):
    user = make_user()
    for _ in range(3):
        tell(user, timezone.now())
    with django_assert_num_queries(2):
        mark_notifications_read(user)
    assert Notification.objects.unread_by(user).count() == 0
    assert [notice.is_read for notice in user.notifications.all()] == [True] * 3

    later = tell(user, timezone.now())
    assert list(Notification.objects.unread_by(user)) == [later]
    assert [notice.is_read for notice in user.notifications.all()] == [False, True, True, True]


def test_nothing_is_marked_for_anyone_else_and_nothing_ever_goes_back(db):
    user, other = make_user(), make_user()
    tell(user, timezone.now())
    tell(other, timezone.now())
    stale = User.objects.get(pk=user.pk)
    mark_notifications_read(user)
    marked = user.notifications_read_to
    user.notifications.all().delete()
    for person in (stale, User.objects.get(pk=user.pk)):
        mark_notifications_read(person)
    assert User.objects.get(pk=user.pk).notifications_read_to == marked
    assert Notification.objects.unread_by(other).count() == 1


def test_what_the_previous_release_marks_meanwhile_counts(db):
    user = make_user()
    notice = tell(user, timezone.now(), read_at=timezone.now())
    assert (notice.is_read, Notification.objects.unread_by(user).count()) == (True, 0)


def test_the_security_log_and_what_is_known_of_sessions_go_after_their_days(db):
    at, user = timezone.now(), make_user()
    for age in (365 * DAY + SECOND, 365 * DAY):
        user.security_entries.create(kind="signed_in", at=at - age)
    for number, age in enumerate((14 * DAY + SECOND, 14 * DAY)):
        user.sessions.create(session_key=str(number), signed_in_at=at - age)

    assert (sum(run("security_log", at, days=365)), sum(run("signed_in", at, days=14))) == (1, 1)

    assert KINDS["security_log"].oldest() == at - 365 * DAY
    assert KINDS["signed_in"].oldest() == at - 14 * DAY

"""Reviewers are reminded of overdue requests: once a day, never twice (V-10)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console.base.accounts.models import Notification, User
from console.reviews import reminders
from console.reviews.tasks import remind
from miniprograms.models import Binding
from releases import actions
from releases.models import ReviewDecision
from tests import factories

HOUR = timedelta(hours=1)


@pytest.fixture
def asked(audit):
    """When the audit was asked for; its notifications are forgotten."""
    Notification.objects.all().delete()
    return audit.decisions.get().requested_at


def told():
    return [(notice.user, notice.text, notice.url) for notice in Notification.objects.order_by("id")]


def test_nobody_is_told_before_it_is_overdue(reviewer, asked):
    assert reminders.remind(at=asked + 48 * HOUR) == 0
    assert told() == []


def test_who_can_not_sign_in_is_not_told(reviewer, admin, audit, asked):
    User.objects.filter(pk=reviewer.pk).update(is_active=False)
    assert reminders.remind(at=asked + 52 * HOUR) == 1
    assert [user for user, _text, _url in told()] == [admin]


def test_every_reviewer_is_told_when_it_is_overdue(reviewer, admin, team_admin, audit, asked):
    assert reminders.remind(at=asked + 52 * HOUR) == 1
    words = "Audit of City Bus 1.1.0 has been waiting 52 hours for Metro Wallet"
    link = f"/reviews/audits/{audit.decisions.get().pk}/"
    assert sorted(told(), key=lambda row: row[0].pk) == sorted(
        [(reviewer, words, link), (admin, words, link)], key=lambda row: row[0].pk
    )


def test_once_a_day(reviewer, asked):
    sweeps = [49, 49.01, 60, 72.9, 73.1, 90, 97.2]
    assert [reminders.remind(at=asked + hours * HOUR) for hours in sweeps] == [1, 0, 0, 0, 1, 0, 1]
    assert len(told()) == 3


def test_bindings_too(reviewer, application):
    at = timezone.now()
    binding = factories.make_binding(
        factories.make_program(name="Tax Helper"),
        application,
        state="waiting",
        requested_at=at - 50 * HOUR,
        notified_at=at - 50 * HOUR,
    )
    assert reminders.remind(at=at) == 1
    words = "Binding of Tax Helper has been waiting 50 hours for Metro Wallet"
    assert told() == [(reviewer, words, f"/reviews/bindings/{binding.pk}/")]
    assert Binding.objects.get().notified_at == at


def test_what_is_decided_is_left_alone(reviewer, audit, asked):
    decision = audit.decisions.select_related("application", "audit__version__mini_program").get()
    actions.decide(decision, approve=True, by=reviewer)
    Notification.objects.all().delete()
    assert reminders.remind(at=asked + 60 * HOUR) == 0
    assert told() == []


def test_the_requester_is_not_reminded_of_their_own_request(reviewer, admin, asked):
    ReviewDecision.objects.update(requested_by=admin)
    reminders.remind(at=asked + 50 * HOUR)
    assert [user for user, _text, _url in told()] == [reviewer]


def test_a_decision_that_comes_between_reading_and_telling_wins(reviewer, audit, asked):
    row = ReviewDecision.objects.select_related("application").get()
    ReviewDecision.objects.update(state="withdrawn")
    assert reminders.remind_of(row, at=asked + 50 * HOUR) is False
    assert told() == []


def test_the_task_takes_the_time_of_now(reviewer, asked):
    ReviewDecision.objects.update(requested_at=asked - 50 * HOUR, notified_at=asked - 50 * HOUR)
    assert [remind(), remind()] == [1, 0]
    assert len(told()) == 1


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_never_tell_twice(reviewer, application):
    at = timezone.now()
    for _ in range(5):
        factories.make_binding(
            factories.make_program(),
            application,
            state="waiting",
            requested_at=at - 50 * HOUR,
            notified_at=at - 50 * HOUR,
        )

    def sweep(_):
        try:
            return reminders.remind(at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(sweep, range(4))) == 5
    assert len(told()) == 5

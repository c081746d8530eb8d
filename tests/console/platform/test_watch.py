"""Operators are notified of what is late: once for each silence."""

import pytest

from console.base.accounts.models import Notification
from console.platform.models import Heartbeat
from console.platform.watch import notify_late
from tests.console.platform.clock import at_once, let_pass
from tests.factories import make_beat, make_task_sign, make_user, make_worker

pytestmark = pytest.mark.django_db


def texts(user):
    return list(user.notifications.order_by("pk").values_list("text", "detail"))


def test_operators_are_notified_in_their_language_and_nobody_else(operator):
    make_user(is_staff=True, is_active=False, email="gone@example.com")
    make_user()
    make_beat()
    make_worker("mail@one", ago=100)
    make_task_sign("accounts.send_mail", ago=100)
    assert notify_late() == 2
    assert texts(operator) == [
        (
            "2 console components aren’t responding",
            "Not responding: Send e-mails, Worker mail@one",
        )
    ]
    notification = Notification.objects.get()
    assert (notification.kind, notification.url) == ("platform", "/platform/status/")


def test_once_for_each_silence(operator):
    make_beat()
    make_worker("mail@one", ago=100)
    assert [notify_late() for _look in range(3)] == [1, 0, 0]

    make_worker("deliver@one", ago=100)
    assert notify_late() == 1  # Another one, while the first is still away.

    Heartbeat.objects.filter(name="worker:mail@one").delete()
    make_worker("mail@one")
    assert notify_late() == 0
    let_pass(100, name="worker:mail@one")
    assert notify_late() == 1
    assert [detail for _text, detail in texts(operator)] == [
        "Not responding: Worker mail@one", "Not responding: Worker deliver@one", "Not responding: Worker mail@one",
    ]  # fmt: skip


def test_what_comes_back_and_is_lost_again_is_told_of_anew(operator):
    make_beat(ago=100)
    assert notify_late() == 1
    Heartbeat.objects.update(seen_at=make_task_sign("keys.prune").started_at)
    assert notify_late() == 0
    assert Heartbeat.objects.get(name="beat").notified_at is None
    let_pass(100, name="beat")
    assert notify_late() == 1


@pytest.mark.django_db(transaction=True)
def test_watchers_at_once_notify_once(operator):
    make_beat(ago=100)
    for number in range(8):
        make_worker(f"w{number}@one", ago=100)
    assert sum(at_once(notify_late)) == 9
    assert sum(at_once(notify_late)) == 0
    notified = " ".join(detail for _text, detail in texts(operator))
    assert [notified.count(f"w{number}@one") for number in range(8)] == [1] * 8


def test_nothing_is_said_when_all_is_well_or_of_what_is_forgotten(operator):
    make_beat()
    make_worker("mail@one")
    make_worker("gone@one", ago=3700)
    assert notify_late() == 0
    assert texts(operator) == []

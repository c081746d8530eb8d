"""A gateway that accepts nothing for long: its application's administrators are notified, once a day."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import Notification
from console.base.accounts.permissions import ApplicationRole
from console.base.accounts.states import NotificationKind
from console.base.core.outbox.retrying import OPENS_AT
from messaging.models import Gateway
from messaging.reminders import notify_of_dead_gateways
from tests import factories

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def application():
    application = factories.make_application(name="Metro Wallet")
    factories.make_reviewer(application)
    return application


@pytest.fixture
def admin(application):
    return factories.make_reviewer(application, ApplicationRole.APP_ADMIN)


def make_dead(application, **changes):
    now = timezone.now()
    values = {
        "url": "https://push.example.com/", "failures": OPENS_AT, "changed_at": now - 3 * HOUR,
        "last_success_at": now - 2 * HOUR, "last_failure_at": now, "last_failure": "The gateway responded with 503",
    }  # fmt: skip
    return Gateway.objects.create(application=application, **values | changes)


def test_tells_the_administrators_once_a_day(application, admin):
    make_dead(application)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert [notify_of_dead_gateways(at=timezone.now()) for _time in range(2)] == [1, 0]
        (notice,) = Notification.objects.all()
        clock.shift(DAY)
        Gateway.objects.update(last_failure_at=timezone.now())
        assert [notify_of_dead_gateways(at=timezone.now()) for _time in range(2)] == [1, 0]

    assert (notice.user, notice.kind, notice.text, notice.url) == (
        admin,
        NotificationKind.MESSAGES,
        "The gateway of Metro Wallet isn’t accepting messages",
        reverse("hosts:gateway", args=[application.application_id]),
    )
    assert notice.detail.startswith("Last message accepted ")
    assert notice.detail.endswith("\nThe gateway responded with 503")


def test_the_reason_is_in_the_reader_s_language(application, admin):
    admin.language = "zh-hans"
    admin.save()
    make_dead(application)
    notify_of_dead_gateways(at=timezone.now())
    assert Notification.objects.get().detail.splitlines()[1] == "网关返回 503"


def test_one_that_never_took_any(application, admin):
    make_dead(application, last_success_at=None, last_failure="")
    assert notify_of_dead_gateways(at=timezone.now()) == 1
    assert Notification.objects.get().detail == ""


@pytest.mark.parametrize(
    ("changed", "ago"),
    [("last_success_at", HOUR / 2), ("changed_at", HOUR / 2), ("last_failure_at", 2 * HOUR)],
)
def test_not_one_that_may_work(application, admin, changed, ago):
    make_dead(application, **{changed: timezone.now() - ago})
    assert notify_of_dead_gateways(at=timezone.now()) == 0
    assert not Notification.objects.exists()


def test_not_one_whose_circuit_is_closed(application, admin):
    make_dead(application, failures=OPENS_AT - 1)
    assert notify_of_dead_gateways(at=timezone.now()) == 0
    assert not Notification.objects.exists()


def test_nobody_to_tell(application):
    make_dead(application)
    assert notify_of_dead_gateways(at=timezone.now()) == 0


def test_costs_one_query_when_all_work(application, django_assert_num_queries):
    make_dead(application, failures=0)
    with django_assert_num_queries(1):
        notify_of_dead_gateways(at=timezone.now())

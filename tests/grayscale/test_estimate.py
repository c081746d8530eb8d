"""How many devices a task would reach (G-1)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grayscale import estimate as estimates
from grayscale.estimate import estimate
from grayscale.matching import Conditions, version_range
from releases.field.models import SeenDevice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture
def application(program):
    return factories.make_binding(program).application


def steps(found):
    return [(step.condition.of_device, step.count) for step in found.steps]


def test_each_step_is_what_is_left(program, application):
    factories.make_seen(program, 10)
    factories.make_seen(program, 6, network="4g")
    factories.make_seen(program, 4, os_version="9")
    factories.make_seen(program, 3, app_version="8.1")
    factories.make_seen(program, 2, application=factories.make_application())
    for number, device in enumerate(SeenDevice.objects.order_by("guid")):
        SeenDevice.objects.filter(guid=device.guid).update(account=f"user-{number}")
    conditions = Conditions(
        applications={application.pk: version_range("8.2.0", "")},
        platforms={"android": version_range("10", "")},
        objects={"account": (frozenset(f"user-{number}" for number in range(12)), frozenset({"user-14"}))},
        choices=(("network", frozenset({"wifi", "5g"})),),
    )
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.result) == (25, 10)
    assert steps(found) == [("application", 20), ("platform", 16), ("account", 13), ("network", 10)]


def test_without_conditions_all_are_reached(program, application):
    factories.make_seen(program, 3)
    found = estimate(program, Conditions(), at=timezone.now())
    assert (found.total, found.result, steps(found)) == (3, 3, [])


def test_nobody_was_seen(program, application):
    conditions = Conditions(applications={application.pk: version_range("", "")})
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.result, steps(found)) == (0, 0, [("application", 0)])


def test_only_this_program_and_these_seven_days_count(program, application):
    factories.make_seen(program, 2, ago=timedelta(days=6, hours=23))
    factories.make_seen(program, 4, ago=timedelta(days=7, seconds=1))
    factories.make_seen(factories.make_program(), 8, application=application)
    assert estimate(program, Conditions(), at=timezone.now()).total == 2


def test_more_devices_than_the_sample_are_scaled(program, application, monkeypatch):
    monkeypatch.setattr(estimates, "SAMPLE", 4)
    factories.make_seen(program, 3, network="4g")
    factories.make_seen(program, 1)
    factories.make_seen(program, 4, ago=timedelta(days=2))
    conditions = Conditions(choices=(("network", frozenset({"4g"})),))
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.result) == (8, 6)


def test_exactly_the_sample_is_not_scaled(program, application, monkeypatch):
    monkeypatch.setattr(estimates, "SAMPLE", 4)
    factories.make_seen(program, 4)
    assert estimate(program, Conditions(), at=timezone.now()).total == 4


def test_devices_of_an_exact_list_are_looked_up(program, application, monkeypatch):
    """A pilot group of ten is not lost in a sample of twenty thousand."""
    monkeypatch.setattr(estimates, "SAMPLE", 2)
    pilots = factories.make_seen(program, 3, ago=timedelta(days=2))[:1]
    factories.make_seen(program, 2)
    conditions = Conditions(
        applications={application.pk: version_range("", "")}, objects={"guid": (frozenset(pilots),)}
    )
    found = estimate(program, conditions, at=timezone.now(), guids=pilots)
    assert (found.total, found.result, steps(found)) == (5, 1, [("application", 5), ("guid", 1)])


def test_keeps_its_number_of_queries(program, application):
    counts = set()
    for _round in range(2):
        factories.make_seen(program, 5)
        with CaptureQueriesContext(connection) as queries:
            estimate(program, Conditions(choices=(("network", frozenset({"wifi"})),)), at=timezone.now())
        counts.add(len(queries))
    assert counts == {1}

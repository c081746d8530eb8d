"""How many devices a task would reach (G-1)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grayscale import estimate as estimates
from grayscale.estimate import estimate
from grayscale.matching import Conditions, version_range
from grayscale.models import SeenDevice
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def program():
    return factories.make_program()


@pytest.fixture
def application(program):
    return factories.make_binding(program).application


def see(program, application, count, *, ago=timedelta(hours=1), **facts):
    known = SeenDevice.objects.count()
    device = {"app_version": "8.4.0", "platform": "android", "os_version": "14", "network": "wifi", **facts}
    SeenDevice.objects.bulk_create(
        SeenDevice(
            mini_program=program,
            application=application,
            guid=f"0302{known + number:028}",
            account=f"user-{known + number}",
            seen_at=timezone.now() - ago,
            **device,
        )
        for number in range(count)
    )


def steps(found):
    return [(step.name, step.count) for step in found.steps]


def test_each_step_is_what_is_left(program, application):
    see(program, application, 10)
    see(program, application, 6, network="4g")
    see(program, application, 4, os_version="9")
    see(program, application, 3, app_version="8.1")
    see(program, factories.make_application(), 2)
    conditions = Conditions(
        applications={application.pk: version_range("8.2.0", "")},
        platforms={"android": version_range("10", "")},
        objects={"account": (frozenset(f"user-{number}" for number in range(12)), frozenset({"user-14"}))},
        networks=frozenset({"wifi", "5g"}),
    )
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.result, found.percent, found.is_scaled) == (25, 10, 40, False)
    assert steps(found) == [("application", 20), ("platform", 16), ("account", 13), ("network", 10)]


def test_without_conditions_all_are_reached(program, application):
    see(program, application, 3)
    found = estimate(program, Conditions(), at=timezone.now())
    assert (found.total, found.result, steps(found)) == (3, 3, [])


def test_nobody_was_seen(program, application):
    conditions = Conditions(applications={application.pk: version_range("", "")})
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.result, found.percent, steps(found)) == (0, 0, 0, [("application", 0)])


def test_only_this_program_and_these_seven_days_count(program, application):
    see(program, application, 2, ago=timedelta(days=6, hours=23))
    see(program, application, 4, ago=timedelta(days=7, seconds=1))
    see(factories.make_program(), application, 8)
    assert estimate(program, Conditions(), at=timezone.now()).total == 2


def test_more_devices_than_the_sample_are_scaled(program, application, monkeypatch):
    monkeypatch.setattr(estimates, "SAMPLE", 4)
    see(program, application, 3, network="4g")
    see(program, application, 1)
    see(program, application, 4, ago=timedelta(days=2))
    conditions = Conditions(networks=frozenset({"4g"}))
    found = estimate(program, conditions, at=timezone.now())
    assert (found.total, found.sampled, found.is_scaled, found.result) == (8, 4, True, 6)


def test_exactly_the_sample_is_not_scaled(program, application, monkeypatch):
    monkeypatch.setattr(estimates, "SAMPLE", 4)
    see(program, application, 4)
    found = estimate(program, Conditions(), at=timezone.now())
    assert (found.total, found.is_scaled) == (4, False)


def test_devices_of_an_exact_list_are_looked_up(program, application, monkeypatch):
    """A pilot group of ten is not lost in a sample of twenty thousand."""
    monkeypatch.setattr(estimates, "SAMPLE", 2)
    see(program, application, 3, ago=timedelta(days=2))
    see(program, application, 2)
    conditions = Conditions(
        applications={application.pk: version_range("", "")}, objects={"guid": (frozenset({f"0302{1:028}"}),)}
    )
    found = estimate(program, conditions, at=timezone.now(), guids=[f"0302{1:028}"])
    assert (found.total, found.result, steps(found)) == (5, 1, [("application", 5), ("guid", 1)])


def test_keeps_its_number_of_queries(program, application):
    counts = set()
    for _round in range(2):
        see(program, application, 5)
        with CaptureQueriesContext(connection) as queries:
            estimate(program, Conditions(networks=frozenset({"wifi"})), at=timezone.now())
        counts.add(len(queries))
    assert counts == {1}

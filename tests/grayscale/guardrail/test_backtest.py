"""How a guardrail would have acted on past data (G-13): the part of the form, and the page without scripts."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from console.base.activity.models import ActivityEntry
from console.base.core import times
from devmgmt.logs import volume
from devmgmt.logs.criteria import StoreAway
from grayscale import backtest, error_rates
from grayscale.backtest import past
from grayscale.models import GrayscaleTask
from releases.models import Release
from tests import factories
from tests.grayscale.guardrail.sending import log, report

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def url(program):
    return reverse("grayscale:guardrail", args=[program.app_id])


def typed(rate="5", points="", devices="4"):
    return {"guard_rate": rate, "guard_points": points, "guard_devices": devices}


def ago(hours):
    """The middle of an hour that is over, and whose entries have come."""
    return (timezone.now() - backtest.LATE).replace(minute=30, second=0, microsecond=0) - hours * HOUR


@pytest.fixture
def world(version):
    """The program, a task of the version that delivers since long, online since longer."""
    with connection.cursor() as cursor:  # releases are append-only
        cursor.execute("SET LOCAL session_replication_role = replica")
        Release.objects.update(at=timezone.now() - timedelta(days=30))
        cursor.execute("SET LOCAL session_replication_role = origin")
    factories.make_task(version, starts_at=timezone.now() - timedelta(days=6))
    return version.mini_program


def ask(client, program, **values):
    response = client.post(url(program), typed(**values), headers={"HX-Request": "true"})
    assert response.status_code == 200
    return " ".join(html.unescape(strip_tags(response.content.decode())).split())


def test_says_when_it_would_have_suspended_and_keeps_nothing(signed_in, world, version, online, by):
    rows = [model.objects.count() for model in (GrayscaleTask, ActivityEntry)]
    report(version, 3, 1, at=ago(30))
    report(version, 0, 9, at=ago(3))
    log(version, 9, at=ago(40))
    report(online, 9, at=ago(30))
    words = ask(signed_in(by), world, rate="20")
    when = times.exact(ago(30).replace(minute=0))
    assert f"It would have suspended 1.1.0 on {when}: 25 % of 4 devices had errors, limit 20 %." in words
    assert words.count("would have suspended") == 1
    assert "The last 7 days, hour by hour" in words
    assert [model.objects.count() for model in (GrayscaleTask, ActivityEntry)] == rows


def test_says_so_of_points(signed_in, world, version, online, by):
    report(version, 3, 1, at=ago(30))
    log(online, 9, 1, at=ago(30))
    words = ask(signed_in(by), world, rate="", points="10")
    assert "25 % of 4 devices had errors, 15 points above 1.0.0 (10 % of 10 devices), limit 10 points." in words


def test_says_what_came_nearest(signed_in, world, version, by):
    log(version, 9, 1, at=ago(5))
    report(version, 0, 3, at=ago(9))
    words = ask(signed_in(by), world, rate="50")
    when = times.exact(ago(5).replace(minute=0))
    assert (
        f"It wouldn’t have suspended the task. Highest hour: 10 % of 10 devices with errors (1.1.0, {when})." in words
    )


def test_says_that_there_were_too_few_devices(signed_in, world, version, by):
    report(version, 0, 3, at=ago(9))
    assert "It wouldn’t have suspended the task: no hour had that many devices. The busiest had 3." in ask(
        signed_in(by), world
    )


def test_says_that_there_is_nothing_to_try_it_on(signed_in, world, by):
    words = ask(signed_in(by), world)
    assert "No device reported or logged anything in that time, so there is no data to test with." in words


def test_a_program_that_is_new_has_nothing(signed_in):
    program = factories.make_program()
    assert "no data to test with" in ask(signed_in(program.created_by), program)


def test_warns_where_the_online_version_exceeds_the_limit(signed_in, world, online, by):
    log(online, 2, 2, at=ago(4))
    words = ask(signed_in(by), world)
    assert "1.0.0 also exceeded this limit while it was online, on " in words
    assert ": 50 % of 4 devices had errors, limit 5 %" in words
    assert "It wouldn’t have suspended the task" not in words


def test_old_versions_that_devices_still_have_are_not_judged(signed_in, world, version, by):
    old = factories.make_approved(world, "0.9.0")
    factories.make_task(version)
    log(old, 0, 9, at=ago(4))
    assert "no data to test with" in ask(signed_in(by), world)


def test_what_is_not_over_or_too_long_ago_does_not_count(signed_in, world, version, by):
    report(version, 0, 9, at=timezone.now())
    report(version, 0, 9, at=timezone.now() - timedelta(days=7, hours=2))
    assert "no data to test with" in ask(signed_in(by), world)


def test_hours_that_are_over_are_read_once(world, version):
    report(version, 0, 9, at=ago(5))
    at = timezone.now()
    first = past(world, at=at)
    with CaptureQueriesContext(connection) as captured:
        second = past(world, at=at)
    assert (first.hours, first.looked) == (second.hours, 168)
    reads = [one for one in captured if "updatereport" in one["sql"] or "logentry" in one["sql"]]
    assert reads == []


def test_a_look_reads_for_a_while_and_the_next_one_carries_on(signed_in, world, version, by, monkeypatch):
    monkeypatch.setattr(backtest, "SECONDS", -1)
    monkeypatch.setattr(backtest, "MOST_ENTRIES", 2)
    for hours in (20, 40):
        volume.write(volume.count(factories.make_entries(world, 3, version="1.1.0", time=ago(hours))))
    client = signed_in(by)
    assert "19 of 168 hours checked so far." in ask(client, world)
    monkeypatch.setattr(backtest, "SECONDS", 60)
    assert "so far" not in ask(client, world)


def test_an_hour_whose_entries_may_still_come_is_not_looked_at(world):
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    assert past(world, at=hour + timedelta(minutes=9)).end == hour - HOUR
    assert past(world, at=hour + timedelta(minutes=10)).end == hour


def test_spans_hold_no_more_entries_than_are_looked_at(world, monkeypatch):
    monkeypatch.setattr(backtest, "MOST_ENTRIES", 10)
    for hours, entries in {3: 4, 4: 6, 5: 1, 6: 11, 8: 10}.items():
        volume.write(volume.count(factories.make_entries(world, entries, time=ago(hours))))
    end = ago(0).replace(minute=0)
    missing = [end - number * HOUR for number in range(10, 0, -1)]
    spans = [((end - first) // HOUR, (end - last) // HOUR) for first, last in backtest._spans(world, missing)]
    assert spans == [(4, 0), (5, 4), (6, 5), (10, 6)]


def test_logs_that_are_away(signed_in, world, version, by, monkeypatch):
    class Away:
        def devices(self, *args, **kwargs):
            raise StoreAway

    report(version, 0, 9, at=ago(5))
    with monkeypatch.context() as patch:
        patch.setattr(error_rates, "log_store", Away)
        words = ask(signed_in(by), world)
    assert "It would have suspended 1.1.0" in words
    assert "Logs are unavailable now. These figures come from reports only." in words
    assert "Logs are unavailable" not in ask(signed_in(by), world)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"rate": "", "devices": ""},
            ("Enter a limit and a number of devices to see what the guardrail would have done."),
        ),
        ({"rate": "x"}, "Guardrail, devices with errors: Enter a number, for example 5 or 0.5."),
        ({"devices": ""}, "Guardrail, number of devices: Enter the number of devices."),
        ({"rate": "101"}, "Guardrail, devices with errors: Enter a number from 0.01 to 100."),
    ],
)
def test_says_what_is_missing(signed_in, world, by, values, words):
    assert words in ask(signed_in(by), world, **values)


def test_without_scripts_it_is_a_page(signed_in, world, version, by):
    report(version, 0, 9, at=ago(5))
    response = signed_in(by).post(url(world), typed())
    text = response.content.decode()
    assert response.status_code == 200
    assert "<h1" in text
    assert "It would have suspended 1.1.0" in text


def test_is_for_those_who_manage_the_program(signed_in, world):
    team = world.team
    for role, status in {"admin": 200, "license_holder": 200, "developer": 403, "viewer": 403}.items():
        assert signed_in(factories.make_member(team, role)).post(url(world), typed()).status_code == status
    stranger = factories.make_member(factories.make_team(), "admin")
    assert signed_in(stranger).post(url(world), typed()).status_code == 404


def test_get_is_not_allowed(signed_in, world, by):
    assert signed_in(by).get(url(world)).status_code == 405


def test_asks_the_same_number_of_questions_for_one_hour_and_for_many(signed_in, world, version, by):
    client = signed_in(by)

    def queries():
        backtest.cache.clear()
        client.force_login(by)
        with CaptureQueriesContext(connection) as captured:
            ask(client, world)
        return len(captured)

    report(version, 4, at=ago(5))
    one = queries()
    for hours in range(6, 40):
        report(version, 4, at=ago(hours))
    assert queries() == one

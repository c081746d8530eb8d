"""Which reports of devices and which enrolments are deleted, and what the task's page says then."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from console.base.core import retention
from console.base.core.retention import KINDS, Place
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from releases.field.models import UpdateReport
from tests import factories
from tests.factories.grayscale import make_claim

pytestmark = pytest.mark.django_db
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def empty_cache():
    """Rows of a test that was rolled back have ids that come again."""
    cache.clear()


def run(name, at, days=365):
    """Go through the steps; return how many rows each has deleted."""
    return list(KINDS[name].steps(at, days, Place()))


def report(version, number, at):
    application = version.mini_program.bindings.bound().get().application
    facts = {"application": application, "result": "installed", "reported_at": at}
    UpdateReport.objects.create(version=version, guid=f"0302{number:028}", **facts)


def reported():
    return {(version, int(guid[4:])) for version, guid in UpdateReport.objects.values_list("version", "guid")}


def end(task, at, *, keeps=False):
    """Let the task have ended then."""
    times = {"starts_at": at - DAY, "ends_at": at, "state_since": at}
    GrayscaleTask.objects.filter(pk=task.pk).update(state="ended", keeps=keeps, **times)


def enrolled(task):
    return Claim.objects.filter(task=task).count()


def make_enrolled(count, **fields):
    task = factories.make_task(**fields)
    for _ in range(count):
        assert make_claim(task)
    return task


# Reports -----------------------------------------------------------------------------------------------------------


def test_reports_go_after_the_days_whatever_their_version(version):
    at, other = timezone.now(), factories.make_candidate()
    for number, age in enumerate((90 * DAY + SECOND, 90 * DAY, DAY)):
        report(version, number, at - age)
        report(other, number, at - age)
    assert sum(run("reports", at, days=90)) == 2
    assert reported() == {(one.pk, number) for one in (version, other) for number in (1, 2)}
    assert KINDS["reports"].oldest() == at - 90 * DAY


def test_the_steps_of_reports_are_bounded(version, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    at, other = timezone.now(), factories.make_candidate()
    for number in range(4):  # all of one moment: a step begins in the middle of it
        report(version, number, at - 100 * DAY)
        report(other, number, at - 100 * DAY)
    steps = run("reports", at, days=90)
    assert (max(steps), sum(steps), reported()) == (3, 8, set())


def test_without_rows_there_is_nothing_to_say():
    assert (run("reports", timezone.now()), run("enrolments", timezone.now())) == ([0], [0])
    assert (KINDS["reports"].oldest(), KINDS["enrolments"].oldest()) == (None, None)


# Enrolments --------------------------------------------------------------------------------------------------------


def test_enrolments_go_after_the_tasks_end_and_their_number_stays():
    at = timezone.now()
    tasks = [make_enrolled(2) for _ in range(4)]
    end(tasks[0], at - 365 * DAY - SECOND)
    end(tasks[1], at - 365 * DAY)
    end(tasks[2], at - 400 * DAY, keeps=True)  # until the next release, places still say who keeps the version

    assert sum(run("enrolments", at)) == 2

    assert [enrolled(task) for task in tasks] == [0, 2, 2, 2]
    marked = GrayscaleTask.objects.filter(enrolments_deleted_at__isnull=False)
    assert [(task.pk, task.enrolments_deleted_at, task.places_taken()) for task in marked] == [(tasks[0].pk, at, 2)]


def test_the_steps_of_enrolments_are_bounded_and_the_mark_comes_with_the_first(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    at = timezone.now()
    tasks = [make_enrolled(4), make_enrolled(4)]
    for task in tasks:
        end(task, at - 400 * DAY)
    steps = KINDS["enrolments"].steps(at, 365, Place())
    assert next(steps) == 3
    assert list(GrayscaleTask.objects.filter(enrolments_deleted_at=at)) == tasks[:1]
    assert list(steps) == [3, 2]
    assert Claim.objects.count() == 0


def test_a_later_run_goes_on_and_leaves_the_mark(monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    at = timezone.now()
    task = make_enrolled(5)
    end(task, at - 400 * DAY)
    assert next(KINDS["enrolments"].steps(at, 365, Place())) == 3
    assert sum(run("enrolments", at + DAY)) == 2
    task.refresh_from_db()
    assert task.enrolments_deleted_at == at


# The task's page ---------------------------------------------------------------------------------------------------


def page_of(task, client, name="progress"):
    return client.get(reverse(f"grayscale:{name}", args=[task.mini_program.app_id, task.pk])).content.decode()


def test_the_page_says_that_the_details_were_deleted(signed_in):
    at, task = timezone.now(), make_enrolled(3)
    client = signed_in(task.mini_program.created_by)
    end(task, at - 400 * DAY)
    assert "split-cards" in page_of(task, client)
    run("enrolments", at)

    page = page_of(task, client)

    assert "3 devices were enrolled." in page
    assert "Their details were deleted on" in page
    assert ClaimShard.objects.filter(task=task, taken__gt=0).exists()
    for gone in ("split-cards", "No devices yet.", 'id="chart"', "grayscale-progress.js"):
        assert gone not in page
    live = page_of(task, client, "live")
    assert ("live-tiles" in live, "live-splits" in live) == (True, False)


def test_the_page_says_of_which_days_reports_are(signed_in):
    task = factories.make_task(ends_at=timezone.now() + 300 * DAY)
    with time_machine.travel(timezone.now() + 91 * DAY, tick=False):
        client = signed_in(task.mini_program.created_by)
        assert "No reports in the last 90 days. Earlier ones were deleted." in page_of(task, client)
        guid = factories.make_seen(task.mini_program)[0]
        assert factories.make_claim(task, guid=guid)
        report(task.version, int(guid[4:]), timezone.now())
        cache.clear()
        assert "Reports of the last 90 days." in page_of(task, client)


def test_nothing_was_deleted_of_a_young_task_or_where_reports_are_kept(signed_in, settings):
    task = factories.make_task(ends_at=timezone.now() + 300 * DAY)
    assert "No reports yet." in page_of(task, signed_in(task.mini_program.created_by))
    settings.REPORT_DAYS = 0
    with time_machine.travel(timezone.now() + 91 * DAY, tick=False):
        assert "No reports yet." in page_of(task, signed_in(task.mini_program.created_by))

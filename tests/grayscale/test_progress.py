"""The progress page (G-11): its numbers, its curve, and what follows by itself."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from console.base.hosts.models import HostApplication
from grayscale import actions, stats
from grayscale.history import suspended_spans
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from grayscale.presenters.progress import Progress
from grayscale.stats import Stats
from grayscale.watch import keep_watch
from releases.field.models import SeenDevice, UpdateReport
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def empty_cache():
    """Rows of a test that was rolled back have ids that come again."""
    cache.clear()


def url(task, name="progress"):
    return reverse(f"grayscale:{name}", args=[task.mini_program.app_id, task.pk])


def place(task, count=1, *, ago=timedelta(minutes=10), **device):
    """Give `count` places, that long ago."""
    known, at = Claim.objects.filter(task=task).count(), timezone.now() - ago
    facts = {"app_version": "8.4.0", "platform": "android", "os_version": "14", "network": "wifi", **device}
    Claim.objects.bulk_create(
        Claim(
            task=task,
            guid=f"0302{known + number:028}",
            claimed_at=at,
            application=task.applications.get().application,
            **facts,
        )
        for number in range(count)
    )
    ClaimShard.objects.filter(task=task, shard=0).update(capacity=known + count, taken=known + count)


def report(version, result, count, **fields):
    known = UpdateReport.objects.filter(version=version).count()
    UpdateReport.objects.bulk_create(
        UpdateReport(
            version=version,
            guid=f"0302{known + number:028}",
            application=version.mini_program.bindings.bound().get().application,
            result=result,
            reported_at=timezone.now(),
            **fields,
        )
        for number in range(count)
    )


def progress_of(task, *, at=None):
    task = GrayscaleTask.objects.select_related("version", "mini_program").get(pk=task.pk)
    return Progress(task, at or timezone.now())


def shown(lines):
    return [(line.label, line.count, round(line.percent)) for line in lines]


def test_counts_places_splits_and_the_last_hour(task):
    name = str(task.applications.get().application)
    place(task, 3)
    place(task, 5, ago=timedelta(minutes=50), app_version="8.3.1", os_version="13.0.1", network="5g")
    place(task, 2, ago=timedelta(minutes=61), platform="ios", os_version="18.1", network="unknown")
    found = progress_of(task)
    assert (found.delivered, found.left, found.last_hour) == (10, 90, 8)
    assert shown(found.by_application) == [(f"{name} 8.3.1", 5, 50), (f"{name} 8.4.0", 5, 50)]
    assert shown(found.by_platform) == [("Android 13", 5, 50), ("Android 14", 3, 30), ("iOS 18", 2, 20)]
    assert shown(found.by_network) == [("5G", 5, 50), ("Wi-Fi", 3, 30), ("Unknown", 2, 20)]


def test_rare_kinds_are_one_line(task):
    for number in range(7):
        place(task, 7 - number, app_version=f"8.{number}")
    assert [count for _label, count, _percent in shown(progress_of(task).by_application)] == [7, 6, 5, 4, 3, 3]
    assert shown(progress_of(task).by_application)[-1][0] == "Other"


def test_what_was_counted_is_not_counted_again(task):
    place(task, 4)
    assert progress_of(task).stats.total == 4
    folded = cache.get(f"grayscale-stats-1-{task.pk}")
    assert folded.total == 4
    Claim.objects.filter(task=task).delete()  # Nobody does: it shows what is read.
    place(task, 3, ago=timedelta(0))
    assert progress_of(task).stats.total == 7


def test_a_fast_clock_of_one_machine_loses_no_places(task):
    place(task, 4)
    assert progress_of(task, at=timezone.now() + timedelta(hours=1)).stats.total == 4
    place(task, 3, ago=timedelta(0))
    assert progress_of(task, at=timezone.now() + timedelta(hours=1)).stats.total == 7
    assert progress_of(task).stats.total == 7


def test_one_look_counts_a_bounded_number(task, monkeypatch):
    monkeypatch.setattr(stats, "STEP", 4)
    for number in range(10):
        place(task, 1, ago=timedelta(minutes=30 - number))
    assert [progress_of(task).stats.total for _look in range(3)] == [5, 10, 10]


def test_places_of_one_moment_are_counted_together(task, monkeypatch):
    monkeypatch.setattr(stats, "STEP", 4)
    place(task, 10)
    assert progress_of(task).stats.total == 10


def test_the_curve_rises_to_the_number_of_places():
    start = datetime(2026, 11, 21, 9, tzinfo=UTC)
    first = int(start.timestamp()) // stats.BUCKET
    found = Stats(buckets=Counter({first: 3, first + 2: 4, first + 100: 5}))
    at, had = found.curve(start, start + timedelta(hours=10))
    assert at == sorted(set(at))
    assert (at[0], at[-1]) == (start.timestamp(), start.timestamp() + 36_000)
    assert had == [0, 3, 3, 7, 7, 12, 12]
    assert found.curve(start + timedelta(minutes=10), start + timedelta(hours=1))[1] == [3, 7, 7]


def test_a_long_curve_has_few_points():
    start = datetime(2026, 1, 1, tzinfo=UTC)
    first = int(start.timestamp()) // stats.BUCKET
    found = Stats(buckets=Counter(dict.fromkeys(range(first, first + 80_000), 2)))
    at, had = found.curve(start, start + timedelta(seconds=80_000 * stats.BUCKET))
    assert (len(at) < 500, at == sorted(set(at)), had == sorted(had), had[-1]) == (True, True, True, 160_000)


def test_says_when_the_limit_is_reached(version):
    task = factories.make_task(version, user_limit=100, ends_at=timezone.now() + timedelta(days=4))
    assert progress_of(task).hour_note == "no new devices"
    place(task, 2)
    assert progress_of(task).hour_note == "about 100 by the end" or progress_of(task).limit_in == timedelta(hours=49)
    place(task, 18)
    assert progress_of(task).hour_note == "limit reached in about 4 h"
    place(task, 80)
    assert (progress_of(task).hour_note, progress_of(task).limit_in) == ("limit reached", None)


def test_says_how_many_by_the_end(version):
    task = factories.make_task(version, user_limit=50_000, ends_at=timezone.now() + timedelta(hours=10))
    place(task, 50)
    assert progress_of(task).hour_note == "about 550 by the end"


@pytest.mark.parametrize(
    ("state", "label", "note"),
    [
        ("pending", "Starts in", "not started"),
        ("delivering", "Time left", "no new devices"),
        ("suspended", "Time left", "suspended: no new devices"),
        ("ended", "Ended", "no new devices after the end"),
    ],
)
def test_the_tiles_follow_the_state(state, label, note, version):
    found = progress_of(factories.make_task(version, state=state))
    assert (found.window[0], found.hour_note) == (label, note)


def test_the_clock_counts_where_the_scheduler_is_late(task, by):
    later = task.ends_at + timedelta(minutes=1)
    found = progress_of(task, at=later)
    assert (found.state, [event.title for event in found.events]) == ("ended", ["Ended", "Created"])
    assert found.ended == task.ends_at


def test_the_timeline_tells_who_and_why(version, by):
    task = factories.make_task(version, user_limit=10_000)
    task = actions.suspend(task, by=by, reason="Errors at the gateway")
    task = actions.resume(task, by=by, reason="Not ours")
    task = actions.edit(
        task, by=by, revision=task.revision, settings=factories.task_settings(version, name=task.name,
        starts_at=task.starts_at, ends_at=task.ends_at, user_limit=20_000),
    )  # fmt: skip
    actions.end(task, by=by)
    found = progress_of(task)
    assert [(event.title, event.by, event.why) for event in found.events] == [
        ("Ended", str(by), ""),
        ("Limit raised from 10,000 to 20,000", str(by), ""),
        ("Resumed", str(by), "“Not ours”"),
        ("Suspended", str(by), "“Errors at the gateway”"),
        ("Created", str(by), ""),
    ]
    times = {event.title: event.at for event in found.events}
    assert found.suspended == [(times["Suspended"], times["Resumed"])]
    assert found.ended == times["Ended"]


def test_says_why_others_did_not_get_it(version):
    application = version.mini_program.bindings.bound().get().application
    task = factories.make_task(
        version, applications=[(application, "8.2.0", "9")], platforms=[("android", "10", "")], networks=["wifi"]
    )
    factories.make_seen(task.mini_program, 4, network="4g")
    factories.make_seen(task.mini_program, 3, app_version="8.1.9")
    factories.make_seen(task.mini_program, 2, os_version="9")
    factories.make_seen(task.mini_program, 1, application=factories.make_application())
    factories.make_seen(task.mini_program, 1, platform="ios")
    factories.make_seen(task.mini_program, 1, app_version="9.0.1", network="4g")
    factories.make_seen(task.mini_program, 1)
    place(task, 1)
    SeenDevice.objects.create(
        mini_program=task.mini_program, guid=f"0302{0:028}", application=application, platform="ios", os_version="1",
        app_version="1", network="2g", seen_at=timezone.now(),
    )  # fmt: skip
    lines, count = progress_of(task).others
    assert count == 13  # who has a place is no other
    assert {(line.label, line.count) for line in lines} >= {
        ("Other network", 4), ("App version too old", 3), ("Android too old", 2),
    }  # fmt: skip
    assert sum(line.count for line in lines) == 13


def test_compares_with_the_online_version(task, signed_in):
    client = signed_in(task.created_by)
    assert "No reports yet" in client.get(url(task)).content.decode()
    cache.clear()
    place(task, 1000)
    report(task.version, "installed", 991)
    report(task.version, "failed", 9, failures=2)
    report(task.mini_program.versions.online().get(), "installed", 3, failures=1)
    found = progress_of(task)
    assert (found.reports.success, found.reports.tries) == (99.1, 18)
    assert (found.online_reports.success, found.online_reports.tries_per_hundred) == (100, 100)
    assert "99.1 %" in client.get(url(task)).content.decode()


def test_g_17_says_whose_reports_are_left_out(task, signed_in):
    place(task, 10)
    report(task.version, "installed", 8)
    report(task.version, "failed", 5)
    online = task.mini_program.versions.online().get()
    report(online, "installed", 3)
    UpdateReport.objects.filter(version=online).update(application=factories.make_application())
    found = progress_of(task)
    assert (found.reports.installed, found.reports.failed, found.reports.left_out) == (8, 2, 3)
    assert (found.online_reports.devices, found.online_reports.left_out) == (0, 3)
    GrayscaleTask.objects.filter(pk=task.pk).update(guard_rate=5, guard_devices=9)
    keep_watch(at=timezone.now() + timedelta(minutes=1))
    text = " ".join(signed_in(task.created_by).get(url(task)).content.decode().split())
    assert "3 other devices reported on 1.1.0 and aren’t counted" in text
    assert "3 devices not counted" in text


def test_r_9_figures_are_unproven_until_all_is_required(task, signed_in):
    client = signed_in(task.created_by)
    since = dict.fromkeys(("places_proved_since", "reports_proved_since", "logs_proved_since"), task.starts_at)
    assert not progress_of(task).is_proved
    assert "Unproven" in client.get(url(task)).content.decode()
    HostApplication.objects.update(**since)
    assert progress_of(task).is_proved
    assert "Unproven" not in client.get(url(task)).content.decode()
    HostApplication.objects.update(logs_proved_since=timezone.now() + timedelta(hours=1))
    assert not progress_of(task).is_proved


def test_the_page_shows_the_numbers_and_the_reasons(task, signed_in):
    place(task, 12)
    client = signed_in(factories.make_member(task.mini_program.team, "viewer"))
    response = client.get(url(task))
    text = response.content.decode()
    assert response.status_code == 200
    assert "12 of 100 devices have 1.1.0" in text
    subtitle = text.partition('<div class="head-subtitle">')[2].partition("</header>")[0]
    assert all(fact in subtitle for fact in ("1.1.0", task.mini_program.name, task.mini_program.app_id))
    assert "btn-impossible" not in text  # a viewer may change nothing
    assert "Team administrators and license holders of" in text
    chart = json.loads(response.context["chart"])
    assert (chart["whole"]["had"][-1], chart["limit"]) == (12, 100)


@pytest.mark.parametrize("state", ["pending", "delivering", "suspended", "ended"])
def test_the_parts_that_follow_are_those_of_the_page(state, version, signed_in):
    task = factories.make_task(version, state=state)
    client = signed_in(task.created_by)
    page, live = client.get(url(task)).content.decode(), client.get(url(task, "live")).content.decode()
    parts = ["live-status", "live-actions", "live-tiles", "chart-words", "live-splits", "live-against", "live-timeline"]
    for name in parts:
        assert (page.count(f'id="{name}"'), live.count(f'id="{name}"')) == (1, 1)
    assert ("data-over" in live) == (state == "ended")


def test_keeps_its_number_of_queries(task, signed_in):
    client = signed_in(task.created_by)
    counts = {}
    for places in (1, 40):
        place(task, places, app_version=f"8.{places}")
        factories.make_seen(task.mini_program, places)
        report(task.version, "installed", places)
        for name in ("progress", "live"):
            cache.clear()
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url(task, name)).status_code == 200
            counts.setdefault(name, set()).add(len(queries))
    assert [len(found) for found in counts.values()] == [1, 1]


def test_the_events_of_another_task_stay_there(task, by):
    other = factories.make_task(task.version)
    actions.end(other, by=by)
    assert [event.title for event in progress_of(task).events] == ["Created"]


def test_a_long_past_suspension_of_a_task_that_goes_on_is_open():
    at = datetime(2026, 11, 26, tzinfo=UTC)
    since = at - timedelta(hours=2)
    events = [SimpleNamespace(at=since, state="suspended"), SimpleNamespace(at=since, state="delivering")]
    assert suspended_spans(events, at=at) == [(since, at)]

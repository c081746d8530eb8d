"""The log page's chart and its errors: counted, and each leads to its entries (D-6)."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from devmgmt.forms.logs import CriteriaForm
from devmgmt.logs import volume
from devmgmt.models import LogVolume
from devmgmt.presenters.logs import bars_of, step_for
from tests import factories
from tests.devmgmt.reading import get, local, messages

pytestmark = pytest.mark.django_db


def test_the_chart_counts_by_highest_level(viewer, program):
    at = timezone.now().replace(second=30, microsecond=0) - timedelta(minutes=5)
    factories.make_entries(program, 3, time=at)
    factories.make_entries(program, 2, time=at, level=6)
    factories.make_entries(program, 1, time=at, level=14)
    response = get(viewer, program, "log_volume")
    assert [response.context[name] for name in ("total", "info", "warn", "error")] == [6, 3, 2, 1]
    chart = json.loads(response.context["chart"])
    bar = chart["info"].index(3)
    assert chart["at"][bar] <= at.timestamp() < chart["at"][bar] + chart["step"] == chart["at"][bar] + 60
    (row,) = response.context["bars"]
    narrowed = viewer.get(reverse("devmgmt:logs", args=[program.app_id]) + "?" + row[1])
    assert len(narrowed.context["rows"]) == 6
    assert "6 entries" in response.content.decode()


def test_long_plain_ranges_are_read_from_the_counts_of_minutes(viewer, program):
    entries = factories.make_entries(program, 4, time=timezone.now() - timedelta(hours=3))
    response = get(viewer, program, "log_volume", time="24h")
    assert response.context["total"] == 0
    volume.write(volume.count(entries))
    assert LogVolume.objects.get().info == 4
    assert get(viewer, program, "log_volume", time="24h").context["total"] == 4
    assert get(viewer, program, "log_volume", time="24h", page="pages/").context["total"] == 4
    assert get(viewer, program, "log_volume", time="24h", page="nowhere").context["total"] == 0


def test_a_long_range_that_ends_within_a_minute_is_not_read_from_the_counts(viewer, program):
    minute = timezone.now().replace(second=0, microsecond=0) - timedelta(hours=1)
    entries = [*factories.make_entries(program, time=minute + timedelta(seconds=10))]
    entries += factories.make_entries(program, time=minute + timedelta(seconds=50))
    volume.write(volume.count(entries))
    since = local(minute - timedelta(hours=10))
    for until, total in ((minute + timedelta(seconds=30), 1), (minute + timedelta(minutes=1), 2)):
        response = get(viewer, program, "log_volume", time="range", since=since, until=local(until))
        assert response.context["total"] == total


def test_the_last_bar_leads_to_its_entries_also_when_it_is_shorter_than_a_second(viewer, program):
    second = timezone.now().replace(microsecond=0) - timedelta(minutes=5)
    factories.make_entries(program, time=second + timedelta(milliseconds=100))
    until = f"{local(second)}.400000"
    response = get(viewer, program, "log_volume", time="range", since=local(second - timedelta(seconds=2)), until=until)
    ((_bar, query),) = response.context["bars"]
    assert len(viewer.get(reverse("devmgmt:logs", args=[program.app_id]) + "?" + query).context["rows"]) == 1


def test_bars_are_all_as_long_also_when_clocks_change(program, settings):
    settings.TIME_ZONE = "Europe/Berlin"
    form = CriteriaForm(QueryDict("time=24h"), program=program, at=datetime(2026, 10, 25, 9, 7, tzinfo=UTC))
    step = step_for(timedelta(hours=24))
    starts = [bar.start.timestamp() for bar in bars_of([], form.criteria, step)]
    assert {after - before for before, after in pairwise(starts)} == {step.total_seconds()}


@pytest.mark.parametrize("name", ["log_volume", "log_errors"])
def test_a_part_is_a_page_of_its_own_without_scripts(viewer, program, name):
    factories.make_entries(program, level=8, text="boom")
    url = reverse(f"devmgmt:{name}", args=[program.app_id]) + "?level=error"
    assert f'<a href="{url}">' in get(viewer, program, level="error").content.decode()
    alone = viewer.get(url).content.decode()
    inside = viewer.get(url, headers={"X-Requested-With": "fetch"}).content.decode()
    assert ("<html" in alone, "<html" in inside) == (True, False)
    part = f'id="{name.replace("_", "-")}"'
    assert part in inside
    assert part in alone
    assert alone.count("Errors in the last hour</") == (2 if name == "log_errors" else 0)  # of the tab and of the page
    if name == "log_volume":
        assert '<details class="log-figures" open>' in alone and 'class="log-chart"' not in alone
        assert '<details class="log-figures">' in inside and 'class="log-chart"' in inside


def test_errors_are_grouped_and_lead_to_their_entries(viewer, program):
    now = timezone.now()
    factories.make_entries(program, 2, time=now - timedelta(minutes=5), level=8, text="late", version="2.5.0")
    factories.make_entries(program, 3, time=now - timedelta(minutes=58), level=8, text="always", version="2.4.0")
    factories.make_entries(program, 1, time=now - timedelta(minutes=58), level=8, text="always", version="2.5.0")
    response = get(viewer, program, "log_errors")
    rows = [
        (row.message, row.version, row.group.entries, row.is_new, bool(row.since))
        for row, _query in response.context["rows"]
    ]
    assert rows[0] == ("always", "2.4.0", 3, False, False)
    assert rows[1] == ("late", "2.5.0", 2, True, True)
    assert "3 devices" in response.content.decode()
    assert response.context["sum"] == 6
    chosen = viewer.get(reverse("devmgmt:logs", args=[program.app_id]) + "?" + response.context["rows"][0][1])
    assert messages(chosen) == ["always"] * 3


def test_the_daily_limit_is_shown(viewer, program, settings):
    settings.LOG_ENTRIES_PER_DAY = 5_000_000
    start = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    LogVolume.objects.create(mini_program=program, minute=start, info=1_900_000)
    assert "1.9 of 5 million" in get(viewer, program).content.decode()

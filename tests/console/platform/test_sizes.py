"""How large the tables are, how they grow, and whether old rows are deleted in time (P-12)."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from console.base.activity import retention
from console.base.activity.models import RetentionRun
from console.platform import sizes, tasks
from console.platform.asking import ask_all
from console.platform.models import SizeSample
from devmgmt.logs import partitions
from tests import factories
from tests.console.api.device.serving import database_url
from tests.disks import move_icons, move_packages, silent_disk
from tests.processes import START_SECONDS

pytestmark = pytest.mark.django_db
URL, DAY = "/platform/sizes/", timedelta(days=1)


@pytest.fixture
def page(operator, signed_in):
    """Return a function that opens the page and gives its words in one line."""
    client = signed_in(operator)

    def words(query="", status=200):
        response = client.get(URL + query)
        assert response.status_code == status
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())

    return words


def table(name):
    return next(row for row in sizes.sizes(at=timezone.now()).tables if row.name == name)


def test_is_for_operators_only(signed_in, client):
    assert client.get(URL).status_code == 302
    assert signed_in(factories.make_member(factories.make_team(), "admin")).get(URL).status_code == 403


def test_shows_every_table_with_its_retention(page):
    at = timezone.now()
    retention.keep(at=at)
    RetentionRun.objects.filter(name="reports").update(deleted_last=1234, behind=True)
    words = page("?show=all")
    assert re.search(r"Device update reports grayscale_updatereport About 0 .* 90 days Behind schedule 1,234 in", words)
    assert "Old rows of 1 table are not deleted in time." in words
    found = sizes.sizes(at=at)
    assert [row.name for row in found.behind] == ["grayscale_updatereport"]
    assert {kind.table for kind in retention.KINDS.values()} <= {row.name for row in found.tables}
    assert (table("activity_activityentry").days, table("accounts_team").days) == (0, None)


def test_counts_partitions_with_their_table():
    day = timezone.now().date() + 40 * DAY
    before = table("devmgmt_logentry").partitions
    partitions.make([day, day + DAY])
    found = table("devmgmt_logentry")
    assert (found.partitions, found.days) == (before + 2, 7)
    assert found.total > 0
    assert not any(row.name.startswith("devmgmt_logentry_") for row in sizes.sizes(at=timezone.now()).tables)


def test_growth_is_since_the_oldest_sample_of_a_week(page):
    now = timezone.now()
    assert "more per day" not in page()
    assert sizes.sizes(at=now).growth is None
    here = table("releases_version").total
    for days, size in ((9, 0), (2, here - 4096)):
        SizeSample.objects.create(taken_at=now - days * DAY, tables={"releases_version": [1, size]})
    found = sizes.sizes(at=now)
    assert found.since == now - 2 * DAY
    assert next(row.growth for row in found.tables if row.name == "releases_version") == 2048
    assert "more per day" in page()


def test_a_sample_is_taken_once_a_day_and_kept_for_a_year():
    now = timezone.now()
    SizeSample.objects.create(taken_at=now - 401 * DAY, tables={})
    assert (tasks.sample_sizes(), tasks.sample_sizes()) == (True, False)
    sample = SizeSample.objects.get()
    assert sample.files == {"packages": [0, 0]}
    assert sample.tables["accounts_user"][1] == table("accounts_user").total


def test_a_disk_that_does_not_answer_is_not_waited_for(monkeypatch, tmp_path, settings):
    """Twice, as the first question still waits; what is known of the other disks is said."""
    with silent_disk() as root:
        move_packages(monkeypatch, root)
        move_icons(monkeypatch, tmp_path)
        settings.OBJECT_LIST_CACHE = str(tmp_path)
        for _page in range(2):
            answers = ask_all({"files": lambda: sizes.files(None)}, START_SECONDS)
            assert [found.key for found in answers["files"]] == ["icons", "object_lists"]


def test_as_a_file(operator, signed_in):
    response = signed_in(operator).get(URL + "?format=csv")
    lines = b"".join(response).decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Table,What,Rows (estimate),")
    assert len(lines) == 1 + len(sizes.sizes(at=timezone.now()).tables)


def test_asks_the_same_whatever_there_is(django_assert_num_queries):
    with django_assert_num_queries(7):  # two for the limits, two for the transaction, sizes, samples and retention
        sizes.sizes(at=timezone.now())


def test_a_table_that_is_locked_is_not_waited_for(page, transactional_db):
    connection.close()
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE grayscale_objectlistpart IN ACCESS EXCLUSIVE MODE")
        assert "Sizes can’t be read now" in page(status=503)

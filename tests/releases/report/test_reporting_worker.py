"""Reports are written by whichever worker comes, each once, and not for ever (V-9)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import msgspec
import pytest
from django.db import connection
from django.utils import timezone

from releases.actions import report as actions
from releases.models import Report, package_storage
from releases.report.content import Content
from releases.report.writing import LEASE, MOST_TRIES, PAUSE, _take, _write, content_of, write_waiting
from releases.tasks import write_reports
from tests import factories

NOW = timezone.now()


def waiting(count=1, *, team=None):
    """Reports to write: each of a team of its own, unless one is given."""
    for _ in range(count):
        program = factories.make_program(team=team) if team else factories.make_program()
        version = factories.make_version(program)
        actions.request_report(version, by=version.uploaded_by)


def take(*, at):
    """Lease the only report, as a worker does."""
    return _take(rows()[0].version.mini_program.team_id, at=at)


def rows():
    return list(Report.objects.order_by("id"))


@pytest.mark.django_db
def test_what_waits_is_written_the_oldest_first():
    waiting(2)
    assert write_waiting(at=NOW) == 2
    first, second = rows()
    assert NOW <= first.written_at <= second.written_at <= NOW + timedelta(minutes=5)
    assert [(row.tries, row.next_at, row.failed) for row in (first, second)] == [(1, None, False)] * 2
    assert msgspec.convert(first.content, Content).file_count == len(first.version.package.files)


@pytest.mark.django_db
def test_nothing_is_written_twice():
    waiting()
    assert [write_reports(), write_reports()] == [1, 0]


@pytest.mark.django_db
def test_what_another_worker_has_is_left_to_it_until_its_lease_ends():
    waiting()
    assert take(at=NOW) == rows()[0]
    assert write_waiting(at=NOW + LEASE - timedelta(seconds=1)) == 0
    assert write_waiting(at=NOW + LEASE) == 1
    assert rows()[0].tries == 2


@pytest.mark.django_db
def test_a_worker_that_comes_back_late_writes_nothing():
    waiting()
    (late,) = rows()
    late.tries = 1
    Report.objects.update(tries=2)
    assert _write(late, at=NOW) is False
    assert rows()[0].content is None


@pytest.mark.django_db
def test_a_package_that_is_gone_is_tried_again_and_then_fails():
    waiting()
    package_storage().delete(rows()[0].version.package.file.name)
    at, tried = NOW, []
    for number in range(1, MOST_TRIES + 2):
        tried.append((write_waiting(at=at), rows()[0].tries, rows()[0].failed))
        at += PAUSE * number + timedelta(seconds=30)
    assert tried == [(0, 1, False), (0, 2, False), (0, 3, True), (0, 3, True)]


@pytest.mark.django_db
def test_one_failure_keeps_nobody_waiting():
    waiting(2)
    package_storage().delete(rows()[0].version.package.file.name)
    assert write_waiting(at=NOW) == 1
    first, second = rows()
    assert (first.written_at, first.failed, first.tries) == (None, False, 1)
    assert second.written_at is not None


@pytest.mark.django_db
def test_what_kills_its_workers_fails_in_the_end():
    waiting()
    for number in range(MOST_TRIES):
        assert take(at=NOW + number * LEASE) == rows()[0]
    assert write_waiting(at=NOW + MOST_TRIES * LEASE) == 0
    assert rows()[0].failed is True


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_take_turns():
    waiting(4)

    def work(_):
        try:
            return write_waiting(at=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(work, range(3))) == 4
    assert [row.tries for row in rows()] == [1, 1, 1, 1]


def written_meanwhile(monkeypatch):
    """Let another worker look for work while each report is written; return how many it wrote each time."""
    elsewhere, inside = [], []

    def other():
        try:
            elsewhere.append(write_waiting(at=NOW))
        finally:
            connection.close()

    def content_of_one(version):
        if not inside:  # The other worker's own reports are written in peace.
            inside.append(True)
            with ThreadPoolExecutor(1) as pool:
                pool.submit(other).result()
            inside.clear()
        return content_of(version)

    monkeypatch.setattr("releases.report.writing.content_of", content_of_one)
    return elsewhere


@pytest.mark.django_db(transaction=True)
def test_several_workers_write_at_once(monkeypatch):
    waiting(2)
    elsewhere = written_meanwhile(monkeypatch)
    assert (write_waiting(at=NOW), elsewhere) == (1, [1])


@pytest.mark.django_db(transaction=True)
def test_one_team_s_packages_take_one_worker(monkeypatch):
    waiting(2, team=factories.make_team())
    elsewhere = written_meanwhile(monkeypatch)
    assert (write_waiting(at=NOW), elsewhere) == (2, [0, 0])

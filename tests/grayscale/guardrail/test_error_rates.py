"""How versions stand: devices and errors of reports and logs (G-13)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devmgmt.logs.criteria import TooSlow
from grayscale import error_rates as module
from grayscale.error_rates import Counting, Unread, error_rates, error_rates_now
from grayscale.querysets import STARTED
from releases.field.errors import Figures
from releases.field.models import UpdateReport
from releases.field.reports import record_report
from tests import factories
from tests.grayscale.guardrail.sending import log, report

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def figures_of(*versions):
    """Of all their devices."""
    now = timezone.now()
    found = error_rates_now([Counting(version) for version in versions], start=now - HOUR, end=now).figures
    return {one.version.number: figures for one, figures in found.items()}


def enrolled_in(task):
    """The figures of a task's devices, and how many were left out."""
    now, counting = timezone.now(), Counting.of(task)
    found = error_rates_now([counting], start=now - HOUR, end=now)
    return found.figures.get(counting, Figures()), found.left_out[counting]


def test_counts_each_device_once(version, online):
    *_failed, installed = report(version, 3, 1)
    (logged,) = log(version, 1)
    for guid in (installed, logged):
        factories.make_entries(version.mini_program, 2, version=version.number, guid=guid)
    factories.make_entries(version.mini_program, version=version.number, guid=installed, level=10)
    log(online, 2, 1)
    assert figures_of(version, online) == {"1.1.0": Figures(5, 2), "1.0.0": Figures(3, 1)}


def test_a_failed_update_that_then_worked_is_no_error(version):
    factories.make_task(version)
    program, application = version.mini_program, version.mini_program.bindings.get().application_id
    guid = factories.make_device().guid
    for result in ("failed", "installed"):
        facts = {"guid": guid, "application": application, "result": result}
        assert record_report(program.app_id, number="1.1.0", delivered=STARTED, **facts)
    assert figures_of(version) == {"1.1.0": Figures(1, 0)}


def test_other_programs_versions_and_warnings_do_not_count(version):
    other = factories.make_candidate()
    report(other, 0, 3)
    log(other, 0, 3)
    log(version.mini_program.versions.online().get(), 0, 3)
    factories.make_entries(version.mini_program, 2, version="1.1.0", level=6, guid=factories.make_device().guid)
    assert figures_of(version) == {"1.1.0": Figures(1, 0)}


def test_nothing_is_nothing(version):
    assert figures_of(version) == {}
    assert figures_of() == {}


def test_splits_time_into_spans(version):
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - 5 * HOUR
    report(version, 1, 1, at=start)
    log(version, 1, at=start + timedelta(minutes=59))
    log(version, 0, 1, at=start + HOUR)
    report(version, 1, at=start + 3 * HOUR)
    all_of_them = Counting(version)
    found = error_rates([all_of_them], start=start, end=start + 3 * HOUR, step=HOUR)
    assert found.figures == {(start, all_of_them): Figures(3, 1), (start + HOUR, all_of_them): Figures(1, 1)}


def test_reads_a_bounded_number(version, monkeypatch):
    monkeypatch.setattr(module, "MOST_REPORTS", 3)
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)
    report(version, 0, 2, at=timezone.now() - timedelta(minutes=20))
    report(version, 3)
    for minutes in (1, 2, 3):
        log(version, 1, at=timezone.now() - timedelta(minutes=minutes))
    assert figures_of(version) == {"1.1.0": Figures(5, 0)}


def test_logs_that_do_not_answer(version, monkeypatch):
    class Slow:
        def devices(self, *args, **kwargs):
            raise TooSlow

    monkeypatch.setattr(module, "log_store", Slow)
    report(version, 2, 1)
    now = timezone.now()
    all_of_them = Counting(version)
    found = error_rates_now([all_of_them], start=now - HOUR, end=now)
    assert (found.figures, found.has_logs) == ({all_of_them: Figures(3, 1)}, False)
    with pytest.raises(Unread):
        error_rates([all_of_them], start=now - HOUR, end=now, step=HOUR)


def test_reports_are_read_by_their_time(version):
    """So that a version with a hundred million devices costs no more than its last hour."""
    report(version, 3)
    with CaptureQueriesContext(connection) as captured:
        figures_of(version)
    (query,) = [one["sql"] for one in captured if "grayscale_updatereport" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {query}")
        assert "grayscale_report_time" in "\n".join(row[0] for row in cursor.fetchall())


def test_g_17_only_enrolled_devices_count(version):
    """Twelve invented GUIDs can't suspend a task, and sixty can't hide ten real failures (G-17)."""
    task = factories.make_task(version)
    report(version, 2, 10)
    log(version, 1, 1)
    report(version, 60, 12, enrolled=False)
    log(version, 3, 2, enrolled=False)
    assert enrolled_in(task) == (Figures(14, 11), 77)


def test_g_17_only_the_tasks_applications_count(version):
    task = factories.make_task(version)
    others = factories.make_binding(version.mini_program).application
    (reported,) = report(version, 0, 1)
    (logged,) = log(version, 1)
    UpdateReport.objects.filter(guid=reported).update(application=others)
    factories.make_entries(version.mini_program, level=8, version="1.1.0", guid=logged, application=others.pk)
    assert enrolled_in(task) == (Figures(1, 0), 2)


def test_g_17_a_place_in_another_task_of_the_version_does_not_count(version):
    task = factories.make_task(version)
    report(version, 0, 3)
    assert enrolled_in(factories.make_task(version)) == (Figures(), 3)
    assert enrolled_in(task) == (Figures(3, 3), 0)


def test_g_17_a_flood_of_entries_hides_no_enrolled_device(version, monkeypatch):
    monkeypatch.setattr(module, "MOST_ENTRIES", 5)
    task = factories.make_task(version)
    log(version, 0, 1, at=timezone.now() - timedelta(minutes=2))
    log(version, 6, enrolled=False)
    assert enrolled_in(task) == (Figures(1, 1), 5)

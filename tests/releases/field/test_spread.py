"""On how many devices a release lands: what was seen and reported, counted by index and bounded (V-12, R-7)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from releases.field import spread as module
from releases.field.models import UpdateReport
from releases.field.spread import HigherTask, Spread, spread_of
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def version():
    return factories.make_candidate()


def online_of(version):
    return version.mini_program.versions.online().get()


def installed(version, guids, *, ago=timedelta(hours=2), result="installed"):
    application = version.mini_program.bindings.bound().applications().first()
    facts = {"application": application, "result": result, "reported_at": timezone.now() - ago}
    UpdateReport.objects.bulk_create(UpdateReport(version=version, guid=guid, **facts) for guid in guids)


def found(version, *tasks):
    above = [HigherTask(task.pk, task.name, "2.0.0", task.state, 0) for task in tasks]
    return spread_of(version, online=online_of(version), at=timezone.now(), tasks=above)


def test_devices_by_application_and_those_that_have_it(version):
    program = version.mini_program
    first = program.bindings.bound().applications().first()
    second = factories.make_binding(program).application
    mine = factories.make_seen(program, 5, application=first)
    factories.make_seen(program, 3, application=second)
    factories.make_seen(program, 4, application=first, ago=timedelta(days=31))
    factories.make_seen(factories.make_online(factories.make_program()).mini_program, 1, application=first)
    installed(version, mine[:3])
    installed(version, mine[3:4], result="failed")
    installed(online_of(version), mine[:1], ago=timedelta(hours=1))  # went back since
    installed(online_of(version), mine[1:2], ago=timedelta(hours=3))
    assert found(version) == Spread(
        {first.pk: 5, second.pk: 3}, {first.pk: 2, second.pk: 0}, {first.pk: 0, second.pk: 0}
    )


def test_a_device_enrolled_in_a_task_of_a_higher_version_gets_that_one_whatever_it_has(version):
    program = version.mini_program
    application = program.bindings.bound().applications().get()
    tasks = [factories.make_task(factories.make_approved(program, number)) for number in ("2.0.0", "3.0.0")]
    seen = factories.make_seen(program, 6)
    assert all(factories.make_claim(task, guid=guid) for task in tasks for guid in seen[:2])
    assert factories.make_claim(tasks[1], guid=seen[2])
    assert factories.make_claim(tasks[1])  # not seen
    installed(version, seen[2:4])
    assert found(version, *tasks) == Spread({application.pk: 6}, {application.pk: 1}, {application.pk: 3})
    assert found(version) == Spread({application.pk: 6}, {application.pk: 2}, {application.pk: 0})


def test_of_many_devices_the_newest_are_scaled(version, monkeypatch):
    program = version.mini_program
    application = program.bindings.bound().applications().first()
    installed(version, factories.make_seen(program, 10)[:4])
    factories.make_seen(program, 30, ago=timedelta(days=2))
    monkeypatch.setattr(module, "SAMPLE", 10)
    assert found(version) == Spread({application.pk: 40}, {application.pk: 16}, {application.pk: 0}, exact=False)
    monkeypatch.setattr(module, "MOST", 20)
    assert found(version) == Spread(
        {application.pk: 20}, {application.pk: 8}, {application.pk: 0}, exact=False, beyond=True
    )


def test_it_is_read_by_index(version):
    task = factories.make_task(factories.make_approved(version.mini_program, "2.0.0"))
    installed(version, factories.make_seen(version.mini_program, 300))
    assert factories.make_claim(task)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE grayscale_updatereport, grayscale_seendevice, grayscale_claim")
    with CaptureQueriesContext(connection) as captured:
        found(version, task)
    (query,) = [one["sql"] for one in captured if "grayscale_seendevice" in one["sql"]]
    with connection.cursor() as cursor:
        for setting in ("enable_seqscan", "enable_sort", "enable_bitmapscan"):
            cursor.execute(f"SET LOCAL {setting} = off")
        cursor.execute(f"EXPLAIN {query}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using grayscale_seen_newest" in plan
    assert "grayscale_updatereport_pkey" in plan
    assert "grayscale_claim_pkey" in plan
    assert "hashed" not in plan
    assert "Seq Scan" not in plan

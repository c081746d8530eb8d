"""Asking for a report: by a submission, before it, and again; one waits at a time (V-9)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from miniprograms.actions import decide_binding, request_binding
from releases import actions as releases
from releases.actions import report as actions
from releases.models import Report
from releases.report.writing import _take
from tests import factories


@pytest.fixture
def version(db):
    """A version in development of a program that is bound."""
    program = factories.make_program(name="City Bus")
    factories.make_binding(program)
    return factories.make_version(program)


def entries():
    rows = ActivityEntry.objects.filter(verb="report.requested")
    return [(row.actor_id, row.target_label, row.after) for row in rows.order_by("id")]


def test_before_submitting(version):
    by = version.uploaded_by
    report = actions.request_report(version, by=by)
    assert (report.version, report.audit, report.requested_by, report.content) == (version, None, by, None)
    assert entries() == [(by.pk, "City Bus 1.0.0", {"package": version.package.sha256})]


def test_while_one_waits_that_is_the_one(version):
    first = actions.request_report(version, by=version.uploaded_by)
    assert actions.request_report(version, by=factories.make_user()) == first
    assert len(entries()) == Report.objects.count() == 1


def test_one_that_waits_is_asked_for_from_the_last_request_on(version):
    now = timezone.now()
    actions.request_report(version, by=version.uploaded_by, at=now)
    actions.request_report(version, by=version.uploaded_by, at=now + timedelta(minutes=1))
    assert Report.objects.get().requested_at == now + timedelta(minutes=1)


def test_while_one_is_being_written_another_follows_it(version):
    """What it has compared already may have changed since."""
    begun = actions.request_report(version, by=version.uploaded_by)
    assert _take(version.mini_program.team_id, at=timezone.now()) == begun
    later = actions.request_report(version, by=version.uploaded_by)
    assert later.pk != begun.pk
    assert actions.request_report(version, by=version.uploaded_by) == later
    assert len(entries()) == Report.objects.count() == 2


def join(version):
    """Bind the program to one more application; returns that one."""
    application = factories.make_application()
    asked = request_binding(version.mini_program, application=application, reason="", by=version.uploaded_by)
    decide_binding(asked, approve=True, by=factories.make_reviewer(application))
    return application


def test_an_application_that_joins_an_audit_has_its_report_written_again(version):
    audit = releases.submit(version, by=version.uploaded_by)
    Report.objects.update(written_at=timezone.now(), content={})
    join(version)
    (again,) = audit.reports.filter(written_at=None)
    assert again.requested_by == audit.submitted_by
    join(version)
    assert audit.reports.count() == 2
    _take(version.mini_program.team_id, at=timezone.now())
    join(version)
    assert audit.reports.count() == 3


def test_once_it_is_written_or_failed_another_may_be_asked_for(version):
    for change in ({"failed": True}, {"written_at": timezone.now(), "content": {}}):
        report = actions.request_report(version, by=version.uploaded_by)
        Report.objects.filter(pk=report.pk).update(**change)
    assert actions.request_report(version, by=version.uploaded_by).pk != report.pk
    assert len(entries()) == Report.objects.count() == 3


def test_a_submission_has_one_of_its_own_in_its_own_entry(version):
    own = actions.request_report(version, by=version.uploaded_by)
    audit = releases.submit(version, by=version.uploaded_by)
    report = Report.objects.exclude(pk=own.pk).get()
    assert (report.version, report.audit, report.requested_by) == (version, audit, version.uploaded_by)
    assert entries() == [(version.uploaded_by.pk, "City Bus 1.0.0", {"package": version.package.sha256})]


def test_again_in_an_audit(version):
    audit = releases.submit(version, by=version.uploaded_by)
    decision, reviewer = audit.decisions.get(), factories.make_user()
    assert actions.compare_again(decision, by=reviewer) == Report.objects.get()
    assert entries() == []
    Report.objects.update(written_at=timezone.now(), content={})
    again = actions.compare_again(decision, by=reviewer)
    assert (again.audit, again.requested_by) == (audit, reviewer)
    after = {"package": version.package.sha256, "audit": audit.number}
    assert entries() == [(reviewer.pk, "City Bus 1.0.0", after)]
    of_application = ActivityEntry.objects.of_application(decision.application.application_id)
    assert of_application.get(verb="report.requested").team_id == version.mini_program.team_id


def test_what_developers_ask_for_is_no_business_of_an_application(version):
    actions.request_report(version, by=version.uploaded_by)
    assert ActivityEntry.objects.get(verb="report.requested").application_id == ""


def test_the_report_of_a_closed_audit_stays(version):
    decision = releases.submit(version, by=version.uploaded_by).decisions.get()
    Report.objects.update(written_at=timezone.now(), content={})
    releases.withdraw(version, by=version.uploaded_by)
    with pytest.raises(ActionRefused) as refused:
        actions.compare_again(decision, by=factories.make_user())
    assert refused.value.message == "The audit is closed, so its report can’t change."
    assert Report.objects.count() == 1
    assert entries() == []


def test_the_database_keeps_it_to_one(version):
    actions.request_report(version, by=version.uploaded_by)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(version=version, requested_by=version.uploaded_by, requested_at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_at_once(version):
    def ask(_):
        try:
            return actions.request_report(version, by=version.uploaded_by).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1
    assert len(entries()) == Report.objects.count() == 1

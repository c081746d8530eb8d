"""What who decides a binding sees of each version that approval accepts: report, files and package (V-18)."""

import hashlib
import io
import zipfile
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from miniprograms.actions import request_binding
from releases.actions import decide, publish, submit
from releases.models import Report, Version
from releases.report.writing import write_waiting
from tests import factories

PAGES = ("binding_report", "binding_files", "binding_package")


@pytest.fixture
def binding(program, application):
    """Asked of the application while 1.0.0 is online in another."""
    factories.make_binding(program)
    factories.make_online(program)
    factories.make_api(application, "wx.getLocation")
    return request_binding(program, application=application, reason="", by=program.created_by)


def url(binding, name, number="1.0.0"):
    return reverse(f"reviews:{name}", args=[binding.pk, number])


def page(client, binding, name, number="1.0.0", **asked):
    return client.get(url(binding, name, number), asked)


def test_the_request_asks_for_the_report_that_its_decider_reads(signed_in, reviewer, binding, program):
    (report,) = Report.objects.filter(audit=None)
    assert (report.version.number, report.requested_by) == ("1.0.0", program.created_by)
    write_waiting(at=report.requested_at)
    client = signed_in(reviewer)
    response = page(client, binding, "binding_report")
    assert response.context["reading"] is not None
    assert url(binding, "binding_file") in response.content.decode()
    decision = client.get(binding.get_absolute_url()).content.decode()
    for name in PAGES:
        assert url(binding, name) in decision


def test_the_page_of_the_decision_waits_for_the_report(signed_in, reviewer, binding):
    client = signed_in(reviewer)
    wait = f'<div id="report" hx-get="{binding.get_absolute_url()}" hx-trigger="every 3s"'
    waiting = client.get(binding.get_absolute_url()).content.decode()
    assert ("Generating the report." in waiting, wait in waiting) == (True, True)
    write_waiting(at=Report.objects.get(audit=None).requested_at)
    written = client.get(binding.get_absolute_url()).content.decode()
    assert ('id="report"' in written, "Needs attention" in written, wait in written) == (True, True, False)
    # Another one: the previous report stays beside the sentence that says so.
    client.post(url(binding, "binding_report_again"))
    again = client.get(binding.get_absolute_url()).content.decode()
    assert ("Until then, the previous report is shown." in again, wait in again) == (True, True)


def test_the_report_says_what_is_granted_in_the_application_that_is_asked(signed_in, reviewer, program, application):
    factories.make_api(application, "wx.getLocation")
    factories.make_binding(program)
    version = factories.make_version(program, **{"app.js": "App({}); wx.getLocation()"})
    for decision in submit(version, by=program.created_by).decisions.all():
        decide(decision, approve=True, by=factories.make_reviewer(decision.application), note="")
    publish(Version.objects.get(pk=version.pk), by=program.created_by)
    asked = request_binding(program, application=application, reason="", by=program.created_by)
    write_waiting(at=Report.objects.get(audit=None).requested_at)
    (line,) = page(signed_in(reviewer), asked, "binding_report").context["reading"].apis
    assert [(one.application, one.grant) for one in line.grants] == [(application, "restricted")]


def test_a_second_application_has_the_report_that_another_one_waits_for(signed_in, reviewer, program, application):
    factories.make_online(program)
    at = timezone.now()
    first = request_binding(
        program,
        application=factories.make_application(),
        reason="",
        by=program.created_by,
        at=at - timedelta(minutes=1),
    )
    asked = request_binding(program, application=application, reason="", by=program.created_by, at=at)
    client = signed_in(reviewer)
    assert page(client, asked, "binding_report").context["is_writing"] is True
    write_waiting(at=at)
    assert page(client, asked, "binding_report").context["reading"] is not None
    client = signed_in(factories.make_reviewer(first.application))
    assert page(client, first, "binding_report").context["reading"] is not None


def test_files_and_package(signed_in, reviewer, binding):
    client = signed_in(reviewer)
    rows = page(client, binding, "binding_files").context["rows"]
    assert "app.json" in [row.name for row in rows]
    shown = page(client, binding, "binding_file", path="app.json")
    assert (shown.status_code, shown.context["file"].kind) == (200, "added")
    content = b"".join(page(client, binding, "binding_package").streaming_content)
    assert "app.json" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    entry = ActivityEntry.objects.get(verb="package.downloaded")
    assert (entry.actor_id, entry.after) == (
        reviewer.pk,
        {"package": binding.mini_program.versions.get().package.sha256},
    )


def test_another_report_is_asked_for(signed_in, reviewer, binding):
    Report.objects.all().delete()
    response = signed_in(reviewer).post(url(binding, "binding_report_again"))
    assert response.url == url(binding, "binding_report")
    assert Report.objects.get().requested_by == reviewer


@pytest.mark.parametrize("name", PAGES)
def test_without_a_version_or_after_the_end_there_is_nothing_to_see(signed_in, reviewer, program, application, name):
    asked = factories.make_binding(program, application, state="waiting")
    assert page(signed_in(reviewer), asked, name).status_code == 404
    factories.make_online(program)
    type(asked).objects.update(state="withdrawn")
    assert page(signed_in(reviewer), asked, name).status_code == 404


@pytest.mark.parametrize("name", PAGES)
def test_others_see_none_of_it(signed_in, outsider, binding, program, name):
    assert page(signed_in(outsider), binding, name).status_code == 404
    assert page(signed_in(program.created_by), binding, name).status_code == 404


@pytest.fixture
def asked(program, application):
    """Asked of the application while 1.0.0 is online, and 2.0.0 and 3.0.0 may be published at any time."""
    factories.make_binding(program)
    factories.make_online(program)
    for number in ("0.9.0", "2.0.0", "3.0.0"):
        factories.make_approved(program, number)
    factories.make_version(program, "4.0.0")
    return request_binding(program, application=application, reason="", by=program.created_by)


def test_each_version_that_approval_accepts_can_be_looked_at(signed_in, reviewer, program, asked):
    reports = Report.objects.filter(audit=None)
    assert {report.version.number for report in reports} == {"1.0.0", "2.0.0", "3.0.0"}
    for report in reports:
        write_waiting(at=report.requested_at)
    client = signed_in(reviewer)
    for version in program.versions.filter(major__in=(1, 2, 3)):
        decision = client.get(asked.get_absolute_url(), {"version": version.number}).content.decode()
        assert all(f'href="?version={number}"' in decision for number in ("1.0.0", "2.0.0", "3.0.0"))
        assert all(url(asked, name, version.number) in decision for name in PAGES)
        assert version.package.sha256 in decision
        assert page(client, asked, "binding_report", version.number).context["report"].version == version
        file = page(client, asked, "binding_file", version.number, path="version.js").content.decode()
        assert version.number in file.partition('id="file"')[2]
        content = b"".join(page(client, asked, "binding_package", version.number).streaming_content)
        assert hashlib.sha256(content).hexdigest() == version.package.sha256


def test_the_pages_on_a_version_lead_back_to_it(signed_in, reviewer, asked):
    back = f'href="{asked.get_absolute_url()}?version=2.0.0"'
    client = signed_in(reviewer)
    for name in ("binding_report", "binding_files"):
        assert page(client, asked, name, "2.0.0").content.decode().count(back) == 2  # the crumb and the button


def test_the_decision_begins_with_the_online_version(signed_in, reviewer, program, asked):
    client = signed_in(reviewer)
    for query in ({}, {"version": "4.0.0"}, {"version": "no number"}):
        assert client.get(asked.get_absolute_url(), query).context["version"].number == "1.0.0"


def test_one_version_needs_no_choice(signed_in, reviewer, binding):
    assert "?version=" not in signed_in(reviewer).get(binding.get_absolute_url()).content.decode()


@pytest.mark.parametrize("name", PAGES)
def test_what_approval_does_not_accept_is_not_shown(signed_in, reviewer, asked, name):
    client = signed_in(reviewer)
    for number in ("0.9.0", "4.0.0", "5.0.0", "no number"):
        assert page(client, asked, name, number).status_code == 404


def test_the_report_on_another_version_is_asked_for_alone(signed_in, reviewer, asked):
    Report.objects.all().delete()
    response = signed_in(reviewer).post(url(asked, "binding_report_again", "2.0.0"))
    assert response.url == url(asked, "binding_report", "2.0.0")
    assert Report.objects.get().version.number == "2.0.0"

"""What who decides a binding sees of the version that approval accepts: report, files and package (V-18)."""

import io
import zipfile

import pytest
from django.urls import reverse

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


def page(client, binding, name, **asked):
    return client.get(reverse(f"reviews:{name}", args=[binding.pk]), asked)


def test_the_request_asks_for_the_report_that_its_decider_reads(signed_in, reviewer, binding, program):
    (report,) = Report.objects.filter(audit=None)
    assert (report.version.number, report.requested_by) == ("1.0.0", program.created_by)
    write_waiting(at=report.requested_at)
    client = signed_in(reviewer)
    response = page(client, binding, "binding_report")
    assert response.context["reading"] is not None
    assert reverse("reviews:binding_file", args=[binding.pk]) in response.content.decode()
    decision = client.get(binding.get_absolute_url()).content.decode()
    for name in PAGES:
        assert reverse(f"reviews:{name}", args=[binding.pk]) in decision


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
    response = signed_in(reviewer).post(reverse("reviews:binding_report_again", args=[binding.pk]))
    assert response.url == reverse("reviews:binding_report", args=[binding.pk])
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

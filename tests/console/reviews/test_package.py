"""The package of a version in audit, for reviewers: exactly the canonical bytes."""

import hashlib

import pytest

from console.base.activity.models import ActivityEntry
from releases.actions import withdraw
from releases.rules import unreadable_package
from tests import factories


@pytest.fixture
def decision(audit):
    return audit.decisions.get()


def url(decision):
    return f"/reviews/audits/{decision.pk}/package/"


def test_it_gives_the_bytes_that_the_audit_is_bound_to(signed_in, reviewer, program, audit, decision):
    response = signed_in(reviewer).get(url(decision))
    assert response.status_code == 200
    body = b"".join(response.streaming_content)
    assert hashlib.sha256(body).hexdigest() == audit.package_sha256
    assert response["Content-Disposition"] == f'attachment; filename="{program.app_id}_1.1.0.apkg"'
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "application/octet-stream"
    assert int(response["Content-Length"]) == len(body)
    entry = ActivityEntry.objects.of_application(decision.application.application_id).get()
    assert (entry.verb, entry.actor_id, entry.mini_program_id, entry.after) == (
        "package.downloaded",
        reviewer.pk,
        program.app_id,
        {"package": audit.package_sha256},
    )


def test_while_the_storage_fails_it_says_so(signed_in, reviewer, audit, decision):
    audit.version.package.file.storage.delete(audit.version.package.file.name)
    response = signed_in(reviewer).get(url(decision), follow=True)
    assert response.redirect_chain == [(f"/reviews/audits/{decision.pk}/", 302)]
    assert [str(message) for message in response.context["messages"]] == [unreadable_package()]
    assert not ActivityEntry.objects.filter(verb="package.downloaded").exists()


def test_lower_roles_may_not(signed_in, team_admin, decision):
    assert signed_in(team_admin).get(url(decision)).status_code == 403
    assert not ActivityEntry.objects.filter(verb="package.downloaded").exists()


def test_elsewhere_it_does_not_exist(signed_in, outsider, audit, decision):
    assert [signed_in(user).get(url(decision)).status_code for user in (outsider, audit.submitted_by)] == [404, 404]


def test_another_applications_decision_is_404(signed_in, reviewer, program, application):
    factories.make_binding(program, application)
    other = factories.make_binding(program).application
    theirs = factories.make_audit(program).decisions.get(application=other)
    assert signed_in(reviewer).get(url(theirs)).status_code == 404


def test_what_was_taken_back_is_the_other_teams_alone(signed_in, reviewer, program, audit, decision):
    client = signed_in(reviewer)
    assert client.get(url(decision)).status_code == 200
    withdraw(audit.version, by=audit.submitted_by)
    assert client.get(url(decision)).status_code == 404
    assert "The request was withdrawn." in client.get(f"/reviews/audits/{decision.pk}/").content.decode()


def test_wrong_method(signed_in, reviewer, decision):
    assert signed_in(reviewer).post(url(decision)).status_code == 405


def test_signed_out_people_sign_in(client, decision):
    assert client.get(url(decision)).status_code == 302

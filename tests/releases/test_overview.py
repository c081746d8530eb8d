"""The pages that show where programs stand (V-8, V-11, V-15)."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import escape

from miniprograms.actions import unbind
from releases import actions
from releases.presenters.versions import overview_of
from tests import factories

pytestmark = pytest.mark.django_db


def full_program(team):
    """A program with two releases, an audit that runs, an approved candidate and a development version."""
    program = factories.make_program(team)
    factories.make_online(program, "1.0.0")
    factories.make_online(program, "1.1.0")
    factories.make_approved(program, "1.2.0")
    factories.make_audit(program, "1.3.0")
    factories.make_version(program, "1.4.0")
    return program


def test_shows_each_fact():
    program = full_program(factories.make_team())
    program.refresh_from_db()
    overview = overview_of(program)
    assert (
        str(overview.online),
        str(overview.running.version),
        str(overview.candidate),
        str(overview.newest),
        str(overview.target),
        overview.upload_count,
        len(overview.applications),
    ) == ("1.1.0", "1.3.0", "1.2.0", "1.4.0", "1.0.0", 1, 1)
    assert (overview.why_not_publish, overview.why_not_roll_back) == ("", "")
    assert overview.why_not_submit.startswith("1.3.0 is in audit.")
    assert overview.why_not_publish_running.startswith("Waiting for ")


def test_an_approved_version_below_the_online_one_is_no_candidate():
    program = factories.make_program()
    factories.make_approved(program, "1.9.0")
    factories.make_online(program, "1.10.0")
    assert overview_of(program).candidate is None


def decided(client, program):
    page = client.get(reverse("releases:versions", args=[program.app_id])).content.decode()
    return re.search(r"\d of \d decided", page)[0]


def test_only_approvals_and_rejections_count_as_decided(signed_in):
    program = factories.make_program()
    bindings = [factories.make_binding(program) for _ in range(3)]
    audit, client = factories.make_audit(program), signed_in(program.created_by)
    assert decided(client, program) == "0 of 3 decided"
    unbind(bindings[0], by=program.created_by)
    assert decided(client, program) == "0 of 2 decided"
    decision = audit.decisions.get(application=bindings[1].application)
    actions.decide(decision, approve=True, by=factories.make_reviewer(decision.application))
    assert decided(client, program) == "1 of 2 decided"
    actions.withdraw(audit.version, by=program.created_by)
    assert decided(client, program) == "1 of 3 decided"


def test_empty_program_says_what_to_do_first(signed_in):
    program = factories.make_program()
    text = signed_in(program.created_by).get(reverse("releases:versions", args=[program.app_id])).content.decode()
    for words in ("Upload the first version", "Nothing is online", "Upload a version first.", "No releases yet"):
        assert words in text
    assert text.count(reverse("releases:upload", args=[program.app_id])) == 2  # in the header and below “No audits yet”


def test_tabs_count_and_keep(signed_in):
    team = factories.make_team()
    full, ready, empty = full_program(team), factories.make_program(team), factories.make_program(team)
    factories.make_approved(ready, "1.0.0")
    client = signed_in(factories.make_member(team, "viewer"))

    def shown(tab):
        return client.get(reverse("releases:overview"), {"show": tab}).context

    assert shown("")["filter"].counts == {"": 3, "in_audit": 1, "ready": 2, "nothing": 2}
    assert set(shown("ready")["page"]) == {full, ready}
    assert set(shown("nothing")["page"]) == {ready, empty}
    assert len(shown("no such tab")["page"]) == 3


def test_what_only_others_may_do_is_said_once(signed_in):
    team = factories.make_team()
    running = full_program(team)
    for _ in range(3):
        factories.make_version(factories.make_program(team))
    reason = "Only team administrators, license holders and developers can"

    page = signed_in(factories.make_member(team, "viewer")).get(reverse("releases:overview")).content.decode()
    assert page.count(reason) == 1
    assert "Submit for audit" not in page
    assert running.audits.get(version__minor=3).get_absolute_url() in page

    page = signed_in(factories.make_member(team, "developer")).get(reverse("releases:overview")).content.decode()
    assert reason not in page
    assert page.count("Submit for audit") == 3


def test_who_has_no_team_is_not_asked_to_create_a_program(signed_in):
    page = signed_in(factories.make_user()).get(reverse("releases:overview")).content.decode()
    assert "You aren’t in a team yet" in page
    assert "Create the first one" not in page
    viewer = factories.make_member(factories.make_team(), "viewer")
    page = signed_in(viewer).get(reverse("releases:overview")).content.decode()
    assert "Your teams’ mini programs appear here." in page


def test_another_teams_filter_is_404_and_not_remembered(signed_in):
    program, other = factories.make_program(), factories.make_program()
    client = signed_in(program.created_by)
    url = reverse("releases:overview")
    client.get(url, {"team": program.team_id})
    for team in (other.team_id, 987654321, "no id"):
        assert client.get(url, {"team": team}).status_code == 404
    assert client.get(url).url == f"{url}?team={program.team_id}"


@pytest.mark.parametrize("name", ["releases:versions", "releases:uploads", "releases:audits", "releases:history"])
def test_program_pages_keep_their_number_of_queries(name, signed_in):
    few, many = factories.make_program(), factories.make_program()
    full_program(few.team)
    factories.make_online(few, "1.0.0")
    factories.make_audit(few, "1.1.0")
    for number in range(4):
        factories.make_online(many, f"1.{number}.0")
    factories.make_audit(many, "2.0.0")
    counts = []
    for program in (few, many):
        client = signed_in(program.created_by)
        address = reverse(name, args=[program.app_id])
        client.get(address)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(address).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_overview_keeps_its_number_of_queries(signed_in):
    team = factories.make_team()
    holder = factories.make_member(team, "license_holder")
    client = signed_in(holder)
    counts = []
    for programs in (1, 2):
        for _ in range(programs):
            full_program(team)
        client.get(reverse("releases:overview"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse("releases:overview")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_why_a_version_was_rejected_stands_where_its_developers_look(signed_in):
    program = factories.make_program()
    audit = factories.make_audit(program)
    decision = audit.decisions.get()
    reviewer = factories.make_reviewer(decision.application)
    actions.decide(decision, approve=False, by=reviewer, note="Location is used & not declared")
    client = signed_in(program.created_by)
    for name, args in (("releases:versions", [program.app_id]), ("releases:detail", [program.app_id, "1.0.0"])):
        page = client.get(reverse(name, args=args)).content.decode()
        assert "Location is used &amp; not declared" in page
        assert escape(str(reviewer)) in page

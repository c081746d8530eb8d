"""The inbox across the user's applications: what waits first, oldest first; tabs, filters, counts (V-10)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from miniprograms import actions as miniprograms
from miniprograms.models import Binding
from releases import actions as releases
from releases.models import ReviewDecision
from tests import factories

URL = "/reviews/"


@pytest.fixture
def waiting_binding(application):
    """Asked for three hours ago, before the audit."""
    at = timezone.now() - timedelta(hours=3)
    return factories.make_binding(
        factories.make_program(name="Tax Helper"), application, state="waiting", requested_at=at
    )


def shown(response):
    lines = response.context["lines"]
    return [(line.kind, line.program.name, line.what, line.decision.shown_state) for line in lines]


def counts(response):
    return response.context["filter"].counts


def test_the_oldest_waiting_request_comes_first(signed_in, reviewer, audit, waiting_binding):
    response = signed_in(reviewer).get(URL)
    assert response.status_code == 200
    assert shown(response) == [("binding", "Tax Helper", "", "waiting"), ("audit", "City Bus", "1.1.0", "waiting")]
    assert counts(response) == {"waiting": 2, "decided": 1, "all": 3}


def test_overdue_requests_say_how_long(signed_in, reviewer, audit):
    ReviewDecision.objects.update(requested_at=timezone.now() - timedelta(hours=52, minutes=5))
    response = signed_in(reviewer).get(URL)
    assert [line.decision.shown_state for line in response.context["lines"]] == ["overdue"]
    assert "Overdue, waiting 52 h" in response.content.decode()


def test_tabs(signed_in, reviewer, audit, waiting_binding):
    releases.decide(
        ReviewDecision.objects.select_related("application", "audit__version__mini_program").get(),
        approve=False,
        by=reviewer,
        note="No",
    )
    client = signed_in(reviewer)
    assert shown(client.get(URL)) == [("binding", "Tax Helper", "", "waiting")]
    decided = [("audit", "City Bus", "1.1.0", "rejected"), ("binding", "City Bus", "", "approved")]
    assert shown(client.get(URL, {"show": "decided"})) == decided
    assert shown(client.get(URL, {"show": "all"})) == [("binding", "Tax Helper", "", "waiting"), *decided]
    assert shown(client.get(URL, {"show": "nonsense"})) == [("binding", "Tax Helper", "", "waiting")]


def test_withdrawn_requests_are_neither_waiting_nor_decided(signed_in, reviewer, waiting_binding):
    miniprograms.withdraw_binding(waiting_binding, by=waiting_binding.requested_by)
    response = signed_in(reviewer).get(URL, {"show": "all"})
    assert counts(response) == {"waiting": 0, "decided": 0, "all": 1}
    assert shown(response) == [("binding", "Tax Helper", "", "withdrawn")]


def test_filters(signed_in, application, reviewer, audit, waiting_binding):
    other = factories.make_application(name="Harbour Super App")
    factories.join(other.team, reviewer, "viewer")
    other.people.create(user=reviewer, role="reviewer")
    factories.make_binding(factories.make_program(name="Island Ferry"), other, state="waiting")
    client = signed_in(reviewer)

    def found(**query):
        return [line.program.name for line in client.get(URL, query).context["lines"]]

    assert found() == ["Tax Helper", "City Bus", "Island Ferry"]
    assert found(application=other.application_id) == ["Island Ferry"]
    assert found(kind="audit") == ["City Bus"]
    assert found(kind="binding", application=application.application_id) == ["Tax Helper"]
    assert found(q="ferry") == ["Island Ferry"]
    assert found(q="1.1.0") == ["City Bus"]
    assert found(q=waiting_binding.mini_program.app_id) == ["Tax Helper"]
    assert found(q="nothing") == []
    assert found(kind="nonsense") == ["Tax Helper", "City Bus", "Island Ferry"]


def test_counts_follow_the_filters(signed_in, reviewer, audit, waiting_binding):
    assert counts(signed_in(reviewer).get(URL, {"q": "tax"})) == {"waiting": 1, "decided": 0, "all": 1}


def test_another_teams_application_is_404_in_the_filter(signed_in, application, reviewer):
    client = signed_in(reviewer)
    other = factories.make_application()
    values = (other.application_id, "ha00000000000000", "x")
    assert [client.get(URL, {"application": value}).status_code for value in values] == [404, 404, 404]
    assert client.get(URL, {"application": application.application_id}).status_code == 200


def test_nobody_else_sees_anything(signed_in, team_admin, outsider, audit, waiting_binding):
    for user in (team_admin, outsider, audit.submitted_by):
        response = signed_in(user).get(URL, {"show": "all"})
        assert (shown(response), counts(response)) == ([], {"waiting": 0, "decided": 0, "all": 0})


def test_whose_membership_is_gone_sees_nothing_at_once(signed_in, application, reviewer, audit):
    client = signed_in(reviewer)
    application.team.memberships.filter(user=reviewer).delete()
    response = client.get(URL)
    assert (shown(response), response.context["reviews"]) == ([], False)


def test_who_reviews_for_no_application_is_told_so(signed_in, team_admin):
    assert "You don’t review for any app" in signed_in(team_admin).get(URL).content.decode()


def test_an_empty_inbox_says_so(signed_in, reviewer):
    assert "Nothing to review" in signed_in(reviewer).get(URL).content.decode()


def test_pages(signed_in, settings, application, reviewer, audit, waiting_binding):
    settings.PAGE_SIZE = 1
    client = signed_in(reviewer)
    assert shown(client.get(URL, {"page": 1})) == [("binding", "Tax Helper", "", "waiting")]
    assert shown(client.get(URL, {"page": 2})) == [("audit", "City Bus", "1.1.0", "waiting")]


def test_wrong_method(signed_in, reviewer):
    assert signed_in(reviewer).post(URL).status_code == 405


def test_as_many_queries_for_three_of_each_as_for_one(signed_in, application, reviewer, audit, waiting_binding):
    client = signed_in(reviewer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL, {"show": "all"}).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(2):
        program = factories.make_program()
        factories.make_binding(program, application)
        factories.make_audit(program)
    assert (ReviewDecision.objects.count(), Binding.objects.count()) == (3, 4)
    assert queries() == one

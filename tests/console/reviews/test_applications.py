"""The list of applications: those of the user's teams, with what is bound and what waits."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories

URL = "/apps/"


def shown(response):
    return [
        (application.name, application.bound, application.waiting, application.own_role_label)
        for application in response.context["page"]
    ]


def test_it_counts_what_is_bound_and_what_waits(signed_in, application, reviewer, audit):
    factories.make_binding(factories.make_program(), application, state="waiting")
    factories.make_binding(factories.make_program(), application, state="ended")
    factories.make_application(application.team, name="Harbour Super App")
    response = signed_in(reviewer).get(URL)
    assert response.status_code == 200
    assert shown(response) == [("Harbour Super App", 0, 0, ""), ("Metro Wallet", 1, 2, "Reviewer")]


def test_only_the_users_teams(signed_in, application, outsider):
    response = signed_in(outsider).get(URL)
    own = outsider.application_roles.get().application
    assert shown(response) == [(own.name, 0, 0, "Application administrator")]


def test_filters(signed_in, application, reviewer):
    other = factories.make_application(name="Harbour Super App")
    factories.join(other.team, reviewer, "viewer")
    client = signed_in(reviewer)

    def names(**query):
        return [row.name for row in client.get(URL, query).context["page"]]

    assert names() == ["Harbour Super App", "Metro Wallet"]
    assert names(team=application.team_id) == ["Metro Wallet"]
    assert names(q="super") == ["Harbour Super App"]
    assert names(q=application.application_id[:8]) == ["Metro Wallet"]
    assert names(q="nothing") == []


def test_another_teams_filter_is_404(signed_in, reviewer):
    client = signed_in(reviewer)
    answers = [client.get(URL, {"team": team}).status_code for team in (factories.make_team().pk, 1 << 40, "x")]
    assert answers == [404, 404, 404]


def test_creating_is_visible_and_says_who_may(signed_in, application, reviewer, team_admin):
    reason = "Only team administrators can do this."
    assert signed_in(reviewer).get(URL).context["why_not_create"] == reason
    assert signed_in(team_admin).get(URL).context["why_not_create"] == ""


def test_wrong_method(signed_in, reviewer):
    assert signed_in(reviewer).post(URL).status_code == 405


def test_as_many_queries_for_three_as_for_one(signed_in, application, reviewer):
    client = signed_in(reviewer)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(URL).status_code == 200
        return len(captured)

    one = queries()
    for _ in range(2):
        factories.make_binding(factories.make_program(), factories.make_application(application.team))
    assert queries() == one

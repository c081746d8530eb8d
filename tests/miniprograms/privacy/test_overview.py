"""The privacy agreements across programs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import factories
from tests.miniprograms.privacy.writing import find_data, publish, save, url

pytestmark = pytest.mark.django_db
URL = "/privacy-agreements/"


def names(page):
    return [row.program.name for row in page.context["rows"]]


def test_only_my_teams(signed_in, team, program, holder):
    foreign = factories.make_program(factories.make_team(), "Foreign")
    client = signed_in(factories.make_member(team, "viewer"))
    assert names(client.get(URL)) == ["City Bus"]
    assert client.get(URL, {"team": foreign.team_id}).status_code == 404


def test_a_row_tells_where_a_program_stands(signed_in, team, program, holder):
    find_data(program, types=("location", "camera"))
    publish(program, holder)
    other = factories.make_member(team, "admin")
    client = signed_in(holder)
    [row] = client.get(URL).context["rows"]
    assert (row.online.number, row.draft_waits, row.undeclared) == (1, False, ["Camera"])
    assert row.last_change[1] == str(holder)
    save(program, other, retention="7 days")
    page = client.get(URL)
    [row] = page.context["rows"]
    assert (row.online.number, row.draft_waits, row.last_change[1]) == (1, True, str(other))
    text = page.content.decode()
    words = ("Version 1", "Not published", "Camera", "used by 2.5.0", str(other), url(program, "agreement"))
    assert [each for each in words if each not in text] == []


def test_a_draft_that_was_changed_back_is_the_same_as_online(signed_in, program, holder):
    publish(program, holder)
    client = signed_in(holder)
    for retention, waits in (("7 days", True), ("30 days", False)):
        save(program, holder, retention=retention)
        page = client.get(URL)
        assert [row.draft_waits for row in page.context["rows"]] == [waits]
    assert "Same as online" in page.content.decode()


def test_tabs_and_words(signed_in, team, program, holder):
    ferry = factories.make_program(team, "Island Ferry")
    factories.make_program(team, "Bare")
    find_data(ferry)
    publish(program, holder)
    client = signed_in(holder)
    assert client.get(URL).context["filter"].counts == {"": 3, "nothing_online": 2, "undeclared": 1}
    assert sorted(names(client.get(URL, {"show": "nothing_online"}))) == ["Bare", "Island Ferry"]
    assert names(client.get(URL, {"show": "undeclared"})) == ["Island Ferry"]
    assert names(client.get(URL, {"q": "ferry"})) == ["Island Ferry"]
    assert "No mini program matches" in client.get(URL, {"q": "tram"}).content.decode()
    publish(ferry, holder, data=[["location", "where the ferry is"]])
    assert names(client.get(URL, {"show": "undeclared"})) == []


def test_nothing_yet(signed_in):
    assert "No mini programs yet" in signed_in(factories.make_user()).get(URL).content.decode()


def test_queries_stay_the_same(signed_in, team, holder):
    client, counts = signed_in(holder), []
    for more in (1, 2):
        for _program in range(more):
            program = factories.make_program(team)
            find_data(program)
            publish(program, holder)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_refuses_other_methods(signed_in, holder, method):
    assert getattr(signed_in(holder), method)(URL).status_code == 405

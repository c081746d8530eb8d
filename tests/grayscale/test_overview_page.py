"""The page across programs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
URL = "/grayscale/"


def names(page):
    return [row.task.name for row in page.context["rows"]]


def make(team, name, **fields):
    return factories.make_task(factories.make_candidate(team=team), name=name, **fields)


def test_only_my_teams_newest_first(signed_in):
    one, two, foreign = (factories.make_team() for _ in range(3))
    user = factories.make_member(one, "viewer")
    factories.join(two, user, "license_holder")
    for team, name in ((one, "First"), (foreign, "Foreign"), (two, "Second")):
        make(team, name)
    client = signed_in(user)
    page = client.get(URL)
    assert names(page) == ["Second", "First"]
    assert [bool(row.may_not) for row in page.context["rows"]] == [False, True]
    assert names(client.get(URL, {"team": one.pk})) == ["First"]
    assert client.get(URL, {"team": foreign.pk}).status_code == 404


def test_tabs_and_words_also_by_mini_program(signed_in):
    team = factories.make_team()
    candidate = factories.make_candidate(team=team, name="City Bus")
    factories.make_task(candidate, name="Night lines")
    make(team, "Bouquets", state="suspended")
    client = signed_in(factories.make_member(team, "viewer"))
    assert client.get(URL).context["filter"].counts == {
        "": 2, "delivering": 1, "pending": 0, "suspended": 1, "ended": 0,
    }  # fmt: skip
    assert names(client.get(URL, {"show": "suspended"})) == ["Bouquets"]
    assert names(client.get(URL, {"q": "city"})) == ["Night lines"]
    assert "No matching tasks" in client.get(URL, {"q": "tram"}).content.decode()


def test_nothing_yet(signed_in):
    text = signed_in(factories.make_user()).get(URL).content.decode()
    assert "No grayscale tasks yet" in text


def test_queries_stay_the_same(signed_in):
    team = factories.make_team()
    client, counts = signed_in(factories.make_member(team, "license_holder")), []
    for more in (1, 2):
        for number in range(more):
            make(team, f"Task {number}", networks=["wifi"])
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


def test_it_is_in_the_menu_and_leads_to_the_program(signed_in):
    task = factories.make_task()
    user = task.mini_program.created_by
    text = signed_in(user).get(URL).content.decode()
    assert reverse("grayscale:tasks", args=[task.mini_program.app_id]) in text
    assert 'aria-current="page"' in text

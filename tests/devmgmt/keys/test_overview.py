"""The keys page across programs."""

from datetime import timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devmgmt.keys import actions, tokens
from devmgmt.keys.presenters import span
from devmgmt.keys.states import Overlap
from tests.devmgmt.keys.asking import CALLER
from tests.factories import join, make_member, make_program, make_secret, make_team, make_user

URL = "/keys/"


def names(page):
    return [row.program.name for row in page.context["rows"]]


def test_only_teams_that_i_administer(signed_in, program, admin):
    held, foreign = make_team(license_holder=admin), make_team()
    second = make_team(admin=admin)
    for team, name in ((held, "Held"), (foreign, "Foreign"), (second, "Second")):
        make_program(team, name)
    client = signed_in(admin)
    assert sorted(names(client.get(URL))) == ["City Bus", "Second"]
    assert names(client.get(URL, {"team": second.pk})) == ["Second"]
    assert client.get(URL, {"team": foreign.pk}).status_code == 404
    assert client.get(URL, {"team": held.pk}).status_code == 403
    assert client.get(URL, {"team": "x"}).status_code == 404
    remembered = client.get(URL)
    assert (remembered.status_code, remembered.url) == (302, f"{URL}?team={second.pk}")


def test_a_team_remembered_elsewhere_does_not_lead_to_a_403(signed_in, program, admin):
    held = make_team(license_holder=admin)
    client = signed_in(admin)
    client.get("/development/", {"team": held.pk})
    assert client.get("/development/").url == f"/development/?team={held.pk}"
    assert client.get(URL).status_code == 200


def test_who_administers_none(signed_in):
    user = make_user()
    assert signed_in(user).get(URL).status_code == 403
    join(make_team(), user, "license_holder")
    assert signed_in(user).get(URL).status_code == 403


def test_nothing_yet(signed_in, admin):
    assert "No mini programs yet" in signed_in(admin).get(URL).content.decode()


def test_a_row_tells_where_a_program_stands(signed_in, program, admin):
    first = actions.generate(program, by=admin)
    second = actions.reset(program, seen=first.row.pk, overlap=Overlap.HOUR, reason="Rotation", by=admin)
    tokens.authenticate(program.app_id, second.secret, caller=CALLER)
    make_program(program.team, "Bare")
    text = signed_in(admin).get(URL).content.decode()
    for words in (f"…{second.row.hint}", CALLER.address, "59 min left", "No secret", program.team.name):
        assert words in text
    assert first.row.hint == second.row.hint or f"…{first.row.hint}" not in text


def test_tabs_and_words(signed_in, program, admin):
    make_program(program.team, "Bare")
    make_secret(program)
    make_secret(make_program(program.team, "Island Ferry"), frozen_at=timezone.now())
    client = signed_in(admin)
    assert client.get(URL).context["filter"].counts == {"": 3, "none": 1, "frozen": 1}
    assert names(client.get(URL, {"show": "none"})) == ["Bare"]
    assert names(client.get(URL, {"show": "frozen"})) == ["Island Ferry"]
    assert names(client.get(URL, {"q": program.app_id})) == ["City Bus"]
    assert "No mini program matches" in client.get(URL, {"q": "tram"}).content.decode()


def test_queries_stay_the_same(signed_in, team):
    admin = make_member(team, "admin")
    client, counts = signed_in(admin), []
    for more in (1, 2):
        for _number in range(more):
            program = make_program(team)
            first = actions.generate(program, by=admin)
            second = actions.reset(program, seen=first.row.pk, overlap=Overlap.DAY, reason="Rotation", by=admin)
            for secret in (first.secret, second.secret):
                tokens.authenticate(program.app_id, secret, caller=CALLER)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


def test_what_is_left_in_words():
    assert [span(timedelta(seconds=n)) for n in (1, 60, 3599, 3600, 86_399)] == [
        "1 min", "1 min", "59 min", "1 h 0 min", "23 h 59 min",
    ]  # fmt: skip

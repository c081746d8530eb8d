"""The page of subscription messages across programs (M-8)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging.presenters.programs import summaries
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/messages/"


def names(page):
    return [row.program.name for row in page.context["rows"]]


def send(program, application, *states, ago=timedelta(hours=1)):
    template = program.templates.first() or factories.make_template(program)
    consent = factories.make_consent(factories.make_program_user(program, application), template)
    return [factories.make_message(consent, state=state, accepted_at=timezone.now() - ago) for state in states]


def test_only_my_teams(signed_in):
    one, two, foreign = (factories.make_team() for _ in range(3))
    user = factories.make_member(one, "viewer")
    factories.join(two, user, "license_holder")
    for team, name in ((one, "First"), (foreign, "Foreign"), (two, "Second")):
        factories.make_program(team, name)
    client = signed_in(user)
    assert sorted(names(client.get(URL))) == ["First", "Second"]
    assert names(client.get(URL, {"team": one.pk})) == ["First"]
    assert client.get(URL, {"team": foreign.pk}).status_code == 404
    remembered = client.get(URL)
    assert (remembered.status_code, remembered.url) == (302, f"{URL}?team={one.pk}")


def test_a_row_tells_where_a_program_stands(signed_in, program, application):
    factories.make_template(program)
    factories.make_template(program, kind="long_term")
    factories.make_template(program, deleted_at=timezone.now())
    newest = send(program, application, "delivered", "waiting", "failed", ago=timedelta(hours=1))[0]
    send(program, application, "failed", "delivered", ago=timedelta(days=6))
    send(program, application, "failed", "waiting", ago=timedelta(days=8))
    other = factories.make_program()
    factories.make_binding(other, application)
    send(other, application, "failed")

    page = signed_in(program.created_by).get(URL)

    [row] = page.context["rows"]
    assert (row.one_time, row.long_term, row.sent, row.failed, row.waiting) == (1, 1, 3, 2, 2)
    assert row.last_sent >= newest.accepted_at
    text = page.content.decode()
    assert "1 one-time, 1 long-term" in text
    assert f'<a href="{reverse("messaging:templates", args=[program.app_id])}">2</a>' in text
    log = reverse("messaging:log", args=[program.app_id])
    for url in (f"{log}?state=failed", f"{log}?state=waiting", reverse("messaging:templates", args=[program.app_id])):
        assert f'href="{url}"' in text


def test_what_was_never_sent_is_nothing(program):
    [row] = summaries([program], at=timezone.now())
    assert (row.template_count, row.sent, row.failed, row.waiting, row.last_sent) == (0, 0, 0, 0, None)


def test_tabs_and_words(signed_in, application):
    team = factories.make_team()
    bus, ferry = factories.make_program(team, "City Bus"), factories.make_program(team, "Island Ferry")
    factories.make_program(team, "Bare")
    send(bus, application, "failed", "delivered")
    send(ferry, application, "failed", ago=timedelta(days=8))
    client = signed_in(factories.make_member(team, "viewer"))
    assert client.get(URL).context["filter"].counts == {"": 3, "failed": 1, "no_template": 1}
    assert names(client.get(URL, {"show": "failed"})) == ["City Bus"]
    assert names(client.get(URL, {"show": "no_template"})) == ["Bare"]
    assert names(client.get(URL, {"q": "ferry"})) == ["Island Ferry"]
    assert "No mini program matches" in client.get(URL, {"q": "tram"}).content.decode()


def test_nothing_yet(signed_in):
    assert "No mini programs yet" in signed_in(factories.make_user()).get(URL).content.decode()


def test_queries_stay_the_same(signed_in, application):
    team = factories.make_team()
    client, counts = signed_in(factories.make_member(team, "viewer")), []
    for more in (1, 2):
        for _ in range(more):
            send(factories.make_program(team), application, "delivered", "failed", "waiting")
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]

"""The page of development management across programs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from devmgmt.models import LogVolume
from devmgmt.presenters.programs import summaries
from tests import factories

pytestmark = pytest.mark.django_db
URL = "/development/"


def names(page):
    return [row.program.name for row in page.context["rows"]]


def logged(program, *, info=0, warn=0, error=0, at=None):
    minute = (at or timezone.now()).replace(second=0, microsecond=0)
    LogVolume.objects.create(mini_program=program, minute=minute, info=info, warn=warn, error=error)


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


def test_a_row_tells_where_a_program_stands(signed_in):
    program = factories.make_program()
    application, other = factories.make_application(), factories.make_application()
    for host, kind in (("a.example.com", "request"), ("b.example.com", "request"), ("c.example.com", "socket")):
        factories.make_domain(program, host, kind)
    factories.make_exemption(program, application)
    factories.make_exemption(program, other, state="waiting")
    factories.make_exemption(program, factories.make_application(), state="rejected")
    factories.make_permission(program, application, "wx.getLocation")
    factories.make_permission(program, application, "wx.chooseAddress", state="waiting")
    factories.make_permission(program, application, "wx.startRecord", state="waiting")
    factories.make_permission(program, application, "wx.openBluetoothAdapter", state="ended")
    logged(program, info=1200, warn=30, error=4)

    page = signed_in(program.created_by).get(URL)

    [row] = page.context["rows"]
    assert (row.hosts, row.kinds) == (3, [("request", 2), ("socket", 1)])
    assert [one.application for one in row.exemptions] == [application, other]
    assert (row.exempted, row.exemptions_waiting) == (1, 1)
    assert (row.permitted, row.permissions_waiting) == (1, 2)
    assert (row.entries, row.errors) == (1234, 4)
    text = page.content.decode()
    for words in ("3 domains", "1 granted", "2 waiting", "1,234 today", "4 with errors"):
        assert words in text


def test_entries_count_from_midnight_to_now():
    program, other = factories.make_program(), factories.make_program()
    now = datetime(2026, 11, 26, 10, 30, tzinfo=UTC)
    midnight = now.replace(hour=0, minute=0)
    logged(program, info=1, at=midnight - timedelta(minutes=1))
    logged(program, info=2, error=1, at=midnight)
    logged(program, warn=4, at=now)
    logged(program, info=8, at=now + timedelta(minutes=1))
    logged(other, info=16, at=now)
    rows = summaries([program, other], at=now)
    assert [(row.entries, row.errors) for row in rows] == [(7, 1), (16, 0)]


def test_tabs_and_words(signed_in):
    team = factories.make_team()
    application = factories.make_application()
    bus = factories.make_program(team, "City Bus")
    ferry = factories.make_program(team, "Island Ferry")
    factories.make_program(team, "Bare")
    factories.make_domain(bus, "api.example.com")
    factories.make_domain(ferry, "api.example.com")
    factories.make_exemption(bus, application, state="waiting")
    factories.make_permission(ferry, application, state="waiting")
    client = signed_in(factories.make_member(team, "viewer"))
    assert client.get(URL).context["filter"].counts == {"": 3, "waiting": 2, "no_domains": 1}
    assert sorted(names(client.get(URL, {"show": "waiting"}))) == ["City Bus", "Island Ferry"]
    assert names(client.get(URL, {"show": "no_domains"})) == ["Bare"]
    assert names(client.get(URL, {"q": "ferry"})) == ["Island Ferry"]
    assert names(client.get(URL, {"q": bus.app_id})) == ["City Bus"]
    assert "No mini program matches" in client.get(URL, {"q": "tram"}).content.decode()


def test_nothing_yet(signed_in):
    text = signed_in(factories.make_user()).get(URL).content.decode()
    assert "No mini programs yet" in text


def test_queries_stay_the_same(signed_in):
    team, application = factories.make_team(), factories.make_application()
    client, counts = signed_in(factories.make_member(team, "license_holder")), []
    for more in (1, 2):
        for number in range(more):
            program = factories.make_program(team)
            factories.make_domain(program, f"a{number}.example.com")
            factories.make_exemption(program, application)
            factories.make_permission(program, application)
            logged(program, info=1)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


def test_each_row_leads_to_the_three_pages(signed_in):
    program = factories.make_program()
    text = signed_in(program.created_by).get(URL).content.decode()
    for name in ("domains", "permissions", "logs"):
        assert f'href="{reverse(f"devmgmt:{name}", args=[program.app_id])}"' in text

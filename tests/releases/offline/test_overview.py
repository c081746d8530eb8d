"""Offline packages across programs."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from miniprograms import actions as programs
from releases.offline import actions
from tests import factories

URL = "/offline-packages/"


def download(program, application=None):
    actions.download(program, application=application, by=program.created_by)[1].close()


def names(page):
    return sorted(row.program.name for row in page.context["rows"])


def make_online(program, number="1.0.0"):
    factories.make_online(program, number)
    program.refresh_from_db()


def test_only_my_teams(signed_in, program, developer):
    factories.make_program(name="Foreign")
    client = signed_in(developer)
    assert names(client.get(URL)) == ["City Bus"]
    assert client.get(URL, {"team": factories.make_team().pk}).status_code == 404


def test_nothing_yet(signed_in, db):
    assert "No mini programs yet" in signed_in(factories.make_user()).get(URL).content.decode()


def test_rows(signed_in, program, application, developer):
    download(program, application)
    make_online(program, "1.1.0")
    factories.make_program(program.team, "Bare")
    page = signed_in(developer).get(URL)
    rows = {row.program.name: row for row in page.context["rows"]}
    bus, bare = rows["City Bus"], rows["Bare"]
    assert (bus.online.number, bus.last.after["version"]) == ("1.1.0", "1.0.0")
    assert (bus.current, bus.stale, bus.closed) == ([], ["Harbour Super App"], [])
    assert (bare.online, bare.last, bare.current, bare.stale, bare.closed) == (None, None, [], [], [])
    text = page.content.decode()
    for words in ("1.1.0", "1 outdated", "Harbour Super App", "Nothing online", "Never"):
        assert words in text


def test_tabs(signed_in, program, application, developer):
    stale, off, _bare, current = (factories.make_program(program.team, f"P {name}") for name in "sobc")
    for each in (stale, off, current):
        factories.make_binding(each, application)
        make_online(each)
        download(each, application)
    for each in (stale, off):
        make_online(each, "1.1.0")
    programs.take_off_shelf(off, by=off.created_by, reason="Test")
    unbound = factories.make_program(program.team, "P u")
    binding = factories.make_binding(unbound, application)
    make_online(unbound)
    download(unbound, application)
    make_online(unbound, "1.1.0")
    programs.unbind(binding, by=unbound.created_by)
    client = signed_in(developer)
    assert client.get(URL).context["filter"].counts == {"": 6, "available": 4, "stale": 1}
    assert names(client.get(URL, {"show": "available"})) == ["City Bus", "P c", "P s", "P u"]
    assert names(client.get(URL, {"show": "stale"})) == ["P s"]
    closed = {row.program.name for row in client.get(URL).context["rows"] if row.closed}
    assert closed == {"P o", "P u"}
    download(stale, application)
    assert names(client.get(URL, {"show": "stale"})) == []
    assert "No mini program matches" in client.get(URL, {"show": "stale"}).content.decode()
    for each in client.get(URL).context["rows"]:
        assert each.stale == []


def test_the_newest_download_counts(signed_in, program, application, developer):
    download(program, application)
    make_online(program, "1.1.0")
    download(program, application)
    download(program)
    client = signed_in(developer)
    [row] = client.get(URL).context["rows"]
    assert (row.stale, row.last.after["application"], client.get(URL).context["filter"].counts["stale"]) == (
        [],
        None,
        0,
    )


def test_queries_stay_the_same(signed_in, program, application, developer):
    client, counts = signed_in(developer), []
    for more in (0, 2):
        for _number in range(more):
            other = factories.make_program(program.team)
            factories.make_binding(other, application)
            make_online(other)
            download(other, application)
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(URL)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]


def test_405(signed_in, developer):
    assert signed_in(developer).post(URL).status_code == 405

"""Lists as CSV files: what the page shows, in its order, for whom it shows it, and harmless to open."""

from __future__ import annotations

import csv
import io
from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from console.base.accounts.models import SecurityEntry, User
from console.base.accounts.states import SecurityKind
from console.base.core import sheets
from console.base.hosts.models import ApplicationMember
from tests.console.world import make_world
from tests.factories import (
    make_approved,
    make_audit,
    make_default_apis,
    make_member,
    make_program,
    make_team,
    make_user,
    make_version,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_files_under_way")]
LIST = "/miniprograms/"
PROGRAM = ("versions/all/", "versions/audits/", "grayscale/", "messages/templates/", "messages/log/", "activity/")
PROGRAM += ("development/domains/",)
APPLICATION = ("programs/", "apis/", "activity/")


def lines(answer):
    """Return the rows of the file, the head first."""
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    content = answer.getvalue()
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


@pytest.fixture
def mira(signed_in):
    user = make_user("Mira")
    team = make_team("Harbour", license_holder=user)
    for name in ("City Bus", "Parking", "=cmd()"):
        make_program(team, name)
    return signed_in(user)


def test_every_list_is_there_as_a_file_without_what_is_another_teams(signed_in):
    own, other = make_world("Own"), make_world("Other")
    person = own.people["viewer"]
    application = ApplicationMember.objects.get(user=own.people["reviewer"]).application
    ApplicationMember.objects.create(application=application, user=person, role="reviewer")
    client = signed_in(person)
    of_all = [LIST, "/versions/", "/grayscale/", "/apps/", "/activity/"]
    of_program = [f"/miniprograms/{own.arguments['app_id']}/{page}" for page in PROGRAM]
    of_application = [f"/apps/{own.arguments['application_id']}/{page}" for page in APPLICATION]
    team = f"/teams/{own.arguments['team_id']}/"
    found = {}
    for address in (*of_all, *of_program, *of_application, team, f"{team}activity/"):
        found[address] = lines(client.get(address, {"format": "csv"}))
        assert ('format=csv"' in client.get(address).content.decode()) == (len(found[address]) > 1), address
    assert len([address for address, rows in found.items() if len(rows) > 1]) >= len(found) - 2
    text = str(found)
    assert "Own program" in text
    assert [secret for secret in other.secrets if secret in text] == []
    assert client.get(f"/teams/{other.arguments['team_id']}/", {"format": "csv"}).status_code == 404


def test_operators_lists_are_for_operators(signed_in, operator_client):
    make_member(make_team("Harbour"), "admin")
    make_default_apis()
    SecurityEntry.objects.create(kind=SecurityKind.WRONG_PASSWORD, email="mira@example.com")
    for address in ("/platform/people/", "/platform/apis/", "/platform/security-log/"):
        assert len(lines(operator_client.get(address, {"format": "csv"}))) > 1
        assert signed_in(make_user()).get(address, {"format": "csv"}).status_code == 403


def test_a_file_has_the_filters_and_the_order_of_the_list(mira):
    assert [row[0] for row in lines(mira.get(LIST, {"format": "csv", "sort": "name"}))] == [
        "Mini program",
        "'=cmd()",
        "City Bus",
        "Parking",
    ]
    assert [row[0] for row in lines(mira.get(LIST, {"format": "csv", "q": "park"}))[1:]] == ["Parking"]


def test_files_with_other_rows_than_their_list_have_its_order(signed_in):
    team = make_team("Harbour")
    bus, tram = make_program(team, "Bus"), make_program(team, "Tram")
    for program, number in ((tram, "1.0.0"), (bus, "1.0.0"), (bus, "1.10.0"), (bus, "1.9.0")):
        make_version(program, number)
    client = signed_in(make_member(team, "viewer"))
    rows = lines(client.get("/versions/", {"format": "csv", "sort": "-name"}))[1:]
    assert [(row[0], row[3]) for row in rows] == [
        ("Tram", "1.0.0"),
        ("Bus", "1.10.0"),
        ("Bus", "1.9.0"),
        ("Bus", "1.0.0"),
    ]
    assert "Download all versions as CSV" in client.get("/versions/").content.decode()

    make_approved(tram, "2.0.0")
    make_audit(tram, "1.0.1")
    address = f"/miniprograms/{tram.app_id}/versions/audits/"
    for order, numbers in (("version", ["1.0.1", "2.0.0"]), ("-version", ["2.0.0", "1.0.1"])):
        assert [row[1] for row in lines(client.get(address, {"format": "csv", "sort": order}))[1:]] == numbers


def test_times_are_in_utc_and_heads_in_the_readers_language(mira):
    when = lines(mira.get(LIST, {"format": "csv"}))[1][-1]
    assert when.endswith("Z")
    assert abs((datetime.fromisoformat(when) - timezone.now()).total_seconds()) < 3600
    User.objects.update(language="zh-hans")
    answer = mira.get(LIST, {"format": "csv"})
    assert answer["Content-Disposition"] == f'attachment; filename="mini-programs-{timezone.now():%Y-%m-%d}.csv"'
    assert lines(answer)[0][0] == "小程序"


def test_a_file_says_where_it_was_cut(mira, monkeypatch):
    monkeypatch.setattr(sheets, "MOST_ROWS", 2)
    monkeypatch.setattr(sheets, "BATCH", 1)
    rows = lines(mira.get(LIST, {"format": "csv", "sort": "-name"}))
    assert [row[0] for row in rows[1:]] == [
        "Parking",
        "City Bus",
        "The list has more rows. A file contains at most 2; use the filters to get the rest.",
    ]


def test_a_third_file_at_once_is_refused_with_the_way_back(mira):
    under_way = [sheets.take_turn(-n) for n in range(sheets.MOST_AT_ONCE)]
    refused = mira.get(LIST, {"format": "csv", "q": "bus"})
    assert (refused.status_code, refused.url) == (302, f"{LIST}?q=bus")
    page = mira.get(refused.url).content.decode()
    assert "Other exports are still running." in page
    # Not `download`: with it, the browser would save this page.
    assert " data-file>" in page[page.index("csv-link") :].split("</a>")[0]
    for file in under_way:
        file.close()
    assert len(lines(mira.get(LIST, {"format": "csv"}))) == 4


def test_a_slow_reader_holds_one_turn_whatever_they_ask_for(mira, operator_client):
    own = sheets.take_turn(User.objects.get(name="Mira").pk)
    assert mira.get(LIST, {"format": "csv"}).status_code == 302
    assert lines(operator_client.get("/platform/people/", {"format": "csv"}))
    own.close()
    assert len(lines(mira.get(LIST, {"format": "csv"}))) == 4


def test_head_reads_nothing_and_what_fails_gives_its_turn_back(mira, monkeypatch):
    under_way = [sheets.take_turn(-n) for n in range(sheets.MOST_AT_ONCE)]
    assert mira.head(LIST, {"format": "csv"}).status_code == 200
    for file in under_way:
        file.close()
    with monkeypatch.context() as broken:
        broken.setattr(sheets, "MOST_ROWS", "many")
        with pytest.raises(TypeError):
            mira.get(LIST, {"format": "csv"})
    assert len(lines(mira.get(LIST, {"format": "csv"}))) == 4


def test_the_administrations_action_is_refused_with_the_way_back(operator_client):
    entry = SecurityEntry.objects.create(kind=SecurityKind.WRONG_PASSWORD, email="mira@example.com")
    posted = {"action": "download", "_selected_action": [entry.pk]}
    under_way = [sheets.take_turn(-n) for n in range(sheets.MOST_AT_ONCE)]
    answer = operator_client.post(reverse("admin:accounts_securityentry_changelist"), posted)
    assert (answer.status_code, len(under_way)) == (302, sheets.MOST_AT_ONCE)


@pytest.mark.parametrize(
    ("typed", "cell"),
    [
        ("=a", "'=a"),
        ("\t=a", "'\t'=a"),
        ("\uff1da", "'\uff1da"),
        ("x;=a", "x;'=a"),
        ('x;""=a', 'x;\'""=a'),
        ("x\t+a", "x\t'+a"),
        ("x\r\n@a", "x\r\n'@a"),
        ("a-b; c = d, e@f", "a-b; c = d, e@f"),
    ],
)
def test_no_spreadsheet_reads_a_formula_whatever_separates_its_cells(typed, cell):
    assert sheets.harmless(typed) == cell

"""Editing the server domains: five lists at once, a quota, and two editors (D-1)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import override_settings

from console.base.accounts.models import Team, User
from console.base.activity.events import in_list
from console.base.activity.forms import Difference
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, Conflict
from devmgmt import actions
from devmgmt.matching import Domain, fingerprint
from devmgmt.states import MOST_CHANGES, MOST_DOMAINS, DomainType
from miniprograms import actions as programs
from miniprograms.models import MiniProgram
from tests.factories import make_domain, make_member, make_program, make_team

SignIn = Callable[[User], Client]


@pytest.fixture
def program(team: Team) -> MiniProgram:
    program = make_program(team, "City Bus")
    make_domain(program, "api.citybus.example")
    make_domain(program, "live.citybus.example", "socket")
    return program


def url(program: MiniProgram, page: str = "edit/") -> str:
    """The address of the form or, with "", of the page."""
    return f"/miniprograms/{program.app_id}/development/domains/{page}"


def hosts(program: MiniProgram) -> dict[str, list[str]]:
    """What is saved, without the types that have nothing."""
    return {kind: [str(row) for row in rows] for kind, rows in actions.domains_of(program).items() if rows}


def typed(program: MiniProgram, **changes: str) -> dict[str, Any]:
    """What the form sends when only `changes` were typed."""
    lists = {kind: "\r\n".join(hosts(program).get(kind, [])) for kind in DomainType.values}
    return {**lists, "seen": fingerprint(actions.domains_of(program)), **changes}


def entries(program: MiniProgram) -> list[ActivityEntry]:
    """The saved changes, newest first."""
    return list(ActivityEntry.objects.of_program(program.app_id).filter(verb="domains.changed"))


def change(program: MiniProgram, by: User, *names: str) -> None:
    """Save these hosts for requests."""
    lists = {kind: [] for kind in DomainType.values} | {"request": [Domain(name) for name in names]}
    actions.change_domains(program, lists=lists, seen=fingerprint(actions.domains_of(program)), by=by)


def test_saves_all_lists_at_once(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    changes = {"request": "FARES.citybus.example/\n\nid.harbour.example:8443", "business": "bücher.example"}

    response = signed_in(developer).post(url(program), typed(program, **changes))
    program.refresh_from_db()

    assert (response.status_code, response.url) == (302, url(program, ""))
    assert hosts(program) == {
        "request": ["https://fares.citybus.example", "https://id.harbour.example:8443"],
        "socket": ["wss://live.citybus.example"],
        "business": ["https://xn--bcher-kva.example"],
    }
    (entry,) = entries(program)
    assert (entry.before, entry.after) == (
        {"request": ["https://api.citybus.example"], "business": []},
        {
            "request": ["https://fares.citybus.example", "https://id.harbour.example:8443"],
            "business": ["https://xn--bcher-kva.example"],
        },
    )
    assert (entry.actor_id, program.last_change) == (developer.pk, "domains.changed")
    assert in_list(program.last_change, program.last_change_label) == "Server domains changed"


@pytest.mark.parametrize("request_list", ["https://api.citybus.example", "\n API.citybus.example:443/ \n\n"])
def test_saving_what_is_there_changes_and_costs_nothing(
    signed_in: SignIn, program: MiniProgram, developer: User, request_list: str
) -> None:
    rows = list(program.server_domains.all())

    response = signed_in(developer).post(url(program), typed(program, request=request_list))

    assert (response.status_code, list(program.server_domains.all()), entries(program)) == (302, rows, [])


def test_what_stays_keeps_its_row(program: MiniProgram, developer: User) -> None:
    kept = program.server_domains.get(kind="request")

    change(program, developer, "api.citybus.example", "b.example")

    assert kept in program.server_domains.all()


def test_bad_lines_are_named_and_everything_typed_stays(
    signed_in: SignIn, program: MiniProgram, developer: User
) -> None:
    changes = {"request": "new.example\n*.citybus.example\n<b>bold</b>.example", "socket": "https://live.example"}

    response = signed_in(developer).post(url(program), typed(program, **changes))
    form, page = response.context["form"], response.content.decode()

    assert response.status_code == 422
    assert form.errors["request"][0] == "Line 2: Wildcards aren’t supported. Enter each domain."
    assert form.errors["request"][1].startswith("Line 3: ")
    assert form.errors["socket"] == ["Line 1: socket domains use wss, not https."]
    assert "new.example\n*.citybus.example\n&lt;b&gt;bold&lt;/b&gt;.example</textarea>" in page
    assert 'aria-describedby="id_request_error"' in page
    assert (hosts(program)["request"], entries(program)) == (["https://api.citybus.example"], [])


def test_a_host_may_stand_in_several_types(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    same = "api.citybus.example"

    response = signed_in(developer).post(url(program), typed(program, uploadFile=same, downloadFile=same))

    assert response.status_code == 302
    assert hosts(program)["uploadFile"] == hosts(program)["downloadFile"] == ["https://api.citybus.example"]


@pytest.mark.parametrize(
    "text", ["a\x00.example", "\x00", "x" * 500_000, "a\n" * 200_000, "*\n" * 1000, "\u202e\ufeff", "%s %(a)s {a}"]
)
def test_no_text_breaks_the_form(signed_in: SignIn, program: MiniProgram, developer: User, text: str) -> None:
    response = signed_in(developer).post(url(program), typed(program, request=text))

    assert response.status_code == 422
    assert len(response.context["form"].errors["request"]) <= MOST_DOMAINS + 1


@override_settings(BASE_URL="https://Console.Example.net:8443")
def test_the_consoles_own_host_is_refused(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    response = signed_in(developer).post(url(program), typed(program, request="console.example.net"))

    assert "own domain" in response.context["form"].errors["request"][0]


def test_a_program_off_the_shelf_may_be_prepared(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    programs.take_off_shelf(program, by=program.created_by, reason="Winter")

    response = signed_in(developer).post(url(program), typed(program, request=""))

    assert (response.status_code, "request" in hosts(program)) == (302, False)


# Quota --------------------------------------------------------------------------------------------------------------


def use_up(program: MiniProgram, by: User) -> None:
    """Save as many changes as a month has."""
    for number in range(MOST_CHANGES):
        change(program, by, f"a{number}.example")


@time_machine.travel(datetime(2026, 11, 26, 12, tzinfo=ZoneInfo("UTC")), tick=False)
def test_a_month_has_so_many_changes(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    client = signed_in(developer)
    why = "You’ve used all 50 changes this month. You can change domains again on 1 Dec."
    use_up(program, developer)

    refused = client.post(url(program), typed(program, request="one-more.example"))
    same = client.post(url(program), typed(program))
    opened = client.get(url(program))
    page = client.get(url(program, "")).content.decode()

    assert (refused.status_code, refused.context["form"].non_field_errors()) == (422, [why])
    assert (same.status_code, opened.status_code, opened.url) == (302, 302, url(program, ""))
    assert hosts(program) == {"request": [f"https://a{MOST_CHANGES - 1}.example"]}
    assert len(entries(program)) == MOST_CHANGES
    assert why in html.unescape(page)
    assert "50 of 50" in page


def test_the_quota_is_of_each_program(program: MiniProgram, developer: User) -> None:
    other = make_program(program.team)
    use_up(other, developer)

    change(program, developer, "a.example")

    assert entries(program)


@pytest.mark.parametrize(
    ("zone", "used_at", "next_change", "possible"),
    [
        ("UTC", "2026-11-01T00:00:00+00:00", "2026-11-30T23:59:59+00:00", False),
        ("UTC", "2026-11-30T23:59:59+00:00", "2026-12-01T00:00:00+00:00", True),
        ("Asia/Tokyo", "2026-11-30T14:59:59+00:00", "2026-11-30T15:00:00+00:00", True),
        ("Asia/Tokyo", "2026-11-30T15:00:00+00:00", "2026-12-01T12:00:00+00:00", False),
        ("UTC", "2026-12-31T12:00:00+00:00", "2027-01-01T00:00:00+00:00", True),
    ],
)
def test_a_new_month_begins_in_the_consoles_time_zone(
    program: MiniProgram, developer: User, zone: str, used_at: str, next_change: str, possible: bool
) -> None:
    with override_settings(TIME_ZONE=zone):
        with time_machine.travel(datetime.fromisoformat(used_at), tick=False):
            use_up(program, developer)
        with time_machine.travel(datetime.fromisoformat(next_change), tick=False):
            if possible:
                change(program, developer, "one-more.example")
            else:
                with pytest.raises(ActionRefused, match="used"):
                    change(program, developer, "one-more.example")

    assert len(entries(program)) == MOST_CHANGES + possible


# Two editors --------------------------------------------------------------------------------------------------------


def test_the_second_editor_sees_what_is_there_now(signed_in: SignIn, program: MiniProgram, developer: User) -> None:
    client, mine = signed_in(developer), typed(program, request="mine.example", business="shop.example")
    other = make_member(program.team, "developer")
    theirs = {"request": [Domain("theirs.example")], "uploadFile": [Domain("upload.example")]}
    lists = {kind: theirs.get(kind, []) for kind in DomainType.values}
    actions.change_domains(program, lists=lists, seen=mine["seen"], by=other)

    response = client.post(url(program), mine)
    form = response.context["form"]

    assert response.status_code == 422
    assert "The server domains changed while you were editing." in response.content.decode()
    assert form.differences == [
        Difference("request", "https://theirs.example", "https://mine.example", False),
        Difference("uploadFile", "https://upload.example", "", True),
        Difference("socket", "", "wss://live.citybus.example", True),
    ]
    assert [edit.actor_label for edit in form.edits] == [other.name]
    assert [form[kind].value() for kind in DomainType.values] == [
        "mine.example", "https://upload.example", "", "", "shop.example"
    ]  # fmt: skip
    assert hosts(program) == {"request": ["https://theirs.example"], "uploadFile": ["https://upload.example"]}

    again = {kind: form[kind].value() for kind in (*DomainType.values, "seen")}
    assert client.post(url(program), again).status_code == 302
    assert hosts(program) == {
        "request": ["https://mine.example"],
        "uploadFile": ["https://upload.example"],
        "business": ["https://shop.example"],
    }


@pytest.mark.parametrize("seen", ["nonsense", "\u2028" * 9, "0" * 5000])
def test_a_fingerprint_that_is_none_saves_nothing(
    signed_in: SignIn, program: MiniProgram, developer: User, seen: str
) -> None:
    response = signed_in(developer).post(url(program), typed(program, request="", seen=seen))

    assert (response.status_code, entries(program)) == (422, [])


def test_the_verb_refuses_an_old_sight(program: MiniProgram, developer: User) -> None:
    seen = fingerprint(actions.domains_of(program))
    change(program, developer, "a.example")

    with pytest.raises(Conflict):
        actions.change_domains(program, lists={kind: [] for kind in DomainType.values}, seen=seen, by=developer)

    assert len(entries(program)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_told(signed_in: SignIn, program: MiniProgram, team: Team) -> None:
    clients = [signed_in(make_member(team, "developer")) for _ in range(2)]
    forms = [typed(program, request=f"editor{number}.example") for number in range(2)]

    def send(number: int) -> int:
        try:
            return clients[number].post(url(program), forms[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(send, range(2)))

    winner = statuses.index(302)
    assert sorted(statuses) == [302, 422]
    assert hosts(program)["request"] == [f"https://editor{winner}.example"]
    assert len(entries(program)) == 1


# Who ----------------------------------------------------------------------------------------------------------------


def test_a_viewer_sees_whom_to_ask(signed_in: SignIn, program: MiniProgram, team: Team) -> None:
    client = signed_in(make_member(team, "viewer"))

    page = client.get(url(program, "")).content.decode()

    assert "Team administrators, license holders and developers of" in page
    assert not re.search(rf'href="{url(program)}', page)
    assert client.get(url(program)).status_code == client.post(url(program), typed(program)).status_code == 403


def test_another_team_finds_nothing(signed_in: SignIn, program: MiniProgram) -> None:
    client = signed_in(make_member(make_team(), "admin"))

    assert [client.get(url(program, page)).status_code for page in ("", "edit/")] == [404, 404]

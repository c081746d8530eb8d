"""The mini program list (L-2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from console.base.accounts.models import User
from miniprograms import actions
from miniprograms.models import IdeDownload
from tests.factories import join, make_category, make_member, make_program, make_team, make_user

SignIn = Callable[[User], Client]
URL = "/miniprograms/"
HOSTILE = ["<script>alert(1)</script>", "\u202egnp.exe", "🚌🚌", "\0", "x" * 5000, "%_\\'\"; --", "ＭＰ", "-1", "١"]


def shown(client: Client, query: str = "") -> list[str]:
    """The names of the programs on the page."""
    response = client.get(URL + query)
    assert response.status_code == 200
    return [program.name for program in response.context["page"]]


def test_shows_only_the_programs_of_the_users_teams(signed_in: SignIn) -> None:
    team = make_team("Harbour")
    user = make_member(team, "viewer")
    ours = make_program(team, "City Bus", online_number="2.4.0", in_audit_number="2.6.0")
    theirs = make_program(name="Foreign Ferry")

    response = signed_in(user).get(URL)
    page = response.content.decode()

    assert [program.name for program in response.context["page"]] == ["City Bus"]
    assert all(text in page for text in (ours.app_id, "Harbour", "2.4.0", "In audit", "1 mini program"))
    assert theirs.app_id not in page and "Foreign" not in page and theirs.team.name not in page


def test_only_reads(signed_in: SignIn) -> None:
    assert signed_in(make_user()).post(URL).status_code == 405


def test_asks_for_a_sign_in() -> None:
    assert Client().get(URL).status_code == 302


@pytest.fixture
def mira(db: None) -> User:
    """A license holder of two teams with four programs."""
    user = make_user("Mira")
    harbour, city = make_team("Harbour", license_holder=user), make_team("City", developer=user)
    make_program(harbour, "City Bus", category=make_category("Transport"))
    make_program(city, "Tax Helper", category=make_category("Government"))
    parking = make_program(harbour, "Parking Meter", category=make_category("Transport"))
    make_program(city, "apple trees", category=make_category("Shopping"))
    actions.take_off_shelf(parking, by=user, reason="Repairs")
    return user


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Parking Meter", "apple trees", "Tax Helper", "City Bus"]),
        ("?sort=changed", ["City Bus", "Tax Helper", "apple trees", "Parking Meter"]),
        ("?sort=name", ["apple trees", "City Bus", "Parking Meter", "Tax Helper"]),
        ("?sort=-name", ["Tax Helper", "Parking Meter", "City Bus", "apple trees"]),
        ("?sort=team", ["apple trees", "Tax Helper", "City Bus", "Parking Meter"]),
        ("?sort=nonsense", ["Parking Meter", "apple trees", "Tax Helper", "City Bus"]),
        ("?q=TAX", ["Tax Helper"]),
        ("?q=+bus+", ["City Bus"]),
        ("?q=nothing", []),
        ("?shelf=off", ["Parking Meter"]),
        ("?shelf=on&sort=name", ["apple trees", "City Bus", "Tax Helper"]),
        ("?shelf=nonsense&q=bus", ["City Bus"]),
        ("?page=999&q=bus", ["City Bus"]),
    ],
)
def test_filters_and_sorts(signed_in: SignIn, mira: User, query: str, names: list[str]) -> None:
    assert shown(signed_in(mira), query) == names


def test_finds_by_app_id(signed_in: SignIn, mira: User) -> None:
    client = signed_in(mira)
    app_id = client.get(URL + "?q=bus").context["page"][0].app_id

    assert shown(client, f"?q={app_id}") == shown(client, f"?q={app_id.upper()}") == ["City Bus"]


def test_filters_by_category(signed_in: SignIn, mira: User) -> None:
    assert shown(signed_in(mira), f"?category={make_category('Government').pk}") == ["Tax Helper"]


def test_counts_each_shelf_within_the_other_filters(signed_in: SignIn, mira: User) -> None:
    client = signed_in(mira)

    def counts(query: str) -> list[tuple[str, int]]:
        return list(client.get(URL + query).context["filter"].counts.items())

    assert counts("?shelf=off") == [("", 4), ("on", 3), ("off", 1)]
    assert counts("?q=bus") == [("", 1), ("on", 1), ("off", 0)]


def test_remembers_the_team(signed_in: SignIn, mira: User) -> None:
    client = signed_in(mira)
    harbour = mira.teams.get(name="Harbour")

    assert shown(client, f"?team={harbour.pk}") == ["Parking Meter", "City Bus"]
    again = client.get(URL + "?q=bus")
    assert (again.status_code, again.url) == (302, f"{URL}?q=bus&team={harbour.pk}")
    assert len(shown(client, "?team=")) == 4
    assert len(shown(client)) == 4


@pytest.mark.parametrize("value", ["foreign", "987654321", "no id", "\x00"])
def test_a_team_that_is_not_the_users_is_404_and_not_remembered(signed_in: SignIn, mira: User, value: str) -> None:
    client = signed_in(mira)
    foreign = make_program(name="Foreign Ferry").team

    response = client.get(URL, {"team": str(foreign.pk) if value == "foreign" else value})

    assert response.status_code == 404
    assert foreign.name not in response.content.decode()
    assert client.get(URL).status_code == 200


def test_a_team_that_was_left_is_forgotten(signed_in: SignIn, mira: User) -> None:
    client = signed_in(mira)
    harbour = mira.teams.get(name="Harbour")
    client.get(f"{URL}?team={harbour.pk}")
    harbour.memberships.filter(user=mira).delete()

    assert client.get(URL).status_code == 200
    assert client.get(f"{URL}?team={harbour.pk}").status_code == 404


@pytest.mark.parametrize("name", ["q", "category", "shelf", "sort", "page"])
@pytest.mark.parametrize("value", HOSTILE)
def test_takes_any_value(signed_in: SignIn, mira: User, name: str, value: str) -> None:
    assert signed_in(mira).get(URL, {name: value, "team": ""}).status_code == 200
    assert signed_in(mira).get(URL, {name: value}).status_code == 200


def test_escapes_names(signed_in: SignIn) -> None:
    user = make_user()
    make_program(make_team("<i>T</i>", viewer=user), "<b>Bold</b>", last_change_label="<u>x</u>")

    page = signed_in(user).get(URL).content.decode()

    assert not any(tag in page for tag in ("<b>Bold", "<i>T", "<u>x"))


def test_creating_is_impossible_for_who_may_in_no_team(signed_in: SignIn) -> None:
    team = make_team()
    developer, holder = make_member(team, "developer"), make_member(team, "license_holder")

    refused, offered = (signed_in(user).get(URL).content.decode() for user in (developer, holder))

    assert "Only team administrators and license holders" in refused and 'href="/miniprograms/create/"' not in refused
    assert "Only team administrators and license holders" not in offered and 'href="/miniprograms/create/"' in offered


def test_says_why_the_row_menu_refuses(signed_in: SignIn) -> None:
    team = make_team()
    program = make_program(team)

    viewer = signed_in(make_member(team, "viewer")).get(URL).content.decode()
    holder = signed_in(make_member(team, "license_holder")).get(URL).content.decode()

    edit = f"/miniprograms/{program.app_id}/edit/"
    assert edit not in viewer and "Only team administrators and license holders can do this." in viewer
    assert edit in holder


def test_is_empty_in_two_ways(signed_in: SignIn) -> None:
    client = signed_in(make_user())

    assert "No mini programs yet" in client.get(URL).content.decode()
    assert "No mini program matches" in client.get(URL + "?q=x").content.decode()


def test_offers_the_newest_ide_of_each_system(signed_in: SignIn) -> None:
    for version, platform, day in [
        ("3.8.0", "macos", "2026-10-01"),
        ("3.8.1", "macos", "2026-11-04"),
        ("3.7.9", "linux", "2026-09-01"),
    ]:
        IdeDownload.objects.create(
            version=version, platform=platform, released_on=day, url=f"https://ide.example/{version}/{platform}"
        )

    page = signed_in(make_user()).get(URL).content.decode()

    assert "Luffa Cloud IDE 3.8.1" in page
    assert [url in page for url in ("/3.8.1/macos", "/3.8.0/macos", "/3.7.9/linux")] == [True, False, True]


def queries(client: Client, query: str) -> list[str]:
    """The statements of one visit."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(URL + query).status_code == 200
    return [row["sql"] for row in captured.captured_queries]


def test_asks_the_same_number_of_questions_for_any_number_of_rows(signed_in: SignIn) -> None:
    user = make_user()
    make_program(make_team(admin=user), in_audit_number="1.0.0")
    client = signed_in(user)
    one = queries(client, "?team=")

    for _ in range(2):
        team = make_team()
        join(team, user, "viewer")
        make_program(team, category=make_category(team.name))
    three = queries(client, "?team=")

    assert len(one) == len(three)
    assert len(one) <= 16, one


def test_pages(signed_in: SignIn, settings: Any) -> None:
    settings.PAGE_SIZE = 2
    user = make_user()
    team = make_team(admin=user)
    for number in range(5):
        make_program(team, f"Program {number}", created_by=user)
    client = signed_in(user)

    for sort in ("name", "-name", "changed", "team"):
        pages = [shown(client, f"?sort={sort}&page={page}") for page in (1, 2, 3)]
        settings.PAGE_SIZE = 25
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [name for page in pages for name in page] == shown(client, f"?sort={sort}")
        settings.PAGE_SIZE = 2
    assert "?sort=name&amp;page=3" in client.get(URL + "?sort=name&page=2").content.decode()

"""Taking a mini program off the shelf and putting it back (L-4)."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from console.base.accounts.models import Team, User
from console.base.activity.models import ActivityEntry
from miniprograms.models import MiniProgram
from miniprograms.states import Shelf
from tests.factories import PASSWORD, make_binding, make_member, make_online, make_program, make_team

SignIn = Callable[[User], Client]
MOVES = [("take-off", Shelf.ON, Shelf.OFF), ("put-on", Shelf.OFF, Shelf.ON)]
WHY = {"note": "The timetable is wrong."}


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def holder(team: Team) -> User:
    return make_member(team, "license_holder")


def url(program: MiniProgram, move: str) -> str:
    """The dialog's address."""
    return f"/miniprograms/{program.app_id}/{move}/"


def moves(program: MiniProgram) -> int:
    """How many moves are in the log."""
    verbs = ("mini_program.taken_off_shelf", "mini_program.put_on_shelf")
    return ActivityEntry.objects.of_program(program.app_id).filter(verb__in=verbs).count()


@pytest.mark.parametrize(("move", "before", "after"), MOVES)
def test_moves(signed_in: SignIn, team: Team, holder: User, move: str, before: Shelf, after: Shelf) -> None:
    program = make_program(team, shelf=before, online_number="2.4.0")

    response = signed_in(holder).post(url(program, move), WHY)
    program.refresh_from_db()
    entry = ActivityEntry.objects.of_program(program.app_id).first()

    assert (response.status_code, response.url) == (302, program.get_absolute_url())
    assert (program.shelf, program.online_number) == (after, "2.4.0")
    assert (entry.before, entry.after, entry.reason) == ({"shelf": before}, {"shelf": after}, WHY["note"])
    assert moves(program) == 1


@pytest.mark.parametrize(("move", "before", "_after"), MOVES)
def test_refuses_other_methods(
    signed_in: SignIn, team: Team, holder: User, move: str, before: Shelf, _after: Shelf
) -> None:
    program = make_program(team, shelf=before)

    assert [getattr(signed_in(holder), method)(url(program, move)).status_code for method in ("put", "delete")] == [
        405,
        405,
    ]


@pytest.mark.parametrize(("move", "before", "_after"), MOVES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_teams_program_is_not_there(
    signed_in: SignIn, team: Team, method: str, move: str, before: Shelf, _after: Shelf
) -> None:
    program = make_program(team, shelf=before)

    assert getattr(signed_in(make_member(make_team(), "admin")), method)(url(program, move), WHY).status_code == 404
    assert moves(program) == 0


@pytest.mark.parametrize("role", ["developer", "viewer"])
@pytest.mark.parametrize(("move", "before", "_after"), MOVES)
def test_lower_roles_are_forbidden(
    signed_in: SignIn, team: Team, role: str, move: str, before: Shelf, _after: Shelf
) -> None:
    program = make_program(team, shelf=before)
    client = signed_in(make_member(team, role))

    assert [client.get(url(program, move)).status_code, client.post(url(program, move), WHY).status_code] == [403, 403]
    assert moves(program) == 0


@pytest.mark.parametrize(("move", "before", "_after"), MOVES)
def test_twice_says_that_it_is_done(
    signed_in: SignIn, team: Team, holder: User, move: str, before: Shelf, _after: Shelf
) -> None:
    program = make_program(team, shelf=before)
    client = signed_in(holder)

    assert [client.post(url(program, move), WHY).status_code for _ in range(2)] == [302, 422]
    assert (
        f"Already done: the mini program is {'off' if move == 'take-off' else 'on'} the shelf."
        in client.post(url(program, move), WHY).content.decode()
    )
    assert moves(program) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("move", "before", "after"), MOVES)
def test_at_once_moves_once(signed_in: SignIn, move: str, before: Shelf, after: Shelf) -> None:
    team = make_team()
    program = make_program(team, shelf=before)
    clients = [signed_in(make_member(team, "license_holder")) for _ in range(2)]

    def send(client: Client) -> int:
        try:
            return client.post(url(program, move), WHY).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, clients))
    program.refresh_from_db()

    assert (statuses, program.shelf, moves(program)) == ([302, 422], after, 1)


@pytest.mark.parametrize("reason", ["", "  ", "\0", "x" * 501, "x" * 5000])
def test_taking_off_needs_a_reason(signed_in: SignIn, team: Team, holder: User, reason: str) -> None:
    program = make_program(team)

    response = signed_in(holder).post(url(program, "take-off"), {"note": reason})

    assert (response.status_code, [*response.context["form"].errors]) == (422, ["note"])
    assert moves(program) == 0


def make_old(client: Client, minutes: int = 16) -> None:
    """Let the last proof of who this is be `minutes` old."""
    session = client.session
    session["account_authentication_methods"] = [
        record | {"at": time.time() - minutes * 60} for record in session["account_authentication_methods"]
    ]
    session.save()


def test_taking_off_asks_for_the_password_after_a_quarter_of_an_hour(
    signed_in: SignIn, team: Team, holder: User
) -> None:
    program = make_program(team)
    client = signed_in(holder)
    make_old(client)

    assert "sudo_password" in client.get(url(program, "take-off")).content.decode()
    assert client.post(url(program, "take-off"), WHY).status_code == 403
    assert client.post(url(program, "take-off"), WHY | {"sudo_password": "wrong"}).status_code == 403
    assert moves(program) == 0
    assert client.post(url(program, "take-off"), WHY | {"sudo_password": PASSWORD}).status_code == 302
    assert moves(program) == 1


def test_the_dialog_says_what_happens(signed_in: SignIn, team: Team, holder: User) -> None:
    program = make_program(team, "City Bus")
    make_binding(program)
    make_online(program, "2.4.0")

    page = (
        signed_in(holder)
        .get(url(program, "take-off"), headers={"HX-Request": "true", "HX-Target": "dialog"})
        .content.decode()
    )

    assert "<html" not in page and "Take City Bus off the shelf?" in page
    for words in (
        "All apps immediately lose City Bus",
        "You can’t publish or roll back until it is back on the shelf.",
        "submit for audit",
        "devices get 2.4.0 again",
        "1 host app",
        program.bindings.get().application.name,
    ):
        assert words in page


def test_a_dialog_answers_with_a_redirect_of_the_whole_page(signed_in: SignIn, team: Team, holder: User) -> None:
    program = make_program(team)

    response = signed_in(holder).post(
        url(program, "take-off"), WHY, headers={"HX-Request": "true", "HX-Target": "dialog"}
    )

    assert response["HX-Redirect"] == program.get_absolute_url()


def test_refused_actions_are_named_in_the_dialog(signed_in: SignIn, team: Team, holder: User) -> None:
    program: Any = make_program(team, shelf=Shelf.OFF)

    page = signed_in(holder).get(url(program, "put-on")).content.decode()

    assert "You can publish and roll back again" in page
    assert "All bound apps immediately get" not in page

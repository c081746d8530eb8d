"""Asking for a binding, taking the request back, unbinding (L-6)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from console.base.accounts.models import Notification, Team, User
from console.base.activity.events import in_list
from console.base.activity.models import ActivityEntry
from console.base.core.errors import Conflict
from console.base.hosts.states import DecisionState
from miniprograms import actions
from miniprograms.models import Binding, MiniProgram
from tests.factories import (
    PASSWORD,
    make_application,
    make_audit,
    make_binding,
    make_member,
    make_program,
    make_reviewer,
    make_team,
)

SignIn = Callable[[User], Client]
WHY = "Bus riders pay in your app."


@pytest.fixture
def team(db: None) -> Team:
    return make_team()


@pytest.fixture
def holder(team: Team) -> User:
    return make_member(team, "license_holder")


@pytest.fixture
def program(team: Team) -> MiniProgram:
    return make_program(team, "City Bus")


def ask_url(program: MiniProgram) -> str:
    """Where to ask."""
    return f"/miniprograms/{program.app_id}/bindings/ask/"


def url(binding: Binding, move: str, program: MiniProgram | None = None) -> str:
    """The address of a move of a binding, through its program or another one."""
    return f"/miniprograms/{(program or binding.mini_program).app_id}/bindings/{binding.pk}/{move}/"


def entries(program: MiniProgram, verb: str) -> int:
    """How many entries of that verb the program's log has."""
    return ActivityEntry.objects.of_program(program.app_id).filter(verb=verb).count()


# Ask --------------------------------------------------------------------------------------------------------------


def test_asks(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    application = make_application(name="Harbour Super App")
    reviewer = make_reviewer(application)

    response = signed_in(holder).post(ask_url(program), {"application": application.pk, "reason": WHY})
    binding = program.bindings.get()

    assert (response.status_code, response.url) == (302, program.get_absolute_url())
    assert (binding.state, binding.requested_by, binding.reason) == (DecisionState.WAITING, holder, WHY)
    assert [notice.user for notice in Notification.objects.all()] == [reviewer]
    assert entries(program, "binding.requested") == 1
    program.refresh_from_db()
    assert in_list(program.last_change, program.last_change_label) == "Binding requested: Harbour Super App"


@pytest.mark.parametrize("method", ["put", "delete"])
def test_asking_refuses_other_methods(signed_in: SignIn, program: MiniProgram, holder: User, method: str) -> None:
    assert getattr(signed_in(holder), method)(ask_url(program)).status_code == 405


@pytest.mark.parametrize(("role", "status"), [("developer", 403), ("viewer", 403), ("stranger", 404)])
def test_asking_is_for_license_holders(
    signed_in: SignIn, team: Team, program: MiniProgram, role: str, status: int
) -> None:
    user = make_member(make_team(), "admin") if role == "stranger" else make_member(team, role)
    client, typed = signed_in(user), {"application": make_application().pk, "reason": WHY}

    assert [client.get(ask_url(program)).status_code, client.post(ask_url(program), typed).status_code] == [
        status,
        status,
    ]
    assert Binding.objects.count() == 0


def test_offers_listed_applications_and_those_of_the_team(
    signed_in: SignIn, team: Team, program: MiniProgram, holder: User
) -> None:
    listed, own = make_application(name="Listed"), make_application(team, name="Own", listed=False)
    hidden, asked = make_application(name="Hidden", listed=False), make_application(name="Asked")
    rejected = make_application(name="Rejected")
    make_binding(program, asked, state="waiting")
    make_binding(program, rejected, state="rejected", note="No.")
    client = signed_in(holder)

    page = client.get(ask_url(program))

    assert [*page.context["form"].fields["application"].queryset] == [listed, own, rejected]
    assert "Hidden" not in page.content.decode()
    for application in (hidden, asked):
        refused = client.post(ask_url(program), {"application": application.pk, "reason": WHY})
        assert (refused.status_code, [*refused.context["form"].errors]) == (422, ["application"])


@pytest.mark.parametrize("reason", ["", " ", "\0", "x" * 501])
def test_asking_needs_a_reason(signed_in: SignIn, program: MiniProgram, holder: User, reason: str) -> None:
    response = signed_in(holder).post(ask_url(program), {"application": make_application().pk, "reason": reason})

    assert (response.status_code, [*response.context["form"].errors]) == (422, ["reason"])


def test_asking_twice_makes_one(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    client, typed = signed_in(holder), {"application": make_application().pk, "reason": WHY}

    assert [client.post(ask_url(program), typed).status_code for _ in range(2)] == [302, 422]
    assert program.bindings.count() == 1


@pytest.mark.django_db(transaction=True)
def test_asking_at_once_makes_one(signed_in: SignIn) -> None:
    team = make_team()
    program, typed = make_program(team), {"application": make_application().pk, "reason": WHY}
    clients = [signed_in(make_member(team, "license_holder")) for _ in range(2)]

    def send(client: Client) -> int:
        try:
            return client.post(ask_url(program), typed).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        statuses = sorted(pool.map(send, clients))

    assert (statuses, program.bindings.count(), entries(program, "binding.requested")) == ([302, 422], 1, 1)


# Withdraw and unbind ----------------------------------------------------------------------------------------------

MOVES = [
    ("withdraw", DecisionState.WAITING, DecisionState.WITHDRAWN, "binding.withdrawn"),
    ("unbind", DecisionState.APPROVED, DecisionState.ENDED, "binding.ended"),
]


@pytest.mark.parametrize(("move", "before", "after", "verb"), MOVES)
def test_moves(
    signed_in: SignIn, program: MiniProgram, holder: User, move: str, before: str, after: str, verb: str
) -> None:
    binding = make_binding(program, state=before)

    response = signed_in(holder).post(url(binding, move), {"note": "Season is over."})
    binding.refresh_from_db()
    program.refresh_from_db()

    assert (response.status_code, response.url) == (302, program.get_absolute_url())
    assert (binding.state, binding.end_reason) == (after, "Season is over." if move == "unbind" else "")
    assert (program.last_change, entries(program, verb)) == (verb, 1)


@pytest.mark.parametrize(("move", "before", "_after", "_verb"), MOVES)
def test_moves_refuse_other_methods(
    signed_in: SignIn, program: MiniProgram, holder: User, move: str, before: str, _after: str, _verb: str
) -> None:
    assert signed_in(holder).put(url(make_binding(program, state=before), move)).status_code == 405


@pytest.mark.parametrize(("move", "before", "_after", "_verb"), MOVES)
def test_lower_roles_and_strangers_may_not(
    signed_in: SignIn, team: Team, program: MiniProgram, move: str, before: str, _after: str, _verb: str
) -> None:
    binding = make_binding(program, state=before)
    users = [make_member(team, "developer"), make_member(team, "viewer"), make_member(make_team(), "admin")]

    assert [signed_in(user).post(url(binding, move)).status_code for user in users] == [403, 403, 404]
    assert Binding.objects.get(pk=binding.pk).state == before


@pytest.mark.parametrize(("move", "before", "_after", "_verb"), MOVES)
def test_a_binding_of_another_program_is_not_there(
    signed_in: SignIn, program: MiniProgram, holder: User, move: str, before: str, _after: str, _verb: str
) -> None:
    foreign = make_binding(make_program(), state=before)

    assert signed_in(holder).post(url(foreign, move, program)).status_code == 404
    assert signed_in(holder).post(f"/miniprograms/{program.app_id}/bindings/{10**30}/{move}/").status_code == 404


@pytest.mark.parametrize(("move", "before", "_after", "verb"), MOVES)
def test_twice_says_who_was_first(
    signed_in: SignIn, program: MiniProgram, holder: User, move: str, before: str, _after: str, verb: str
) -> None:
    binding = make_binding(program, state=before)
    client = signed_in(holder)

    assert [client.post(url(binding, move)).status_code for _ in range(2)] == [302, 422]
    assert "Already done" in client.post(url(binding, move)).content.decode()
    assert entries(program, verb) == 1


@pytest.mark.django_db(transaction=True)
def test_withdrawing_and_approving_at_once_does_one_of_them(signed_in: SignIn) -> None:
    program = make_program()
    binding = make_binding(program, state="waiting")
    reviewer, client = make_reviewer(binding.application), signed_in(program.created_by)

    def approve() -> None:
        try:
            actions.decide_binding(Binding.objects.get(pk=binding.pk), approve=True, by=reviewer)
        except Conflict:
            pass
        finally:
            connection.close()

    def withdraw() -> None:
        try:
            client.post(url(binding, "withdraw"))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for move in [pool.submit(approve), pool.submit(withdraw)]:
            move.result()
    binding.refresh_from_db()

    done = [entries(program, verb) for verb in ("binding.approved", "binding.withdrawn")]
    assert (binding.state, done) in [("approved", [1, 0]), ("withdrawn", [0, 1])]


def test_the_unbind_dialog_says_what_devices_get(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    binding = make_binding(program, make_application(name="Metro Wallet"))
    make_audit(program, "2.6.0")

    page = signed_in(holder).get(url(binding, "unbind")).content.decode()

    for words in (
        "Unbind City Bus from Metro Wallet?",
        "At their next check, devices with Metro Wallet are notified that City Bus was removed.",
        "Metro Wallet no longer decides in the audit of 2.6.0.",
        "No other app is bound. Devices no longer get City Bus.",
    ):
        assert words in page


@pytest.mark.parametrize(
    ("move", "before", "words"),
    [
        ("withdraw", "waiting", "The binding request of City Bus was withdrawn"),
        ("unbind", "approved", "City Bus was unbound from Metro Wallet"),
    ],
)
def test_who_decides_for_the_application_is_told(
    signed_in: SignIn, program: MiniProgram, holder: User, move: str, before: str, words: str
) -> None:
    application = make_application(name="Metro Wallet")
    reviewer = make_reviewer(application)
    binding = make_binding(
        program, application, state=before, **({} if move == "withdraw" else {"decided_by": reviewer})
    )
    make_member(application.team, "admin")

    signed_in(holder).post(url(binding, move), {"note": "Season is over."})

    notice = Notification.objects.get()
    detail = "Season is over." if move == "unbind" else ""
    assert (notice.user, notice.text, notice.detail) == (reviewer, words, detail)
    assert signed_in(reviewer).get(notice.url).status_code == 200


def test_who_asked_and_left_the_team_is_not_told(program: MiniProgram, team: Team, holder: User) -> None:
    left = program.created_by
    binding = make_binding(program, state="waiting", requested_by=left)
    team.memberships.filter(user=left).delete()
    make_member(team, "developer")

    actions.decide_binding(binding, approve=True, by=make_reviewer(binding.application))

    assert [notice.user for notice in Notification.objects.all()] == [holder]


def test_unbinding_with_an_old_proof_asks_for_the_password(
    signed_in: SignIn, program: MiniProgram, holder: User
) -> None:
    binding, client = make_binding(program), signed_in(holder)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert client.post(url(binding, "unbind")).status_code == 403
        assert program.bindings.bound().count() == 1
        assert client.post(url(binding, "unbind"), {"sudo_password": PASSWORD}).status_code == 302
    assert program.bindings.bound().count() == 0


def test_after_unbinding_one_can_ask_again(signed_in: SignIn, program: MiniProgram, holder: User) -> None:
    binding = make_binding(program)
    client = signed_in(holder)

    client.post(url(binding, "unbind"))

    typed = {"application": binding.application_id, "reason": WHY}
    assert client.post(ask_url(program), typed).status_code == 302
    assert [row.state for row in program.bindings.all()] == ["waiting", "ended"]

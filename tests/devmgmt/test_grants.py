"""How exemptions (D-2) and interface permissions (D-3) move: one shape for both."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from console.base.accounts.models import Notification, User
from console.base.core.errors import ActionRefused, Conflict
from console.base.hosts.models import HostApplication
from console.base.hosts.states import DecisionState
from devmgmt import actions
from devmgmt.models import ApiPermission, DomainExemption, ProgramGrant
from miniprograms.models import MiniProgram
from tests.devmgmt.granting import at_once, move_url, page, told, verbs
from tests.factories import (
    make_application,
    make_exemption,
    make_member,
    make_permission,
    make_program,
    make_reviewer,
)

SignIn = Callable[[User], Client]
KINDS = [("exemption", make_exemption), ("permission", make_permission)]


# Withdraw and give up -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "make"), KINDS)
@pytest.mark.parametrize(
    ("move", "before", "after"),
    [
        ("withdraw", DecisionState.WAITING, DecisionState.WITHDRAWN),
        ("give-up", DecisionState.APPROVED, DecisionState.ENDED),
    ],
)
def test_moves(
    signed_in: SignIn,
    program: MiniProgram,
    application: HostApplication,
    developer: User,
    kind: str,
    make: Callable[..., ProgramGrant],
    move: str,
    before: str,
    after: str,
) -> None:
    grant, client = make(program, application, state=before), signed_in(developer)
    Notification.objects.all().delete()

    dialog = client.get(move_url(grant, move))
    response = client.post(move_url(grant, move))
    grant.refresh_from_db()

    assert dialog.status_code == 200
    assert application.name in dialog.content.decode()
    assert (response.status_code, response.url.partition("?")[0]) == (
        302,
        page(program, "domains" if kind == "exemption" else kind + "s"),
    )
    assert (grant.state, grant.ended_by) == (after, developer if move == "give-up" else None)
    assert verbs(program) == [f"{kind}.{'given_up' if move == 'give-up' else 'withdrawn'}"]
    assert set(told()) == {row.user for row in application.people.all()}


@pytest.mark.parametrize(("kind", "make"), KINDS)
@pytest.mark.parametrize(
    ("move", "state", "words"),
    [
        ("withdraw", "approved", "this is now approved"),
        ("withdraw", "rejected", "this is now rejected"),
        ("withdraw", "withdrawn", "this is now withdrawn"),
        ("give-up", "waiting", "this is now waiting"),
        ("give-up", "ended", "this is now ended"),
    ],
)
def test_who_comes_too_late_is_told(
    signed_in: SignIn,
    program: MiniProgram,
    application: HostApplication,
    developer: User,
    kind: str,
    make: Callable[..., ProgramGrant],
    move: str,
    state: str,
    words: str,
) -> None:
    grant = make(program, application, state=state)

    response = signed_in(developer).post(move_url(grant, move))
    grant.refresh_from_db()

    assert (response.status_code, grant.state, verbs(program)) == (422, state, [])
    assert words in response.content.decode()


@pytest.mark.parametrize(("kind", "make"), KINDS)
@pytest.mark.parametrize("move", ["withdraw", "give-up"])
def test_another_programs_grant_is_not_found(
    signed_in: SignIn,
    program: MiniProgram,
    application: HostApplication,
    developer: User,
    kind: str,
    make: Callable[..., ProgramGrant],
    move: str,
) -> None:
    foreign, own_other = make(make_program(), application), make(make_program(program.team), application)
    client = signed_in(developer)

    for url in (move_url(foreign, move, program), move_url(foreign, move), move_url(own_other, move, program)):
        assert client.post(url).status_code == 404
    assert set(DomainExemption.objects.values_list("state")) | set(ApiPermission.objects.values_list("state")) == {
        ("approved",)
    }


# Decide and revoke --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "make"), KINDS)
@pytest.mark.parametrize("approve", [True, False])
def test_a_decision_is_told_to_who_asked(
    program: MiniProgram, application: HostApplication, kind: str, make: Callable[..., ProgramGrant], approve: bool
) -> None:
    grant, reviewer = make(program, application, state="waiting"), make_reviewer(application)
    Notification.objects.all().delete()

    actions.decide(grant, approve=approve, by=reviewer, note="List your four hosts.")
    grant.refresh_from_db()

    assert (grant.state, grant.decided_by, grant.note) == (
        "approved" if approve else "rejected",
        reviewer,
        "List your four hosts.",
    )
    assert verbs(program) == [f"{kind}.{'approved' if approve else 'rejected'}"]
    assert told() == [program.created_by]


@pytest.mark.parametrize(("kind", "make"), KINDS)
def test_nobody_decides_their_own_request(
    program: MiniProgram, application: HostApplication, kind: str, make: Callable[..., ProgramGrant]
) -> None:
    """P-2."""
    grant = make(program, application, state="waiting")

    for approve in (True, False):
        with pytest.raises(ActionRefused, match="Someone else must decide"):
            actions.decide(grant, approve=approve, by=program.created_by, note="Fine.")
    grant.refresh_from_db()

    assert (grant.state, verbs(program)) == ("waiting", [])


def test_a_rejection_needs_a_note(program: MiniProgram, application: HostApplication) -> None:
    exemption = make_exemption(program, application, state="waiting")

    with pytest.raises(ActionRefused, match="A rejection needs a note"):
        actions.decide(exemption, approve=False, by=make_reviewer(application), note="  ")


def test_only_a_bound_application_grants(program: MiniProgram) -> None:
    application = make_application()
    exemption = make_exemption(program, application, state="waiting")

    with pytest.raises(ActionRefused, match="isn’t bound to"):
        actions.decide(exemption, approve=True, by=make_reviewer(application))
    assert verbs(program) == []


@pytest.mark.parametrize(("kind", "make"), KINDS)
def test_a_revocation_is_told_with_its_reason(
    program: MiniProgram, application: HostApplication, kind: str, make: Callable[..., ProgramGrant]
) -> None:
    grant, reviewer = make(program, application), make_reviewer(application)
    manager, _developer = make_member(program.team, "admin"), make_member(program.team, "developer")
    Notification.objects.all().delete()

    with pytest.raises(ActionRefused, match="Enter a reason"):
        actions.revoke(grant, by=reviewer, reason=" ")
    actions.revoke(grant, by=reviewer, reason="A host sent malware.")
    with pytest.raises(Conflict):
        actions.revoke(grant, by=reviewer, reason="Again.")
    grant.refresh_from_db()

    assert (grant.state, grant.ended_by, grant.end_reason) == ("ended", reviewer, "A host sent malware.")
    assert verbs(program) == [f"{kind}.revoked"]
    told = {(notice.user, notice.detail) for notice in Notification.objects.all()}
    assert told == {(person, "A host sent malware.") for person in (program.created_by, manager)}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "possible"),
    [
        ("waiting", {"approved": "exemption.approved", "withdrawn": "exemption.withdrawn"}),
        ("approved", {"revoked": "exemption.revoked", "ended": "exemption.given_up"}),
    ],
)
def test_of_two_hands_at_once_one_moves(
    program: MiniProgram, application: HostApplication, state: str, possible: dict[str, str]
) -> None:
    exemption, reviewer = make_exemption(program, application, state=state), make_reviewer(application)
    mine, theirs = DomainExemption.objects.get(), DomainExemption.objects.get()

    refusals = at_once(
        *(
            (
                lambda: actions.decide(theirs, approve=True, by=reviewer),
                lambda: actions.withdraw(mine, by=program.created_by),
            )
            if state == "waiting"
            else (
                lambda: actions.revoke(theirs, by=reviewer, reason="Malware."),
                lambda: actions.give_up(mine, by=program.created_by),
            )
        )
    )
    exemption.refresh_from_db()

    assert sorted(map(bool, refusals)) == [False, True]
    shown = "approved" if exemption.shown_state == "granted" else exemption.shown_state
    assert verbs(program) == [possible[shown]]


@pytest.mark.django_db(transaction=True)
def test_two_reviewers_at_once_decide_once(program: MiniProgram, application: HostApplication) -> None:
    make_exemption(program, application, state="waiting")
    reviewers = [make_reviewer(application) for _ in range(2)]
    rows = [DomainExemption.objects.get() for _ in range(2)]

    refusals = at_once(
        lambda: actions.decide(rows[0], approve=True, by=reviewers[0]),
        lambda: actions.decide(rows[1], approve=False, by=reviewers[1], note="No."),
    )

    assert sorted(map(bool, refusals)) == [False, True]
    assert len(verbs(program)) == 1

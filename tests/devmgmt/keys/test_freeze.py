"""Freezing and unfreezing (K-2)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from console.base.core.errors import ActionRefused, Conflict
from devmgmt.keys import actions, tokens
from devmgmt.keys.states import Overlap, TokenKind
from tests.devmgmt.keys.asking import CALLER, at_once, entries, errcode, told, url
from tests.factories import make_member, make_program


@pytest.fixture
def made(program, admin):
    return actions.generate(program, by=admin)


def freeze(program, by):
    return actions.freeze(program, reason="Leaked", by=by)


def test_every_use_is_refused_at_once_and_comes_back(program, admin, made):
    other = make_member(program.team, "admin")
    given = [tokens.issue(program.app_id, made.secret, kind=kind, caller=CALLER).token for kind in TokenKind]

    row = freeze(program, admin)

    assert row.state == "frozen"
    for kind in TokenKind:
        assert errcode(lambda kind=kind: tokens.issue(program.app_id, made.secret, kind=kind, caller=CALLER)) == 40243
    assert errcode(lambda: tokens.authenticate(program.app_id, made.secret, caller=CALLER)) == 40243
    assert errcode(lambda: tokens.authenticate(program.app_id, "0" * 32, caller=CALLER)) == 40125
    assert [errcode(lambda token=token: tokens.program_of(token)) for token in given] == [40243, 40243]
    actions.unfreeze(program, by=admin)
    assert [tokens.program_of(token) for token in given] == [program, program]
    assert tokens.authenticate(program.app_id, made.secret, caller=CALLER) == program
    hint = f"…{made.secret[-4:]}"
    assert [(entry.verb, entry.reason, entry.before, entry.after) for entry in entries(program)[1:]] == [
        ("secret.frozen", "Leaked", {"state": "active", "secret": hint}, {"state": "frozen", "secret": hint}),
        ("secret.unfrozen", "", {"state": "frozen", "secret": hint}, {"state": "active", "secret": hint}),
    ]
    assert told() == [other, other]


def test_a_token_of_a_secret_that_has_ended_is_frozen_too(program, admin, made):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        actions.reset(program, seen=made.row.pk, overlap=Overlap.HOUR, reason="Rotation", by=admin)
        clock.shift(timedelta(minutes=50))
        token = tokens.issue(program.app_id, made.secret, kind=TokenKind.PLAIN, caller=CALLER).token
        clock.shift(timedelta(minutes=20))
        assert tokens.program_of(token) == program
        freeze(program, admin)
        assert errcode(lambda: tokens.program_of(token)) == 40243


def test_twice(program, admin, made):
    with pytest.raises(Conflict, match="isn’t frozen"):
        actions.unfreeze(program, by=admin)
    freeze(program, admin)
    with pytest.raises(Conflict, match="already frozen"):
        freeze(program, admin)
    assert [entry.verb for entry in entries(program)] == ["secret.generated", "secret.frozen"]


def test_nothing_to_freeze(program, admin):
    for move in (lambda: freeze(program, admin), lambda: actions.unfreeze(program, by=admin)):
        with pytest.raises(ActionRefused, match="There is no secret yet"):
            move()


def test_without_a_reason(program, admin, made):
    with pytest.raises(ActionRefused, match="Enter a reason"):
        actions.freeze(program, reason=" ", by=admin)


def test_another_program_goes_on(program, admin, made):
    other = make_program(program.team)
    secret = actions.generate(other, by=admin).secret
    freeze(program, admin)
    assert tokens.authenticate(other.app_id, secret, caller=CALLER) == other


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_freezes(program, admin, made):
    answers = at_once(*[lambda: freeze(program, admin)] * 2)
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]
    assert len(entries(program)) == 2


def test_the_pages(signed_in, program, admin, made):
    client = signed_in(admin)
    assert "Freeze the AppSecret of City Bus?" in client.get(url(program, "freeze")).content.decode()
    assert client.post(url(program, "freeze"), {"note": ""}).status_code == 422
    answer = client.post(url(program, "freeze"), {"note": "Leaked"})
    assert (answer.status_code, answer.url) == (302, url(program))
    again = client.post(url(program, "freeze"), {"note": "Leaked again"})
    assert again.status_code == 422
    assert "The secret is already frozen." in again.content.decode()
    assert "Leaked again" in again.content.decode()
    answer = client.post(url(program, "unfreeze"), {"note": ""})
    assert (answer.status_code, answer.url) == (302, url(program))
    assert [entry.verb for entry in entries(program)][1:] == ["secret.frozen", "secret.unfrozen"]


def test_another_teams_program_and_lower_roles(signed_in, program, admin, made):
    holder = signed_in(make_member(program.team, "license_holder"))
    for move in ("freeze", "unfreeze"):
        assert signed_in(admin).post(url(make_program(), move), {"note": "x"}).status_code == 404
        assert holder.post(url(program, move), {"note": "x"}).status_code == 403
        assert signed_in(admin).delete(url(program, move)).status_code == 405
    assert len(entries(program)) == 1

"""Replacing a secret (K-2)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from console.base.core.errors import ActionRefused, Conflict
from devmgmt.keys import actions, tokens
from devmgmt.keys.models import AppSecret
from devmgmt.keys.states import Overlap, TokenKind
from tests.devmgmt.keys.asking import CALLER, at_once, entries, errcode, told, url
from tests.factories import make_member, make_program


@pytest.fixture
def made(program, admin):
    return actions.generate(program, by=admin)


def reset(program, made, by, overlap=Overlap.NONE, reason="Leaked"):
    return actions.reset(program, seen=made.row.pk, overlap=overlap, reason=reason, by=by)


def use(program, secret):
    return tokens.authenticate(program.app_id, secret, caller=CALLER)


def give(program, secret, kind=TokenKind.PLAIN):
    return tokens.issue(program.app_id, secret, kind=kind, caller=CALLER).token


def test_at_once_ends_the_old_secret_and_every_token(program, admin, made):
    other = make_member(program.team, "admin")
    given = [give(program, made.secret, kind) for kind in TokenKind]

    new = reset(program, made, admin)

    assert errcode(lambda: use(program, made.secret)) == 40125
    assert [errcode(lambda token=token: tokens.program_of(token)) for token in given] == [40001, 40001]
    assert use(program, new.secret) == program
    entry = entries(program)[-1]
    assert (entry.verb, entry.reason) == ("secret.reset", "Leaked")
    assert entry.before == {"secret": f"…{made.secret[-4:]}"}
    assert entry.after == {"secret": f"…{new.secret[-4:]}", "overlap": 0}
    assert told() == [other]


def test_with_an_overlap_both_work_until_its_end(program, admin, made):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        token = give(program, made.secret)
        new = reset(program, made, admin, Overlap.HOUR)
        clock.shift(timedelta(minutes=59, seconds=59))
        assert (use(program, made.secret), use(program, new.secret)) == (program, program)
        late = give(program, made.secret, TokenKind.STABLE)
        clock.shift(timedelta(seconds=1))
        assert errcode(lambda: use(program, made.secret)) == 40125
        assert (tokens.program_of(token), tokens.program_of(late)) == (program, program)


def test_at_once_also_ends_what_an_earlier_overlap_left(program, admin, made):
    second = reset(program, made, admin, Overlap.DAY)
    token = give(program, made.secret)
    reset(program, second, admin)
    assert errcode(lambda: use(program, made.secret)) == 40125
    assert errcode(lambda: use(program, second.secret)) == 40125
    assert errcode(lambda: tokens.program_of(token)) == 40001


def test_a_second_overlap_lengthens_nothing(program, admin, made):
    second = reset(program, made, admin, Overlap.HOUR)
    ends_at = AppSecret.objects.get(pk=made.row.pk).ends_at
    reset(program, second, admin, Overlap.DAY)
    assert AppSecret.objects.get(pk=made.row.pk).ends_at == ends_at


def test_what_is_frozen_stays_frozen(program, admin, made):
    actions.freeze(program, reason="Leaked", by=admin)
    new = reset(program, made, admin)
    assert errcode(lambda: use(program, new.secret)) == 40243
    assert errcode(lambda: use(program, made.secret)) == 40125
    actions.unfreeze(program, by=admin)
    assert use(program, new.secret) == program


def test_who_saw_an_older_secret_is_told(program, admin, made):
    reset(program, made, admin)
    with pytest.raises(Conflict, match="reset after you opened this page"):
        reset(program, made, admin)
    assert (AppSecret.objects.count(), len(entries(program))) == (2, 2)


def test_nothing_to_reset(program, admin):
    with pytest.raises(ActionRefused, match="There is no secret yet"):
        actions.reset(program, seen=0, overlap=Overlap.NONE, reason="Leaked", by=admin)


def test_without_a_reason(program, admin, made):
    with pytest.raises(ActionRefused, match="Enter a reason"):
        reset(program, made, admin, reason=" \n")
    assert AppSecret.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(program, admin, made):
    answers = at_once(*[lambda: reset(program, made, admin)] * 2)
    assert sorted(isinstance(answer, Conflict) for answer in answers) == [False, True]
    assert (AppSecret.objects.count(), AppSecret.objects.current().count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_no_token_outlives_a_reset_at_once(program, admin, made):
    asks = [lambda: tokens.issue(program.app_id, made.secret, kind=TokenKind.PLAIN, caller=CALLER)] * 6
    answers = at_once(*asks[:3], lambda: reset(program, made, admin), *asks[3:])
    given = [answer.token for answer in answers if isinstance(answer, tokens.Issued)]
    assert [errcode(lambda token=token: tokens.program_of(token)) for token in given] == [40001] * len(given)


def test_who_came_just_before_a_reset_gets_no_token_of_the_new_secret(program, admin, made, monkeypatch):
    living, owners = tokens._living, []

    def reset_meanwhile(used, *, at):
        monkeypatch.setattr(tokens, "_living", living)
        fresh = reset(program, made, admin)
        owners.append(tokens.issue(program.app_id, fresh.secret, kind=TokenKind.STABLE, caller=CALLER))
        return living(used, at=timezone.now())

    monkeypatch.setattr(tokens, "_living", reset_meanwhile)
    assert errcode(lambda: tokens.issue(program.app_id, made.secret, kind=TokenKind.STABLE, caller=CALLER)) == 40125
    assert [tokens.program_of(owner.token) for owner in owners] == [program]


def test_the_form(signed_in, program, admin, made):
    client = signed_in(admin)
    page = client.get(url(program, "reset"))
    assert f'name="seen" value="{made.row.pk}"' in page.content.decode()
    assert " checked" not in page.content.decode()

    typed = {"seen": made.row.pk, "overlap": "24", "note": "Yearly rotation"}
    for wrong in (
        {"overlap": ""},
        {"overlap": "2"},
        {"overlap": "x"},
        {"note": " "},
        {"note": "\0"},
        {"seen": "9" * 30},
    ):
        answer = client.post(url(program, "reset"), {**typed, **wrong})
        assert (answer.status_code, AppSecret.objects.count()) == (422, 1), wrong
    answer = client.post(url(program, "reset"), typed)

    shown = answer.context["shown"]
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert use(program, shown.value) == program
    assert "The old secret works until" in shown.warning
    again = client.post(url(program, "reset"), typed)
    assert (again.status_code, AppSecret.objects.count()) == (422, 2)
    assert "The secret was reset after you opened this page, so nothing was changed." in again.content.decode()
    assert "Yearly rotation" in again.content.decode()


def test_another_teams_program_and_lower_roles(signed_in, program, admin, made):
    typed = {"seen": made.row.pk, "overlap": "0", "note": "Leaked"}
    assert signed_in(admin).post(url(make_program(), "reset"), typed).status_code == 404
    assert signed_in(make_member(program.team, "license_holder")).post(url(program, "reset"), typed).status_code == 403
    assert AppSecret.objects.count() == 1


def test_an_old_proof_is_asked_for_again(signed_in, program, admin, made):
    client = signed_in(admin)
    typed = {"seen": made.row.pk, "overlap": "0", "note": "Leaked"}
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        answer = client.post(url(program, "reset"), typed)
        assert (answer.status_code, AppSecret.objects.count()) == (403, 1)
        assert "Confirm it’s you" in answer.content.decode()

"""Access tokens (K-3): how they are given, how long they are good, when they are refused."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from devmgmt.keys import actions, tokens
from devmgmt.keys.models import AccessToken, AppSecret, Refusal, SecretUse
from devmgmt.keys.states import FORCED_PER_DAY, TOKENS_PER_DAY, TokenKind
from tests.devmgmt.keys.asking import CALLER, at_once, errcode
from tests.factories import make_program, make_secret

PLAIN, STABLE = TokenKind.PLAIN, TokenKind.STABLE
NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def secret(program):
    return make_secret(program)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def issue(program, secret, kind=STABLE, **how):
    return tokens.issue(program.app_id, secret, kind=kind, caller=CALLER, **how)


def refused(token):
    return errcode(lambda: tokens.program_of(token))


# Authenticate -------------------------------------------------------------------------------------------------------


def test_the_program_of_a_secret_in_one_round_trip(program, secret, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = tokens.authenticate(program.app_id, secret, caller=CALLER)
    assert (found, found.name, found.team_id) == (program, program.name, program.team_id)


@pytest.mark.parametrize("wrong", ["", "0" * 32, "x\0y", "\ud800", "é" * 10_000])
def test_a_wrong_secret(program, secret, wrong):
    assert errcode(lambda: tokens.authenticate(program.app_id, wrong, caller=CALLER)) == 40125
    assert list(Refusal.objects.values_list("mini_program", "errcode", "count")) == [(program.pk, 40125, 1)]
    assert SecretUse.objects.count() == 0


@pytest.mark.parametrize("wrong", ["", "mp00000000000000", "MP", "x\0y", "\ud800", "mp" + "é" * 14, "mp" * 10_000])
def test_an_unknown_app_id(secret, wrong):
    assert errcode(lambda: tokens.authenticate(wrong, secret, caller=CALLER)) == 40013
    assert Refusal.objects.count() == 0


def test_another_programs_secret_and_no_secret_at_all(program, secret):
    other = make_program(program.team)
    assert errcode(lambda: tokens.authenticate(other.app_id, secret, caller=CALLER)) == 40125
    make_secret(other)
    assert errcode(lambda: tokens.authenticate(other.app_id, secret, caller=CALLER)) == 40125


def test_uses_are_counted_by_day_and_address(program, secret, clock):
    for address, path in (
        ("203.0.113.1", "/a"),
        ("203.0.113.1", "/b"),
        ("::ffff:203.0.113.2", "/a"),
        ("fe80::1%eth0", "/a"),
    ):
        tokens.authenticate(program.app_id, secret, caller=tokens.Caller(address, path))
    clock.shift(timedelta(days=1))
    tokens.authenticate(program.app_id, secret, caller=CALLER)
    today = timezone.localdate(NOON)
    assert sorted(SecretUse.objects.values_list("day", "address", "path", "uses")) == [
        (today, "203.0.113.1", "/b", 2),
        (today, "203.0.113.2", "/a", 1),
        (today, "fe80::1", "/a", 1),
        (today + timedelta(days=1), CALLER.address, CALLER.path, 1),
    ]


@pytest.mark.parametrize("address", ["", "unknown", "1.2.3.4.5", "\0"])
def test_an_address_that_is_none(program, secret, address):
    tokens.authenticate(program.app_id, secret, caller=tokens.Caller(address, "/" + "x" * 200))
    assert SecretUse.objects.get().address == "0.0.0.0"


def test_a_refusal_that_can_not_be_counted_is_no_error(program, secret, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE keys_refusal RENAME TO away")
        assert errcode(lambda: tokens.authenticate(program.app_id, "0" * 32, caller=CALLER)) == 40125
        cursor.execute("ALTER TABLE away RENAME TO keys_refusal")
    assert "could not be counted" in caplog.text
    assert secret not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_uses_and_refusals_at_once(program, secret):
    good = [lambda: tokens.authenticate(program.app_id, secret, caller=CALLER)] * 4
    at_once(*good, *[lambda: tokens.authenticate(program.app_id, "0", caller=CALLER)] * 4)
    assert (SecretUse.objects.get().uses, Refusal.objects.get().count) == (4, 4)


# Plain tokens -------------------------------------------------------------------------------------------------------


def test_a_plain_token(program, secret, django_assert_num_queries):
    issued = issue(program, secret, PLAIN)
    assert issued.seconds == 7200
    with django_assert_num_queries(1):
        assert tokens.program_of(issued.token) == program
    row = AccessToken.objects.get()
    assert issued.token not in str(row.__dict__)


def test_the_one_before_works_for_five_more_minutes(program, secret, clock):
    first = issue(program, secret, PLAIN).token
    second = issue(program, secret, PLAIN).token
    assert first != second
    clock.shift(timedelta(minutes=4, seconds=59))
    assert (tokens.program_of(first), tokens.program_of(second)) == (program, program)
    third = issue(program, secret, PLAIN).token
    clock.shift(timedelta(seconds=1))
    assert (refused(first), tokens.program_of(second)) == (42001, program)
    clock.shift(timedelta(minutes=5))
    assert (refused(second), tokens.program_of(third)) == (42001, program)


def test_a_plain_token_never_lives_longer_for_it(program, secret, clock):
    first = issue(program, secret, PLAIN).token
    clock.shift(timedelta(minutes=118))
    issue(program, secret, PLAIN)
    clock.shift(timedelta(minutes=2))
    assert refused(first) == 42001


def test_so_many_plain_tokens_a_day(program, secret, clock):
    row = AppSecret.objects.get()
    rest = {"mini_program": program, "secret": row, "kind": PLAIN, "issued_at": NOON, "expires_at": NOON}
    AccessToken.objects.bulk_create(AccessToken(nonce=str(n), sha256=str(n), **rest) for n in range(TOKENS_PER_DAY - 1))
    issue(program, secret, PLAIN)
    assert errcode(lambda: issue(program, secret, PLAIN)) == 45009
    assert Refusal.objects.get().errcode == 45009
    issue(program, secret, STABLE)
    clock.shift(timedelta(hours=12))
    assert issue(program, secret, PLAIN).seconds == 7200


# Stable tokens ------------------------------------------------------------------------------------------------------


def test_the_same_until_five_minutes_are_left(program, secret, clock, django_assert_num_queries):
    first = issue(program, secret)
    clock.shift(timedelta(minutes=100, milliseconds=500))
    with django_assert_num_queries(1):
        assert issue(program, secret) == (first.token, 7200 - 6000 - 1)
    clock.shift(timedelta(minutes=15))
    second = issue(program, secret)
    assert (second.seconds, second.token == first.token) == (7200, False)
    assert (tokens.program_of(first.token), tokens.program_of(second.token)) == (program, program)
    assert issue(program, secret).token == second.token
    clock.shift(timedelta(minutes=5))
    assert (refused(first.token), tokens.program_of(second.token)) == (42001, program)


def test_by_force_a_new_one_and_the_old_ends_at_once(program, secret, clock):
    first = issue(program, secret)
    clock.shift(timedelta(minutes=1))
    second = issue(program, secret, force=True)
    assert (second.seconds, refused(first.token)) == (7200, 40001)
    assert issue(program, secret).token == second.token


def test_so_many_by_force_a_day(program, secret, clock):
    for _number in range(FORCED_PER_DAY):
        last = issue(program, secret, force=True)
    assert errcode(lambda: issue(program, secret, force=True)) == 45009
    assert issue(program, secret).token == last.token
    clock.shift(timedelta(hours=12))
    issue(program, secret, force=True)


def test_the_kinds_know_nothing_of_each_other(program, secret):
    stable, plain = issue(program, secret).token, issue(program, secret, PLAIN).token
    issue(program, secret, force=True)
    assert tokens.program_of(plain) == program
    assert refused(stable) == 40001
    assert AccessToken.objects.get(kind=PLAIN).expires_at - AccessToken.objects.get(kind=PLAIN).issued_at == timedelta(
        hours=2
    )


def test_of_another_secret_key(program, secret, settings):
    first = issue(program, secret).token
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key-" + "y" * 40
    assert issue(program, secret).token == first
    settings.SECRET_KEY_FALLBACKS = []
    second = issue(program, secret).token
    assert second != first
    assert (tokens.program_of(first), tokens.program_of(second)) == (program, program)


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_get_the_same(program, secret):
    answers = at_once(*[lambda: issue(program, secret)] * 8)
    assert len({answer.token for answer in answers}) == 1
    assert AccessToken.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_at_once(program, secret):
    for _number in range(FORCED_PER_DAY - 2):
        issue(program, secret, force=True)
    answers = at_once(*[lambda: issue(program, secret, force=True)] * 6)
    given = [answer for answer in answers if isinstance(answer, tokens.Issued)]
    assert (len(given), AccessToken.objects.active(at=timezone.now()).count()) == (2, 1)


# What is refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "x", "x" * 85, "x" * 87, "é" * 86, "\0" * 86, "\ud800", "x" * 100_000])
def test_what_can_be_no_token(db, token):
    assert refused(token) == 40014


def test_unknown_expired_and_frozen_between_two_calls(program, admin, secret, clock):
    assert refused("x" * 86) == 40001
    token = issue(program, secret, PLAIN).token
    assert tokens.program_of(token) == program
    actions.freeze(program, reason="Leaked", by=admin)
    assert refused(token) == 40243
    actions.unfreeze(program, by=admin)
    assert tokens.program_of(token) == program
    clock.shift(timedelta(hours=2))
    assert refused(token) == 42001
    assert dict(Refusal.objects.values_list("errcode", "count")) == {40243: 1, 42001: 1}

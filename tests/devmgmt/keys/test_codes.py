"""Login codes (K-4)."""

import base64
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from console.base.core.errors import ActionRefused
from devmgmt.keys import codes
from devmgmt.keys.models import LoginCode
from tests.devmgmt.keys.asking import at_once, errcode
from tests.factories import make_application, make_program


@pytest.fixture
def application(db):
    return make_application()


def make(program, application, account="ann", request_id="request-1"):
    return codes.make(program, application=application, account=account, request_id=request_id)


def exchange(program, code):
    return errcode(lambda: codes.exchange(program, code))


def test_says_who_it_is_once(program, application):
    code = make(program, application)
    session = codes.exchange(program, code)
    user = program.users.get()
    assert (session.openid, session.unionid) == (user.openid, user.unionid)
    assert len(base64.b64decode(session.session_key)) == 16
    assert exchange(program, code) == 40163


def test_is_not_kept(program, application):
    code = make(program, application)
    row = LoginCode.objects.get()
    assert len(code) >= 32
    assert code not in str(row.__dict__)


def test_the_same_account_is_the_same_user_with_another_session(program, application):
    first, second = (codes.exchange(program, make(program, application, request_id=n)) for n in ("a", "b"))
    assert (first.openid, first.unionid) == (second.openid, second.unionid)
    assert first.session_key != second.session_key


def test_another_program_of_the_team_has_another_openid_and_the_same_unionid(program, application):
    other = make_program(program.team)
    first = codes.exchange(program, make(program, application))
    second = codes.exchange(other, make(other, application, request_id="request-2"))
    assert (first.openid == second.openid, first.unionid == second.unionid) == (False, True)


def test_another_programs_code_stays_good_for_its_own(program, application):
    code = make(program, application)
    assert exchange(make_program(program.team), code) == 40029
    assert codes.exchange(program, code).openid
    assert exchange(make_program(program.team), code) == 40029


@pytest.mark.parametrize("code", ["", "x" * 43, "x\0", "\ud800", "é" * 10_000])
def test_what_is_no_code(program, code):
    assert exchange(program, code) == 40029


def test_five_minutes(program, application):
    with time_machine.travel(timezone.now(), tick=False) as clock:
        used, early, late = (make(program, application, request_id=n) for n in "abc")
        clock.shift(timedelta(minutes=4, seconds=59))
        assert codes.exchange(program, early)
        assert codes.exchange(program, used)
        clock.shift(timedelta(seconds=1))
        assert (exchange(program, late), exchange(program, used)) == (40029, 40163)


def test_a_request_counts_once(program, application):
    code = make(program, application)
    with pytest.raises(ActionRefused) as refused:
        make(program, application, account="bob")
    assert (refused.value.field, LoginCode.objects.count()) == ("request_id", 1)
    assert make(program, make_application(), request_id="request-1") != code


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_exactly_one_wins(program, application):
    code = make(program, application)
    answers = at_once(*[lambda: codes.exchange(program, code)] * 4)
    assert sorted(getattr(answer, "errcode", 0) for answer in answers) == [0, 40163, 40163, 40163]


@pytest.mark.django_db(transaction=True)
def test_of_two_requests_at_once_exactly_one_gets_a_code(program, application):
    answers = at_once(*[lambda: make(program, application)] * 4)
    assert sum(isinstance(answer, str) for answer in answers) == LoginCode.objects.count() == 1

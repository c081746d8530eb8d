"""The sweep: what nobody needs any more goes."""

import hmac
from datetime import timedelta
from functools import partial

import time_machine
from django.utils import timezone

from console.base.core import retention
from console.celery import SCHEDULE
from devmgmt.keys import codes, tasks, tokens
from devmgmt.keys.models import AccessToken, LoginCode, Refusal, SecretUse, UserSession
from devmgmt.keys.states import SESSION_LIFETIME, TokenKind
from tests.devmgmt.keys.asking import CALLER, errcode
from tests.factories import make_application, make_secret

KINDS = (AccessToken, LoginCode, SecretUse, Refusal)


def counts():
    return [kind.objects.count() for kind in KINDS]


def prune():
    """Delete what is old by Python's clock, which these tests move."""
    return tasks.delete_old(at=timezone.now()) + retention.delete("login_codes", at=timezone.now())


def fill(program, secret, application, request_id):
    tokens.issue(program.app_id, secret, kind=TokenKind.PLAIN, caller=CALLER)
    codes.make(program, application=application, account="ann", request_id=request_id)
    assert errcode(lambda: tokens.authenticate(program.app_id, "x", caller=CALLER)) == 40125


def test_on_the_timetable():
    assert tasks.prune.name in SCHEDULE


def test_keeps_what_is_needed(program):
    secret, application = make_secret(program), make_application()
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    with time_machine.travel(noon, tick=False) as clock:
        fill(program, secret, application, "old")
        clock.move_to(noon + timedelta(days=1, hours=2))
        fill(program, secret, application, "new")
        assert prune() == 1  # the code
        clock.shift(timedelta(seconds=1))
        assert prune() == 1  # the token
        assert counts() == [1, 1, 2, 2]
        clock.move_to(noon + timedelta(days=90))
        assert prune() == 2
        assert counts() == [0, 0, 2, 2]
        clock.move_to(noon + timedelta(days=91))
        assert prune() == 2
        clock.move_to(noon + timedelta(days=92))
        assert (prune(), prune()) == (2, 0)


def test_a_session_goes_when_its_key_is_refused(program):
    application, start = make_application(), timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        for account in ("ann", "ben"):
            code = codes.make(program, application=application, account=account, request_id=account)
            session = codes.exchange(program, code)
        signature = hmac.digest(session.session_key.encode(), b"", "sha256").hex()
        check = partial(codes.check_session, program, session.openid, signature=signature)

        clock.move_to(start + SESSION_LIFETIME - timedelta(seconds=1))
        check()
        again = codes.make(program, application=application, account="ann", request_id="again")
        codes.exchange(program, again)  # hers begins anew
        clock.move_to(start + SESSION_LIFETIME)
        assert errcode(check) == 87009
        assert retention.delete("user_sessions", at=timezone.now()) == 0
        clock.shift(timedelta(seconds=1))
        assert retention.delete("user_sessions", at=timezone.now()) == 1
        assert (errcode(check), UserSession.objects.get().user.account) == (87009, "ann")


def test_sessions_go_in_batches(program, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 2)
    at, application = timezone.now(), make_application()
    for account in ("ann", "ben", "cem"):
        code = codes.make(program, application=application, account=account, request_id=account)
        codes.exchange(program, code)
    kind, later = retention.KINDS["user_sessions"], at + SESSION_LIFETIME + timedelta(minutes=1)
    assert list(kind.steps(later, kind.days, retention.Place())) == [2, 1]


def test_in_batches(program, monkeypatch):
    monkeypatch.setattr(tasks, "BATCH", 2)
    secret = make_secret(program)
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)
    with time_machine.travel(noon, tick=False) as clock:
        for _number in range(3):
            tokens.issue(program.app_id, secret, kind=TokenKind.PLAIN, caller=CALLER)
        clock.shift(timedelta(days=2))
        assert [prune() for _round in range(3)] == [2, 1, 0]

"""Accepting a message (M-5 to M-7): what is refused, and what is written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from console.base.core import times
from console.base.core.errors import ServerRefused
from console.base.core.wakeups import Waker
from messaging import sending
from messaging.models import Ban, Consent, MainSwitch, Message, MyTemplate
from messaging.rules import expires_at
from messaging.sending import Sending, send
from miniprograms import actions as programs
from miniprograms.models import MiniProgram, ProgramUser
from tests import factories

DATA = {"thing1": "Harbour Clinic", "time2": "2026-11-27 14:30"}


@pytest.fixture
def gateway(application: Any) -> Any:
    return factories.make_gateway(application)


@pytest.fixture
def user(program: MiniProgram, application: Any, gateway: Any) -> ProgramUser:
    return factories.make_program_user(program, application)


@pytest.fixture
def template(program: MiniProgram) -> MyTemplate:
    return factories.make_template(program)


@pytest.fixture
def consent(user: ProgramUser, template: MyTemplate) -> Consent:
    return factories.make_consent(user, template, granted=2)


def asked(consent: Consent, **fields: Any) -> Sending:
    return Sending(
        **{"touser": consent.user.openid, "template_id": consent.template.template_id, "data": DATA, **fields}
    )


def refusal(consent: Consent, *, at: datetime | None = None, key: str = "", sha: str = "", **fields: Any) -> int:
    """Send, expect a refusal, and check that nothing was used."""
    before = (Consent.objects.values_list("used", "pushed").get(pk=consent.pk), Message.objects.count())
    with pytest.raises(ServerRefused) as refused:
        send(consent.template.mini_program, asked(consent, **fields), at=at, idempotency_key=key, body_sha256=sha)
    assert (Consent.objects.values_list("used", "pushed").get(pk=consent.pk), Message.objects.count()) == before
    return refused.value.errcode


def test_each_accept_is_one_message(consent: Consent, program: MiniProgram, application: Any) -> None:
    at = timezone.now()
    ids = [send(program, asked(consent, lang="en_US", program_state="trial"), at=at) for _ in range(2)]
    assert len(set(ids)) == 2
    assert refusal(consent) == 43101
    first, second = Message.objects.order_by("ordinal")
    assert (first.pk, second.pk) == (ids[0], ids[1])
    assert (first.mini_program, first.application, first.template, first.consent) == (
        program,
        application,
        consent.template,
        consent,
    )
    assert (first.day, first.ordinal, second.ordinal) == (None, 1, 2)
    assert (first.values, first.page, first.program_state, first.lang) == (DATA, "", "trial", "en_US")
    assert (first.state, first.tries, first.lease, first.finished_at, first.reason) == ("waiting", 0, None, None, "")
    assert (first.accepted_at, first.next_try_at, first.give_up_at) == (at, at, expires_at(at))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_of_this_machine_delays_nothing(consent: Consent, program: MiniProgram, hours: int) -> None:
    before = times.of_the_database()
    with time_machine.travel(before + timedelta(hours=hours)):
        send(program, asked(consent))
    message = Message.objects.get()
    assert before <= message.next_try_at == message.accepted_at <= times.of_the_database()
    assert message.give_up_at == expires_at(message.accepted_at)


def test_one_statement_once_the_template_is_known(consent: Consent, program: MiniProgram) -> None:
    with CaptureQueriesContext(connection) as queries:
        send(program, asked(consent))
        first = len(queries)
        send(program, asked(consent))
    assert (first, len(queries) - first) == (2, 1)


def test_a_consent_that_was_not_given(user: ProgramUser, template: MyTemplate, program: MiniProgram) -> None:
    with pytest.raises(ServerRefused) as refused:
        send(program, Sending(user.openid, template.template_id, DATA))
    assert refused.value.errcode == 43101


def test_who_can_not_be_sent_to(consent: Consent, program: MiniProgram) -> None:
    other = factories.make_program_user(factories.make_program(), consent.user.application)
    for touser in ("", "nobody", other.openid, "a\x00", "\ud800", "x" * 5000):
        assert refusal(consent, touser=touser) == 40003


def test_which_templates_there_are_not(consent: Consent, program: MiniProgram) -> None:
    foreign = factories.make_template(factories.make_program())
    for template_id in ("", "nothing", foreign.template_id, "a\x00", "\ud800"):
        assert refusal(consent, template_id=template_id) == 40037
    MyTemplate.objects.filter(pk=consent.template.pk).update(deleted_at=timezone.now())
    assert refusal(consent) == 40037


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        ({"thing1": "x"}, "argument invalid! data.time2.value invalid: The field is missing."),
        ({**DATA, "thing1": ""}, "argument invalid! data.thing1.value invalid: The value is empty."),
        ({**DATA, "thing9": "x"}, "argument invalid! data.thing9.value invalid: The template has no such keyword."),
        (
            {**DATA, "thing1": "\x00x"},
            "argument invalid! data.thing1.value invalid: Up to 20 characters, without line breaks.",
        ),
    ],
)
def test_the_field_that_is_wrong(consent: Consent, data: dict[str, str], detail: str) -> None:
    with pytest.raises(ServerRefused) as refused:
        send(consent.template.mini_program, asked(consent, data=data))
    assert (refused.value.errcode, refused.value.detail) == (47003, detail)


def test_other_members_that_are_wrong(consent: Consent) -> None:
    assert refusal(consent, lang="de_DE") == refusal(consent, program_state="beta") == 47003


def test_pages(consent: Consent, program: MiniProgram) -> None:
    page = "pages/index/index"
    assert refusal(consent, page=page) == 41030  # Nothing is online.
    factories.make_online(program)
    send(program, asked(consent, page="/" + page + "?id=7&名=é"))
    assert Message.objects.get().page == "/" + page + "?id=7&名=é"
    for wrong in ("pages/none", "?a=1", "/", page + "\x00", page + "?\n", page + "?" + "x" * 1024, "//" + page):
        assert refusal(consent, page=wrong) == 41030
    manifest = '{"pages": ["pages/index/index", "pages/about/about", "pages/new/new"]}'
    new = {"app.json": manifest, "pages/new/new.js": "Page({})", "pages/new/new.wxml": "<view/>"}
    factories.make_version(program, "1.1.0", **new)
    assert refusal(consent, page="pages/new/new") == 41030
    send(program, asked(consent, page="pages/new/new", program_state="trial"))
    Consent.objects.filter(pk=consent.pk).update(granted=9)
    send(program, asked(consent, page="pages/new/new", program_state="developer"))


def test_nowhere_to_go(consent: Consent, program: MiniProgram, application: Any) -> None:
    by = program.created_by
    programs.take_off_shelf(program, by=by, reason="Repairs")
    assert refusal(consent) == 48001
    programs.put_on_shelf(program, by=by)
    application.gateway.delete()
    assert refusal(consent) == 48001
    factories.make_gateway(application)
    programs.unbind(program.bindings.get(), by=by, reason="It is over")
    assert refusal(consent) == 48001


def test_bans_and_the_main_switch(consent: Consent, program: MiniProgram, application: Any) -> None:
    factories.make_ban(factories.make_application(), program)
    factories.make_ban(application, program, template=factories.make_template(program))
    send(program, asked(consent))
    ban = factories.make_ban(application, program, template=consent.template)
    assert refusal(consent) == 43116
    whole = factories.make_ban(application, program)
    assert refusal(consent) == 43107
    Ban.objects.filter(pk__in=[ban.pk, whole.pk]).update(lifted_at=timezone.now())
    MainSwitch.objects.create(user=consent.user, is_on=False, changed_at=timezone.now())
    assert refusal(consent) == 43101
    MainSwitch.objects.update(is_on=True)
    send(program, asked(consent))


def test_five_pushes_a_day_by_the_consoles_clock(user: ProgramUser, program: MiniProgram, settings: Any) -> None:
    settings.TIME_ZONE = "Asia/Shanghai"
    timezone.get_default_timezone.cache_clear()
    consent = factories.make_consent(user, factories.make_template(program, kind="long_term"))
    evening = datetime(2026, 11, 27, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai
    try:
        for _ in range(5):
            send(program, asked(consent), at=evening)
        assert refusal(consent, at=evening) == 45009
        for _ in range(5):
            send(program, asked(consent), at=evening + timedelta(minutes=1))
        # The clock goes back: no second five for the day that is over, and none for the one that is used up.
        for back in (timedelta(0), timedelta(days=1), timedelta(days=400)):
            assert refusal(consent, at=evening - back) == 45009
    finally:
        timezone.get_default_timezone.cache_clear()
    found = Message.objects.values_list("day", "ordinal").order_by("day", "ordinal")
    days = [evening.date(), evening.date() + timedelta(days=1)]
    assert list(found) == [(day, number) for day in days for number in range(1, 6)]
    Consent.objects.update(held=False)
    assert refusal(consent, at=evening + timedelta(days=9)) == 43101


def test_a_key_is_one_message(consent: Consent, program: MiniProgram) -> None:
    def again(key: str = "k", sha: str = "a") -> int:
        return send(program, asked(consent), idempotency_key=key, body_sha256=sha)

    first = again()
    assert again() == first
    assert refusal(consent, key="k", sha="b") == 40097
    second = again("l")
    assert again() == first != second == again("l")  # The consent is used up by now.
    Consent.objects.update(held=False)
    MyTemplate.objects.update(deleted_at=timezone.now())
    programs.take_off_shelf(program, by=program.created_by, reason="Repairs")
    assert again() == first
    assert Message.objects.count() == 2


def test_a_refused_key_is_free_again(consent: Consent, program: MiniProgram) -> None:
    assert refusal(consent, key="k", sha="a", lang="xx") == 47003
    assert send(program, asked(consent), idempotency_key="k", body_sha256="b")
    for key in ("x" * 256, "a\x00", "\ud800"):
        assert refusal(consent, key=key) == 40097


def test_keys_are_of_one_program(consent: Consent, program: MiniProgram) -> None:
    other = factories.make_program()
    factories.make_binding(other, consent.user.application)
    theirs = factories.make_consent(
        factories.make_program_user(other, consent.user.application), factories.make_template(other)
    )
    first = send(program, asked(consent), idempotency_key="k", body_sha256="a")
    assert send(other, asked(theirs), idempotency_key="k", body_sha256="b") != first


def test_wakes_the_delivery_after_commit_and_not_for_each(
    consent: Consent, program: MiniProgram, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(sending, "_wake", Waker(sending.deliver))
    monkeypatch.setattr(sending.deliver, "apply_async", lambda *ids, **options: sent.append("deliver"))
    with time_machine.travel(0, tick=False), django_capture_on_commit_callbacks(execute=True):
        for _ in range(2):
            send(program, asked(consent))
        assert sent == []
    assert sent == ["deliver"]

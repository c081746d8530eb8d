"""What users agree to (M-4): the verbs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from console.base.core import retention
from console.base.hosts.models import HostApplication
from messaging import consents
from messaging.consents import ConsentRefused
from messaging.models import Consent, ConsentCall, MainSwitch, MyTemplate
from messaging.states import Answer
from miniprograms.models import Binding, MiniProgram, ProgramUser
from tests import factories
from tests.console.base.accounts.acting import at_once


@pytest.fixture
def binding(program: MiniProgram) -> Binding:
    return program.bindings.select_related("mini_program", "application").get()


@pytest.fixture
def template(program: MiniProgram) -> MyTemplate:
    return factories.make_template(program)


@pytest.fixture
def long_term(program: MiniProgram) -> MyTemplate:
    return factories.make_template(program, kind="long_term")


def say(binding: Binding, *templates: MyTemplate, answer: str = "accept", request_id: str = "", **fields: Any) -> Any:
    """Answer the same to all of them; a new request each time."""
    answers = [(template.template_id, Answer(answer)) for template in templates]
    given = {"account": "ann", "tapped": True, "at": timezone.now(), "answers": answers, **fields}
    return consents.answer(binding, request_id=request_id or f"r{ConsentCall.objects.count()}", **given)


def refusal(binding: Binding, *templates: MyTemplate, **fields: Any) -> str:
    """Answer, expect a refusal, and check that nothing was kept."""
    before = list(Consent.objects.values_list()), ConsentCall.objects.count()
    with pytest.raises(ConsentRefused) as refused:
        say(binding, *templates, **fields)
    assert (list(Consent.objects.values_list()), ConsentCall.objects.count()) == before
    return refused.value.code


def standing(template: MyTemplate) -> tuple[int, int, bool, str]:
    row = Consent.objects.get(template=template)
    return row.granted, row.used, row.held, row.answer


def test_one_time_accepts_add_up_and_a_reject_takes_none_back(binding: Binding, template: MyTemplate) -> None:
    assert say(binding, template) == {template.template_id: "accept"}
    assert say(binding, template) == {template.template_id: "accept"}
    assert standing(template) == (2, 0, False, "accept")
    assert say(binding, template, answer="reject") == {template.template_id: "reject"}
    assert standing(template) == (2, 0, False, "reject")


def test_a_long_term_accept_holds_until_it_is_rejected(binding: Binding, long_term: MyTemplate) -> None:
    for answer, held in (("reject", False), ("accept", True), ("accept", True), ("reject", False), ("accept", True)):
        say(binding, long_term, answer=answer)
        assert standing(long_term) == (0, 0, held, answer)


def test_without_a_tap(binding: Binding, template: MyTemplate) -> None:
    with pytest.raises(ConsentRefused) as refused:
        say(binding, template, tapped=False)
    assert refused.value.message == "requestSubscribeMessage:fail can only be invoked by user TAP gesture."
    assert not ProgramUser.objects.exists()


def test_refusals(binding: Binding, program: MiniProgram, template: MyTemplate, long_term: MyTemplate) -> None:
    foreign = factories.make_template(factories.make_program())
    deleted = factories.make_template(program, deleted_at=timezone.now())
    assert refusal(binding) == refusal(binding, foreign) == refusal(binding, template, deleted) == "20001"
    assert refusal(binding, template, long_term) == "20002"
    assert refusal(binding, *(factories.make_template(program) for _ in range(4))) == "20003"
    factories.make_ban(factories.make_application(), program)
    assert say(binding, template)
    MainSwitch.objects.create(user=ProgramUser.objects.get(), is_on=False, changed_at=timezone.now())
    assert refusal(binding, template) == "20004"
    factories.make_ban(binding.application, program)
    assert refusal(binding, template) == "20005"


def test_banned_templates_and_equal_titles(binding: Binding, program: MiniProgram, template: MyTemplate) -> None:
    public = template.public_template
    twin, third = (factories.make_template(program, public, numbers) for numbers in ([1], [2]))
    banned = factories.make_template(program)
    factories.make_ban(binding.application, program, template=banned)
    assert say(binding, twin, banned, template) == {
        twin.template_id: "accept",
        banned.template_id: "ban",
        template.template_id: "filter",
    }
    assert list(Consent.objects.values_list("template", "granted")) == [(twin.pk, 1)]
    assert say(binding, third, third, answer="reject") == {third.template_id: "reject"}


def test_a_repeated_call_adds_nothing(binding: Binding, template: MyTemplate) -> None:
    first = say(binding, template, request_id="r")
    MyTemplate.objects.filter(pk=template.pk).update(deleted_at=timezone.now())
    assert say(binding, template, request_id="r") == first
    assert standing(template) == (1, 0, False, "accept")
    assert refusal(binding, template, request_id="r", answer="reject") == "request_id_used"
    MyTemplate.objects.update(deleted_at=None)
    assert say(binding, template, request_id="r", account="bob") == first
    assert Consent.objects.count() == 2


def test_settings(binding: Binding, program: MiniProgram, template: MyTemplate, long_term: MyTemplate) -> None:
    for _ in range(3):
        say(binding, template)
    say(binding, long_term)
    Consent.objects.filter(template=template).update(used=1)
    change = {"account": "ann", "at": timezone.now()}
    consents.change_settings(binding, withdraw=[template.template_id, long_term.template_id], **change)
    assert standing(template) == (1, 1, False, "reject")
    assert standing(long_term) == (0, 0, False, "reject")
    consents.change_settings(binding, main_switch=False, **change)
    assert not consents.settings_of(binding, account="ann").main_switch
    consents.change_settings(binding, main_switch=True, **change)
    shown = consents.settings_of(binding, account="ann")
    assert shown.main_switch and [one.template for one in shown.asked] == [template, long_term]
    foreign = factories.make_template(factories.make_program())
    with pytest.raises(ConsentRefused, match="verify the template id"):
        consents.change_settings(binding, withdraw=[foreign.template_id], main_switch=False, **change)
    assert consents.settings_of(binding, account="ann").main_switch


def test_settings_of_somebody_new(binding: Binding, template: MyTemplate) -> None:
    change = {"account": "eve", "at": timezone.now()}
    consents.change_settings(binding, withdraw=[template.template_id], **change)
    assert not ProgramUser.objects.exists() and not Consent.objects.exists()
    consents.change_settings(binding, main_switch=False, **change)
    assert not consents.settings_of(binding, account="eve").main_switch
    assert consents.settings_of(binding, account="ann") == consents.Choices(True, [])


def test_old_calls_are_forgotten(binding: Binding, template: MyTemplate) -> None:
    now = timezone.now()
    say(binding, template, at=now - timedelta(days=8))
    say(binding, template, at=now - timedelta(days=6), request_id="young")
    assert retention.delete("consent_calls", at=now) == 1
    assert ConsentCall.objects.get().request_id == "young"


@pytest.mark.django_db(transaction=True)
def test_at_once_it_has_one_effect(binding: Binding, template: MyTemplate, long_term: MyTemplate) -> None:
    def one() -> Any:
        return say(binding, template, request_id="r")

    assert at_once(*[one] * 8) == [{template.template_id: "accept"}] * 8
    assert standing(template) == (1, 0, False, "accept")
    assert at_once(*[lambda n=n: say(binding, template, request_id=f"n{n}") for n in range(8)])
    assert standing(template) == (9, 0, False, "accept")


def test_which_programs(binding: Binding, program: MiniProgram, application: HostApplication) -> None:
    assert consents.binding_of(program.app_id, application.pk) == binding
    assert consents.binding_of(program.app_id, factories.make_application().pk) is None
    MiniProgram.objects.update(shelf="off")
    assert consents.binding_of(program.app_id, application.pk) is None

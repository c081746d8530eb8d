"""The sandbox: what the API would answer, without sending (M-8)."""

import json
import shlex
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from console.api.server import messages as api
from console.api.server.reading import parse
from console.base.core.errors import ServerRefused
from messaging.explanation import Problem
from messaging.forms.sandbox import SandboxForm
from messaging.models import Consent, MainSwitch, Message
from messaging.sending import Sending, refusals, send
from tests import factories

pytestmark = pytest.mark.django_db
GOOD = {"data_thing1": "Harbour Clinic", "data_time2": "2026-11-27 14:30"}
FACTS = {"mode": "fields", "openid": "", "page": "", "lang": "en_US", "program_state": "formal", "body": ""}


@pytest.fixture
def program(application):
    program = factories.make_program(name="City Bus")
    factories.make_binding(program, application)
    factories.make_online(program)
    factories.make_gateway(application)
    program.refresh_from_db()
    return program


@pytest.fixture
def template(program):
    return factories.make_template(program, factories.make_public_template("Appointment reminder"))


@pytest.fixture
def user(program, application):
    return factories.make_program_user(program, application)


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


@pytest.fixture
def check(signed_in, developer, program, template):
    client = signed_in(developer)
    url = reverse("messaging:sandbox", args=[program.app_id], query={"template": template.template_id})

    def post(**fields):
        return client.post(url, {**FACTS, **GOOD, **fields})

    return post


def problems(page):
    return [(problem.errcode, problem.field) for problem in page.context["problems"]]


def test_an_input_for_each_keyword(signed_in, developer, program, template):
    page = signed_in(developer).get(reverse("messaging:sandbox", args=[program.app_id]))
    assert [(field.key, field.label, field.example, field.value) for field, _ in page.context["inputs"]] == [
        ("thing1", "Clinic", "Harbour Clinic", ""),
        ("time2", "Date", "2026-11-27 14:30", ""),
    ]
    text = page.content.decode()
    assert "Up to 20 characters, without line breaks." in text
    assert "is_checked" not in page.context


def test_a_good_message_is_in_order(check):
    page = check()
    assert problems(page) == []
    assert "The message is valid." in page.content.decode()
    assert [line.example for line in page.context["preview_rows"]] == ["Harbour Clinic", "2026-11-27 14:30"]


def test_nothing_is_sent_used_or_stored(check, user, template):
    consent = factories.make_consent(user, template)
    page = check(openid=user.openid)
    assert "The API would accept this message now." in page.content.decode()
    assert not Message.objects.exists()
    assert Consent.objects.get(pk=consent.pk).used == 0


def test_each_problem_stands_beside_its_field_and_what_was_typed_stays(check):
    page = check(data_thing1="x" * 21, data_time2="", page="pages/none", openid="nobody")
    assert problems(page) == [(40003, "touser"), (41030, "page"), (47003, "thing1"), (47003, "time2")]
    assert [problem for _, problem in page.context["inputs"]] == [
        Problem(47003, "thing1", "Up to 20 characters, without line breaks."),
        Problem(47003, "time2", "The value is empty."),
    ]
    facts = page.context["facts"]
    assert (facts["page"].errcode, facts["openid"].errcode, page.context["others"]) == (41030, 40003, [])
    text = page.content.decode()
    for words in ("The API would return 40003.", 'value="' + "x" * 21 + '"', 'value="pages/none"', 'value="nobody"'):
        assert words in text


def test_json_says_the_same_as_the_fields(check, template):
    body = {"touser": "OPENID", "template_id": template.template_id, "data": {"thing1": {"value": "A"}}, "lang": ""}
    page = check(mode="json", body=json.dumps(body))
    assert problems(page) == [(47003, "time2")]
    assert [field.value for field, _ in page.context["inputs"]] == ["A", ""]
    body["data"] |= {"time2": {"value": "14:30"}, "thing9": {"value": 7}}
    page = check(mode="json", body=json.dumps(body))
    assert problems(page) == [(47003, "thing9")]
    assert page.context["form"].values["body"] == json.dumps(body)


@pytest.mark.parametrize(
    "body",
    ["", "{", "[]", "null", '{"data": {"thing1": "text"}}', '{"touser": "\\ud800"}', "[" * 9000, '{"data": NaN}',
     '{"touser": "' + "x" * 17000 + '"}', "\x00", "１"],
)  # fmt: skip
def test_json_that_cannot_be_read(check, body):
    page = check(mode="json", body=body)
    assert page.status_code == 200
    assert problems(page) == [(47001, "body")]


@pytest.mark.parametrize(
    "body",
    ['{"touser": "o1", "template_id": "t", "data": {"thing1": {"value": "A"}, "number2": {"value": 7}}}',
     '{"data": {"amount3": {"value": 4.50, "color": "#173177"}}, "page": "", "lang": null, "topcolor": "#f00"}',
     '{"page": "a", "miniprogram_state": "trial", "lang": "zh_TW"}', '{"miniprogram_state": 5}', '{"data": []}', "7"],
)  # fmt: skip
def test_json_is_read_as_the_api_reads_it(template, body):
    try:
        expected = parse(body.encode(), api._decoder).sending()
    except ServerRefused as refused:
        assert refused.errcode == 47001
        expected = None
    assert SandboxForm(QueryDict(urlencode({"mode": "json", "body": body})), template=template).sending == expected


@pytest.mark.parametrize(
    "fields",
    [
        {"data_thing1": "\x00"}, {"data_thing1": "😀" * 20}, {"openid": "\x00" * 9}, {"openid": "é"},
        {"page": "\x00"}, {"page": "p" * 5000}, {"lang": "xx"}, {"program_state": "\x00"}, {"mode": "none"},
        {"data_time2": "9" * 100_000}, {"data_thing1": "</script><b>\u202e"},
    ],
)  # fmt: skip
def test_odd_values_are_no_error(check, fields):
    page = check(**fields)
    assert page.status_code == 200
    assert "</script><b>" not in page.content.decode()


def test_no_field_has_to_be_there(signed_in, developer, program, template):
    page = signed_in(developer).post(reverse("messaging:sandbox", args=[program.app_id]))
    assert problems(page) == [(47003, "thing1"), (47003, "time2")]


def test_fill_puts_examples_where_nothing_was_typed(check):
    page = check(data_thing1="", data_time2="15:01", fill="examples")
    assert [field.value for field, _ in page.context["inputs"]] == ["Harbour Clinic", "15:01"]
    assert "problems" not in page.context


def test_the_call_can_be_copied(check, template, settings):
    page = check(data_thing1="it's", page="pages/index/index")
    body = json.loads(page.context["body"])
    assert body == {
        "touser": "OPENID",
        "template_id": template.template_id,
        "page": "pages/index/index",
        "data": {"thing1": {"value": "it's"}, "time2": {"value": "2026-11-27 14:30"}},
        "miniprogram_state": "formal",
        "lang": "en_US",
    }
    words = shlex.split(page.context["curl"])
    assert words[3].endswith("/cgi-bin/message/subscribe/send?access_token=ACCESS_TOKEN")
    assert json.loads(words[-1]) == body


def spoil_nothing(user, template):
    factories.make_consent(user, template)


def used_up(user, template):
    factories.make_consent(user, template, used=1)


def no_consent(user, template):
    return None


def turned_off(user, template):
    factories.make_consent(user, template)
    MainSwitch.objects.create(user=user, is_on=False, changed_at=timezone.now())


def banned(user, template):
    factories.make_consent(user, template)
    factories.make_ban(user.application, user.mini_program)


def template_banned(user, template):
    factories.make_consent(user, template)
    factories.make_ban(user.application, user.mini_program, template=template)


def no_gateway(user, template):
    factories.make_consent(user, template)
    user.application.gateway.delete()


def unbound(user, template):
    factories.make_consent(user, template)
    user.mini_program.bindings.update(state="ended")


def off_the_shelf(user, template):
    factories.make_consent(user, template)
    type(user.mini_program).objects.update(shelf="off")


CASES = {
    spoil_nothing: None, used_up: 43101, no_consent: 43101, turned_off: 43101, banned: 43107, template_banned: 43116,
    no_gateway: 48001, unbound: 48001, off_the_shelf: 48001,
}  # fmt: skip


@pytest.mark.parametrize(("spoil", "errcode"), CASES.items(), ids=lambda case: getattr(case, "__name__", ""))
def test_it_answers_as_the_api_does(check, program, user, template, spoil, errcode):
    spoil(user, template)
    found = problems(check(openid=user.openid))
    assert [code for code, _field in found[:1]] == ([errcode] if errcode else [])
    sending = Sending(user.openid, template.template_id, {"thing1": "A", "time2": "14:30"})
    if errcode is None:
        assert send(program, sending)
    else:
        with pytest.raises(ServerRefused) as refused:
            send(program, sending)
        assert refused.value.errcode == errcode


@pytest.mark.parametrize(
    ("pushed", "days_ago", "errcodes"), [(4, 0, []), (5, 0, [45009]), (5, 1, []), (5, -1, [45009])]
)
def test_the_sixth_push_of_a_day(program, user, pushed, days_ago, errcodes):
    template = factories.make_template(program, kind="long_term")
    day = timezone.localdate() - timedelta(days=days_ago)
    factories.make_consent(user, template, day=day, pushed=pushed)
    sending = Sending(user.openid, template.template_id, {"thing1": "A", "time2": "14:30"})
    assert [refused.errcode for refused in refusals(program, sending)] == errcodes


def test_a_withdrawn_long_term_consent(program, user):
    template = factories.make_template(program, kind="long_term")
    factories.make_consent(user, template, held=False)
    sending = Sending(user.openid, template.template_id, {"thing1": "A", "time2": "14:30"})
    assert [refused.errcode for refused in refusals(program, sending)] == [43101]


def test_no_template_yet(signed_in, developer, program):
    text = signed_in(developer).get(reverse("messaging:sandbox", args=[program.app_id])).content.decode()
    assert "No templates yet" in text
    assert reverse("messaging:library", args=[program.app_id]) in text


def test_who_may_and_whose(signed_in, developer, program, template, check):
    url = reverse("messaging:sandbox", args=[program.app_id])
    foreign = factories.make_template(factories.make_program())
    foreign_user = factories.make_program_user(foreign.mini_program, factories.make_application())
    client = signed_in(developer)
    for template_id in (foreign.template_id, "nonsense", "\x00"):
        assert client.get(url, {"template": template_id}).status_code == 404
    assert client.delete(url).status_code == 405
    assert signed_in(factories.make_member(program.team, "viewer")).get(url).status_code == 200
    assert signed_in(factories.make_user()).get(url).status_code == 404
    body = json.dumps({"touser": "OPENID", "template_id": foreign.template_id, "data": {"thing1": {"value": "A"}}})
    page = check(mode="json", body=body)
    assert problems(page) == [(40037, "template_id")]
    assert foreign.title not in page.content.decode()
    assert problems(check(openid=foreign_user.openid)) == [(40003, "touser")]
    template.deleted_at = timezone.now()
    template.save()
    assert client.get(url, {"template": template.template_id}).status_code == 404

"""One message: what the user sees, and its way (M-8)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.actions.messages import replay
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def template(program):
    return factories.make_template(program, factories.make_public_template("Appointment reminder"))


@pytest.fixture
def consent(program, application, template):
    return factories.make_consent(factories.make_program_user(program, application), template, granted=3)


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


def url_of(message):
    return reverse("messaging:message", args=[message.mini_program.app_id, message.pk])


def test_what_is_known(signed_in, developer, consent):
    factories.make_message(consent)
    message = factories.make_message(
        consent, state="delivered", status=200, tries=2, page="pages/a?id=1", idempotency_key="order-7731"
    )
    page = signed_in(developer).get(url_of(message))
    text = page.content.decode()
    for words in (
        message.message_id, consent.user.masked, "Consent 2 of 3 from the user", "order-7731", "pages/a?id=1",
        "Delivered on attempt 2", "Harbour Clinic", "Online version", "The message was delivered.",
    ):  # fmt: skip
        assert words in text
    assert consent.user.openid not in text
    assert page.context["why_not_replay"] == "The message was delivered."


def test_the_preview_is_in_the_messages_language(signed_in, developer, consent, template):
    message = factories.make_message(consent, lang="zh_HK")
    page = signed_in(developer).get(url_of(message))
    assert page.context["row"].shown_title == template.title_zh
    assert [line.name for line in page.context["row"].lines] == ["诊所", "日期"]
    assert [line.name for line in page.context["row"].values] == ["Clinic", "Date"]


def test_a_long_term_push_says_which_of_the_day(signed_in, developer, program, application):
    template = factories.make_template(program, kind="long_term")
    user = factories.make_program_user(program, application)
    message = factories.make_message(factories.make_consent(user, template, day=timezone.localdate(), pushed=3))
    assert "Message 4 of up to 5 allowed on" in signed_in(developer).get(url_of(message)).content.decode()


def test_hostile_values_are_only_text(signed_in, developer, consent):
    values = {"thing1": "<script>alert(1)</script>", "time2": "\x1b[31m\u202eevil"}
    message = factories.make_message(consent, values=values, page="</p><b>", state="failed", reason="<i>\x07")
    text = signed_in(developer).get(url_of(message)).content.decode()
    for harm in ("<script>alert", "<b>", "<i>", "\x1b", "\u202e", "\x07"):
        assert harm not in text
    for shown in ("&lt;script&gt;alert(1)", "␛[31m[U+202E]evil", "&lt;/p&gt;&lt;b&gt;", "&lt;i&gt;␇"):
        assert shown in text


def test_replays_are_named(signed_in, developer, consent):
    message = factories.make_message(consent, state="failed", reason="The connection was refused", tries=9)
    client = signed_in(developer)
    assert "Failed after 9 attempts" in client.get(url_of(message)).content.decode()
    replay(message, by=developer)
    page = client.get(url_of(message))
    assert [entry.actor_id for entry in page.context["replays"]] == [developer.pk]
    assert page.context["why_not_replay"] == "The message is still waiting for its next attempt."
    assert "The connection was refused" in page.content.decode()


def test_who_may(signed_in, program, consent):
    message = factories.make_message(consent, state="failed")
    viewer = signed_in(factories.make_member(program.team, "viewer"))
    page = viewer.get(url_of(message))
    assert page.status_code == 200
    assert "Team administrators, license holders and developers of" in page.content.decode()
    other = factories.make_program(program.team)
    for number in (message.pk + 1, 2**63, 10**30):
        assert viewer.get(f"{reverse('messaging:log', args=[program.app_id])}{number}/").status_code == 404
    assert viewer.get(reverse("messaging:message", args=[other.app_id, message.pk])).status_code == 404
    assert signed_in(factories.make_user()).get(url_of(message)).status_code == 404
    assert viewer.post(url_of(message)).status_code == 405

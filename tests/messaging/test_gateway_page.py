"""The page of an application's message gateway."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from messaging.models import Gateway
from tests import factories

WHY = "Only application administrators can do this."


def url(application):
    return f"/apps/{application.application_id}/gateway/"


def send(program, application, state="delivered", count=1, **fields):
    template = factories.make_template(program)
    for _ in range(count):
        user = factories.make_program_user(program, application)
        factories.make_message(factories.make_consent(user, template), state=state, **fields)


def text(response):
    return " ".join(response.content.decode().split())


def test_empty(signed_in, application, admin):
    response = signed_in(admin).get(url(application))
    context = response.context
    assert response.status_code == 200
    assert (context["gateway"].url, context["secret"], context["failed"], context["lines"]) == ("", None, [], [])
    for words in (
        "No gateway address yet",
        "No secret yet",
        "No message has failed",
        "No mini programs bound",
    ):
        assert words in text(response)
    assert (context["why_not_edit"], context["why_not_test"]) == ("", "Set a gateway address first.")


NOW, HOUR = timedelta(), timedelta(hours=1)


@pytest.mark.parametrize(
    ("fields", "moments", "words"),
    [
        ({}, {}, "No attempts yet"),
        ({}, {"last_success_at": NOW}, "Working"),
        ({"failures": 3, "last_failure": "No answer within 10 s"}, {"last_failure_at": NOW}, "Last attempt failed"),
        ({"failures": 10}, {"open_until": HOUR}, "It has never responded."),
        ({"failures": 10}, {"open_until": -HOUR}, "Retrying now."),
        ({"failures": 10}, {"open_until": NOW, "last_success_at": NOW}, "Not responding since"),
    ],
)
def test_how_it_answers(signed_in, application, admin, fields, moments, words):
    factories.make_gateway(application)
    now = timezone.now()
    Gateway.objects.update(**fields, **{name: now + later for name, later in moments.items()})
    assert words in text(signed_in(admin).get(url(application)))


def test_what_it_answered_is_said_in_the_reader_s_language(signed_in, application, admin):
    factories.make_gateway(application)
    now = timezone.now()
    Gateway.objects.update(
        failures=10, last_failure="The gateway responded with 503", last_failure_at=now, open_until=now + HOUR
    )
    admin.language = "zh-hans"
    admin.save()
    client = signed_in(admin)
    for address in (url(application), reverse("home")):
        page = text(client.get(address))
        assert "网关返回 503" in page
        assert "responded" not in page


def test_figures_of_the_last_day(signed_in, application, admin, program):
    other = factories.make_application()
    factories.make_binding(program, other)
    send(program, application, count=3)
    send(program, application, "waiting", count=2)
    send(program, application, "failed")
    send(program, application, accepted_at=timezone.now() - timedelta(hours=25))
    send(program, other)
    context = signed_in(admin).get(url(application)).context
    assert context["figures"] == {"accepted": 6, "delivered": 3, "waiting": 2, "failed": 1}
    assert [(line["program"], line["templates"], line["sent"]) for line in context["lines"]] == [(program, 5, 6)]


def test_failed_messages_show_no_values_and_no_recipient(signed_in, application, admin, program):
    reason = "The gateway responded with 503 <b>\u202e"
    for _ in range(26):
        send(program, application, "failed", tries=9, reason=reason)
    response = signed_in(admin).get(url(application))
    shown = [row["message"] for row in response.context["failed"]]
    assert (len(shown), response.context["failed_count"]) == (25, 26)
    assert shown == sorted(shown, key=lambda message: -message.pk)
    user, page = shown[0].consent.user, response.content.decode()
    for hidden in ("Harbour Clinic", user.openid, user.account, "\u202e", "<b>"):
        assert hidden not in page
    assert (page.count(user.masked), page.count("9 attempts")) == (1, 25)


def test_what_is_stopped(signed_in, application, admin, program):
    template = factories.make_template(program)
    factories.make_ban(application, program, template=template, reason="At night.")
    gone = factories.make_program()
    factories.make_ban(application, gone, reason="Advertising.")
    lifted = factories.make_ban(application, program)
    lifted.lifted_at = timezone.now()
    lifted.save()
    response = signed_in(admin).get(url(application))
    assert [what for _ban, what in response.context["bans"]] == [gone.name, f"City Bus (“{template.title}”)"]
    assert [(line["ban"], line["parts"]) for line in response.context["lines"]] == [(None, 1)]
    assert "At night." in text(response)


def test_the_order_of_programs_has_a_way_back(signed_in, application, admin, program):
    page = signed_in(admin).get(url(application), {"sort": "name"}).content.decode()
    assert '<option value="-bound">' in page


def test_readers_see_it_and_change_nothing(signed_in, application, reviewer, program):
    factories.make_gateway(application)
    factories.make_server_secret(application)
    send(program, application, "failed")
    factories.make_ban(application, program)
    viewer = factories.make_member(application.team, "viewer")
    for person in (reviewer, viewer):
        response = signed_in(person).get(url(application))
        assert (response.status_code, response.context["why_not_edit"]) == (200, WHY)
        page = response.content.decode()
        for name in ("gateway/set/", "gateway/test/", "gateway/replay/", "server-secret/", "bans/"):
            assert name not in page


def test_the_secret_is_a_hint(signed_in, application, admin):
    secret = factories.make_server_secret(application)
    old = factories.make_server_secret(application, ends_at=timezone.now() + timedelta(hours=1))
    factories.make_server_secret(application, ends_at=timezone.now() - timedelta(hours=1))
    response = signed_in(admin).get(url(application))
    assert [response.context["secret"].hint, *(row.hint for row in response.context["old_secrets"])] == [
        secret[-4:],
        old[-4:],
    ]
    assert secret[:20] not in response.content.decode()


def test_elsewhere_it_does_not_exist(signed_in, application, outsider, program):
    assert signed_in(outsider).get(url(application)).status_code == 404
    assert signed_in(program.created_by).get(url(application)).status_code == 404


def test_wrong_method(signed_in, application, admin):
    assert signed_in(admin).post(url(application)).status_code == 405


def test_the_details_lead_there(signed_in, application, admin):
    assert url(application) in signed_in(admin).get(f"/apps/{application.application_id}/").content.decode()


def test_the_page_costs_the_same_with_any_number_of_rows(
    signed_in, application, admin, program, django_assert_num_queries, django_assert_max_num_queries
):
    factories.make_gateway(application)
    factories.make_server_secret(application)
    client = signed_in(admin)

    def grow(program):
        send(program, application, "failed")
        factories.make_ban(application, program)
        factories.make_ban(application, program, template=factories.make_template(program))

    grow(program)
    with django_assert_max_num_queries(40) as few:
        client.get(url(application))
    for _ in range(2):
        another = factories.make_program()
        factories.make_binding(another, application)
        factories.make_server_secret(application, ends_at=timezone.now() + timedelta(hours=1))
        grow(another)
    with django_assert_num_queries(len(few)):
        client.get(url(application))

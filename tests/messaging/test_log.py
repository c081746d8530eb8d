"""The send log of a mini program (M-8)."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from messaging import stats
from messaging.forms import log as forms
from messaging.presenters.log import Place
from messaging.stats import Day, days_of
from messaging.views import log
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def template(program):
    return factories.make_template(program, factories.make_public_template("Appointment reminder"))


@pytest.fixture
def user(program, application):
    return factories.make_program_user(program, application)


@pytest.fixture
def url(program):
    return reverse("messaging:log", args=[program.app_id])


@pytest.fixture
def viewer(program):
    return factories.make_member(program.team, "viewer")


def sent(user, template, *, ago=timedelta(minutes=1), **fields):
    consent = user.consents.filter(template=template).first() or factories.make_consent(user, template)
    return factories.make_message(consent, accepted_at=timezone.now() - ago, **fields)


def shown(page):
    return [row.message for row in page.context["rows"]]


def test_newest_first_with_all_that_is_known(signed_in, viewer, url, user, template):
    waiting = sent(
        user, template, ago=timedelta(minutes=3), tries=2, status=502, reason="The gateway responded with 502"
    )
    waiting.next_try_at = timezone.now() + timedelta(minutes=7)
    waiting.save()
    failed = sent(user, template, state="failed", status=None, reason="The connection was refused", tries=9)
    delivered = sent(user, template, ago=timedelta(minutes=2), state="delivered", status=200, tries=1)

    page = signed_in(viewer).get(url)

    assert shown(page) == [failed, delivered, waiting]
    assert [row.answer for row in page.context["rows"]] == [
        "The connection was refused", "200", "The gateway responded with 502",
    ]  # fmt: skip
    text = page.content.decode()
    for words in (user.masked, "Appointment reminder", "Metro Wallet", "next attempt: in 7 min", "No more results"):
        assert words in text
    # Exact times take the place of what is inside a time: the link is around it.
    assert len(re.findall(r'<a class="fact"\s+href="[^"]+"><time [^>]*title=', text)) == 3
    assert user.openid not in text


def test_each_filter(signed_in, viewer, url, program, application, user, template):
    other_application = factories.make_application()
    factories.make_binding(program, other_application)
    other_user = factories.make_program_user(program, other_application)
    long_term = factories.make_template(program, kind="long_term")
    today = timezone.localdate()
    old = sent(user, template, ago=timedelta(days=3), state="delivered")
    failed = sent(other_user, template, state="failed")
    pushed = sent(user, long_term)
    client = signed_in(viewer)

    def found(**query):
        return shown(client.get(url, query))

    assert set(found()) == {old, failed, pushed}
    assert found(state="failed") == [failed]
    assert found(state="waiting") == [pushed]
    assert set(found(state="nonsense")) == {old, failed, pushed}
    assert found(template=long_term.template_id) == [pushed]
    assert found(application=other_application.application_id) == [failed]
    assert found(recipient=user.openid) == [pushed, old]
    assert found(recipient=user.masked) == [pushed, old]
    assert found(recipient=user.account) == [pushed, old]
    assert found(recipient="nobody") == []
    assert found(recipient=f"{user.openid[:6]}...{user.openid[-4:]}", state="delivered") == [old]
    assert found(message=failed.message_id) == found(message=str(failed.pk)) == [failed]
    day = timezone.localdate(old.accepted_at).isoformat()
    assert found(since=day, until=day) == [old]
    assert set(found(since=(today - timedelta(days=1)).isoformat())) == {failed, pushed}


def test_deleted_templates_can_still_be_asked_for(signed_in, viewer, url, user, template):
    message = sent(user, template, state="delivered")
    template.deleted_at = timezone.now()
    template.save()
    page = signed_in(viewer).get(url, {"template": template.template_id})
    assert shown(page) == [message]
    assert "(deleted)" in page.content.decode()


def test_templates_in_use_are_offered_first_and_any_other_of_the_program_can_be_named(
    signed_in, viewer, url, program, user, template, monkeypatch
):
    monkeypatch.setattr(forms, "MOST_TEMPLATES", 2)
    made = [factories.make_template(program, deleted_at=timezone.now() - timedelta(days=days)) for days in (3, 2, 1)]
    message, client = sent(user, made[0]), signed_in(viewer)

    def offered(**query):
        return [value for value, _label in client.get(url, query).context["form"].fields["template"].choices][1:]

    assert offered() == [template.template_id, made[2].template_id]
    assert offered(template=made[0].template_id) == [template.template_id, made[2].template_id, made[0].template_id]
    assert shown(client.get(url, {"template": made[0].template_id})) == [message]
    foreign = factories.make_template(factories.make_program())
    assert client.get(url, {"template": foreign.template_id}).status_code == 404
    assert client.get(url, {"template": "\x00" * 43}).status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"recipient": "a" * 129}, "recipient"),
        ({"recipient": "\x00" * 28}, "recipient"),
        ({"message": "msg_" + "9" * 40}, "message"),
        ({"message": "²"}, "message"),
        ({"since": "yesterday"}, "since"),
        ({"since": "2026-11-03", "until": "2026-11-02"}, "until"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(signed_in, viewer, url, query, field):
    page = signed_in(viewer).get(url, query)
    assert page.status_code == 200
    assert list(page.context["form"].errors) == [field]
    text = page.content.decode()
    assert str(page.context["form"].errors[field][0]) in html.unescape(text)
    assert "nothing-title" not in text


@pytest.mark.parametrize(
    "query",
    [
        {"before": "0_0"}, {"before": "9999999999999999_9223372036854775807"}, {"before": "x"}, {"before": "\x00"},
        {"since": "0001-01-01", "until": "9999-12-31"}, {"until": "0001-01-01"}, {"state": "\x00"},
        {"message": "999999999999999999"},
    ],
)  # fmt: skip
def test_odd_values_are_no_error(signed_in, viewer, url, user, template, query):
    sent(user, template)
    assert signed_in(viewer).get(url, query).status_code == 200


def test_other_teams_have_no_part_in_it(signed_in, viewer, url, application, user, template):
    mine = sent(user, template)
    foreign = factories.make_program()
    factories.make_binding(foreign, application)
    foreign_template, foreign_user = factories.make_template(foreign), factories.make_program_user(foreign, application)
    message = sent(foreign_user, foreign_template, state="failed")
    elsewhere = factories.make_application()
    client = signed_in(viewer)
    assert client.get(reverse("messaging:log", args=[foreign.app_id])).status_code == 404
    assert client.get(url, {"template": foreign_template.template_id}).status_code == 404
    assert client.get(url, {"application": elsewhere.application_id}).status_code == 404
    page = client.get(url)
    assert shown(page) == [mine]
    assert (page.context["total"]["accepted"], page.context["total"]["failed"]) == (1, 0)
    for query in ({"message": message.pk}, {"recipient": foreign_user.openid}, {"state": "failed"}):
        assert shown(client.get(url, query)) == []
    assert client.post(url).status_code == 405


def test_pages_follow_one_another(signed_in, viewer, url, user, template, monkeypatch):
    monkeypatch.setattr(log, "PAGE", 2)
    at = timezone.now()
    same = [sent(user, template, ago=timedelta(0)) for _ in range(3)]
    for message in same:
        message.accepted_at = at
        message.save()
    oldest = sent(user, template, ago=timedelta(hours=1))
    client = signed_in(viewer)
    first = client.get(url, {"state": "waiting"})
    assert shown(first) == [same[2], same[1]]
    assert first.context["older"] == f"state=waiting&before={Place(at, same[1].pk)}"
    second = client.get(f"{url}?{first.context['older']}")
    assert shown(second) == [same[0], oldest]
    assert "older" not in second.context
    assert "Newest messages" in second.content.decode()


def test_the_legend_counts_the_days_of_its_chart(signed_in, viewer, url, user, template):
    for days in (0, 3, 9, 20):
        sent(user, template, ago=timedelta(days=days, minutes=1), state="failed" if days == 3 else "delivered")
    page = signed_in(viewer).get(url)
    assert page.context["total"] == {"accepted": 3, "delivered": 2, "waiting": 0, "failed": 1}
    assert "3 messages" in " ".join(page.content.decode().split())


def test_days_count_in_the_consoles_own_time_zone(program, user, template, settings):
    at = datetime(2026, 11, 26, 10, tzinfo=UTC)
    begin = stats.midnight(at.date())
    for accepted_at, state in (
        (begin, "delivered"), (begin - timedelta(seconds=1), "failed"), (begin + timedelta(hours=1), "waiting"),
        (begin - timedelta(days=13), "delivered"), (begin - timedelta(days=13, seconds=1), "delivered"),
    ):  # fmt: skip
        message = sent(user, template, state=state)
        message.accepted_at = accepted_at
        message.save()
    days = days_of(program, at=at)
    assert len(days) == 14
    assert days[-1] == Day(at.date(), delivered=1, waiting=1)
    assert days[-2] == Day(at.date() - timedelta(days=1), failed=1)
    assert [day.accepted for day in days] == [1] + [0] * 11 + [1, 2]


def test_very_many_are_counted_once_a_minute(program, user, template, monkeypatch):
    monkeypatch.setattr(stats, "MANY", 2)
    at = timezone.now()
    sent(user, template)
    assert days_of(program, at=at)[-1].accepted + days_of(program, at=at)[-2].accepted == 1
    sent(user, template)
    many = days_of(program, at=at)
    sent(user, template)
    assert days_of(program, at=at) == many
    cache.clear()
    assert sum(day.accepted for day in days_of(program, at=at)) == 3


def test_the_failed_ones_offer_replay_to_who_may(signed_in, program, viewer, url, user, template):
    message = sent(user, template, state="failed", reason="\x07\u202etxt.exe <script>")
    replay = f"{reverse('messaging:replay', args=[program.app_id, message.pk])}?list=1"
    text = signed_in(factories.make_member(program.team, "developer")).get(url, {"state": "failed"}).content.decode()
    assert replay in text
    assert "␇[U+202E]txt.exe &lt;script&gt;" in text
    assert replay not in signed_in(viewer).get(url, {"state": "failed"}).content.decode()


def test_nothing_yet(signed_in, viewer, program, url):
    client = signed_in(viewer)
    assert "No templates yet" in client.get(url).content.decode()
    factories.make_template(program)
    assert "No messages yet" in client.get(url).content.decode()
    assert "No message has failed" in client.get(url, {"state": "failed"}).content.decode()


def test_queries_stay_the_same(signed_in, viewer, url, program, application, template):
    client, counts = signed_in(viewer), []
    for more in (1, 2):
        for _ in range(more):
            sent(factories.make_program_user(program, application), template, state="failed")
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url)
        counts.append(len(queries))
    assert len(page.context["rows"]) == 3
    assert counts[0] == counts[1]

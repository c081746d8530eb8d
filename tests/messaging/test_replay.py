"""Sending a failed message again (M-7)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core import times
from console.base.core.errors import ActionRefused, Conflict, ServerRefused
from messaging.actions.messages import replay, requeue, why_not_replay
from messaging.consents import _keep, binding_of, change_settings
from messaging.models import Consent, MainSwitch, Message
from messaging.rules import expires_at
from messaging.sending import Sending, send
from miniprograms import actions as programs
from tests import factories
from tests.console.holding import another
from tests.messaging.delivering import until

pytestmark = pytest.mark.django_db
REASON = "The gateway responded with 503"


@pytest.fixture
def consent(program, application):
    template = factories.make_template(program)
    return factories.make_consent(factories.make_program_user(program, application), template)


@pytest.fixture
def failed(consent):
    long_ago = timezone.now() - timedelta(days=3)
    return factories.make_message(
        consent, state="failed", tries=9, status=503, reason=REASON, next_try_at=long_ago, give_up_at=long_ago
    )


@pytest.fixture
def developer(program):
    return factories.make_member(program.team, "developer")


def url_of(message):
    return reverse("messaging:replay", args=[message.mini_program.app_id, message.pk])


def entries():
    return ActivityEntry.objects.filter(verb="message.replayed")


def test_it_waits_as_a_new_one_does(failed, developer):
    before = timezone.now()
    message = replay(failed, by=developer)
    after = timezone.now()
    assert (message.state, message.tries, message.finished_at, message.lease) == ("waiting", 0, None, None)
    assert before <= message.next_try_at <= after
    assert message.give_up_at == expires_at(message.next_try_at)
    assert (message.status, message.reason) == (503, REASON)
    [entry] = entries()
    assert (entry.actor_id, entry.target_label, entry.mini_program_id) == (
        developer.pk, message.message_id, message.mini_program.app_id,
    )  # fmt: skip
    assert (entry.before, entry.after) == ({"state": "failed", "tries": 9}, {"state": "waiting", "tries": 0})


def test_no_consent_is_used(failed, developer, consent):
    replay(failed, by=developer)
    used = consent.used
    consent.refresh_from_db()
    assert consent.used == used


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wrong_clock_of_this_machine_delays_nothing(failed, developer, hours):
    before = times.of_the_database()
    with time_machine.travel(before + timedelta(hours=hours)):
        message = replay(failed, by=developer)
    assert before <= message.next_try_at <= times.of_the_database()
    assert message.give_up_at == expires_at(message.next_try_at)


@pytest.mark.parametrize("state", ["waiting", "delivered"])
def test_only_failed_ones(consent, developer, state):
    message = factories.make_message(consent, state=state)
    with pytest.raises(Conflict):
        replay(message, by=developer)
    assert not entries().exists()


def test_twice(failed, developer):
    stale = Message.objects.get(pk=failed.pk)
    replay(failed, by=developer)
    with pytest.raises(Conflict, match="Already done"):
        replay(stale, by=developer)
    assert entries().count() == 1


@pytest.mark.django_db(transaction=True)
def test_at_once(failed, developer):
    def attempt(_number):
        try:
            replay(Message.objects.select_related("mini_program").get(pk=failed.pk), by=developer)
            return "done"
        except Conflict:
            return "overtaken"
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        results = sorted(threads.map(attempt, range(8)))
    assert results == ["done"] + ["overtaken"] * 7
    assert entries().count() == 1


def test_nobody_gets_what_was_refused_meanwhile(program, application, failed, developer):
    ban = factories.make_ban(application, program)
    with pytest.raises(ActionRefused, match="Metro Wallet has stopped these messages"):
        replay(failed, by=developer)
    ban.lifted_at, ban.lifted_by = timezone.now(), developer
    ban.save()
    of_template = factories.make_ban(application, program, template=failed.template)
    assert why_not_replay(failed) == "Metro Wallet has stopped these messages."
    of_template.lifted_at, of_template.lifted_by = timezone.now(), developer
    of_template.save()
    assert why_not_replay(failed) == ""
    switch = MainSwitch.objects.create(user=failed.consent.user, is_on=False, changed_at=timezone.now())
    with pytest.raises(ActionRefused, match="The user no longer accepts"):
        replay(failed, by=developer)
    switch.is_on = True
    switch.save()
    assert replay(failed, by=developer).state == "waiting"


def test_an_app_that_no_longer_has_the_program_gets_none_of_its_messages(program, failed, developer):
    programs.take_off_shelf(program, by=developer, reason="")
    with pytest.raises(ActionRefused, match="The mini program is off the shelf"):
        replay(failed, by=developer)
    programs.put_on_shelf(program, by=developer, reason="")
    assert why_not_replay(failed) == ""
    programs.unbind(program.bindings.get(), by=developer)
    with pytest.raises(ActionRefused, match="City Bus is no longer bound to Metro Wallet"):
        replay(failed, by=developer)
    failed.refresh_from_db()
    assert (failed.state, requeue(Message.objects.all(), at=timezone.now())) == ("failed", 0)


def test_a_withdrawn_consent_takes_its_long_term_messages_with_it(program, application, developer):
    template = factories.make_template(program, kind="long_term")
    consent = factories.make_consent(factories.make_program_user(program, application), template, held=False)
    message = factories.make_message(consent, state="failed")
    with pytest.raises(ActionRefused, match="The user no longer accepts"):
        replay(message, by=developer)


@pytest.fixture
def long_term(program, application):
    """A consent whose template was pushed three times today, five times yesterday."""
    template = factories.make_template(program, kind="long_term")
    user = factories.make_program_user(program, application)
    return factories.make_consent(user, template, day=times.platform_day(), pushed=3)


def make_old(consent, count=1):
    """Failed messages of yesterday."""
    yesterday = times.platform_day() - timedelta(days=1)
    consent.pushed = 0
    rows = [factories.make_message(consent, state="failed", day=yesterday) for _ in range(count)]
    Consent.objects.filter(pk=consent.pk).update(day=times.platform_day(), pushed=3)
    return rows


def places(consent):
    return list(consent.messages.filter(state="waiting").order_by("ordinal").values_list("day", "ordinal"))


def test_a_long_term_message_of_an_earlier_day_takes_one_of_todays_places(long_term, developer):
    today, old = times.platform_day(), make_old(long_term, 3)
    for message in old[:2]:
        replay(message, by=developer)
    words = "The user already got 5 messages of this template today. Send it again tomorrow."
    assert why_not_replay(old[2]) == words
    with pytest.raises(ActionRefused, match=words):
        replay(old[2], by=developer)
    old[2].refresh_from_db()
    long_term.refresh_from_db()
    assert (old[2].state, places(long_term)) == ("failed", [(today, 4), (today, 5)])
    assert (long_term.day, long_term.pushed) == (today, 5)


def test_a_long_term_message_of_today_keeps_its_place(long_term, developer):
    message = factories.make_message(long_term, state="failed")
    Consent.objects.filter(pk=long_term.pk).update(pushed=5)
    assert replay(message, by=developer).ordinal == 4
    long_term.refresh_from_db()
    assert long_term.pushed == 5


def test_on_a_day_without_pushes_the_places_begin_anew(long_term, developer):
    (message,) = make_old(long_term)
    Consent.objects.filter(pk=long_term.pk).update(day=message.day, pushed=5)
    replay(message, by=developer)
    long_term.refresh_from_db()
    assert (long_term.day, long_term.pushed, message.day, message.ordinal) == (times.platform_day(), 1) * 2


def test_of_many_as_many_as_fit(long_term, failed):
    old = make_old(long_term, 4)
    assert requeue(Message.objects.all(), at=timezone.now()) == 3
    assert set(Message.objects.filter(state="waiting")) == {failed, *old[:2]}


@pytest.mark.django_db(transaction=True)
def test_replays_at_once_and_sends_share_the_places_of_a_day(program, application, long_term, developer):
    factories.make_gateway(application)
    old, template = make_old(long_term, 4), long_term.template
    values = {keyword["key"]: keyword["example"] for keyword in template.keywords}

    def attempt(number):
        try:
            if number < 8:
                replay(Message.objects.select_related("mini_program").get(pk=old[number % 4].pk), by=developer)
            else:
                send(program, Sending(long_term.user.openid, template.template_id, values))
            return 1
        except (ActionRefused, ServerRefused):
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as threads:
        assert sum(threads.map(attempt, range(12))) == 2
    assert places(long_term) == [(times.platform_day(), number) for number in (4, 5)]


@pytest.fixture
def two_long_term(program, application):
    """What one user accepted of two templates, each with a message that failed yesterday."""
    user = factories.make_program_user(program, application)
    templates = [factories.make_template(program, kind="long_term") for _ in range(2)]
    consents = [factories.make_consent(user, template) for template in templates]
    for consent in consents:
        make_old(consent)
    return consents


@pytest.mark.django_db(transaction=True)
def test_a_replay_and_an_answer_of_the_user_take_the_consents_in_one_order(two_long_term):
    """Both wait for the first of two; whoever comes second then finds nothing in its way that waits for it."""
    first, second = two_long_term
    templates = {first.template: "accept", second.template: "accept"}

    def attempt(act):
        try:
            with transaction.atomic():
                return act()
        finally:
            connection.close()

    def waiting():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0]

    with ThreadPoolExecutor(2) as threads, another() as other:
        other.execute("SELECT FROM messaging_consent WHERE id = %s FOR UPDATE", [first.pk])
        answers = threads.submit(attempt, lambda: _keep(first.user, templates, at=timezone.now()))
        until(lambda: waiting() == 1)
        again = threads.submit(attempt, lambda: requeue(Message.objects.all(), at=timezone.now()))
        until(lambda: waiting() == 2)
        other.rollback()
        assert (answers.result(60), again.result(60)) == (None, 2)


@pytest.mark.django_db(transaction=True)
def test_a_replay_and_a_withdrawal_hold_up_no_other_user_of_the_template(two_long_term):
    first, _second = two_long_term
    template = first.template
    withdrawal = partial(
        change_settings,
        binding_of(template.mini_program.app_id, first.user.application_id),
        account=first.user.account,
        withdraw=[template.template_id],
        at=timezone.now(),
    )
    for act in (partial(requeue, Message.objects.all(), at=timezone.now()), withdrawal):
        with transaction.atomic():
            act()
            with another() as other:
                other.execute("SELECT FROM messaging_mytemplate WHERE id = %s FOR UPDATE NOWAIT", [template.pk])


def test_the_dialogs_say_that_a_place_is_taken(signed_in, long_term, failed, application, developer, admin):
    (old,) = make_old(long_term)
    counts, most = "It counts as one of the 5 messages", "at most 5 messages a day from a long-term template"
    client = signed_in(developer)
    assert counts in client.get(url_of(old)).content.decode()
    assert counts not in client.get(url_of(failed)).content.decode()
    ticked = reverse("messaging:selected_messages", args=[old.mini_program.app_id, "replay"])
    assert most in client.get(f"{ticked}?row={old.pk}").content.decode()
    assert most not in client.get(f"{ticked}?row={failed.pk}").content.decode()
    all_of_them = reverse("hosts:replay_failed", args=[application.application_id])
    assert most in signed_in(admin).get(all_of_them).content.decode()


def test_many_at_once(consent, failed):
    delivered = factories.make_message(consent, state="delivered")
    other = factories.make_message(consent, state="failed")
    assert requeue(Message.objects.filter(pk__in=[failed.pk, delivered.pk, other.pk]), at=timezone.now()) == 2
    assert list(Message.objects.order_by("pk").values_list("state", flat=True)) == ["waiting", "delivered", "waiting"]


def test_the_page_asks_and_does_it(signed_in, failed, developer):
    client = signed_in(developer)
    text = client.get(url_of(failed)).content.decode()
    assert f"Send {failed.message_id} again?" in text
    assert REASON in text
    answer = client.post(url_of(failed))
    assert (answer.status_code, answer.url) == (302, url_of(failed).removesuffix("replay/"))
    again = client.post(url_of(failed))
    assert again.status_code == 422
    assert "no longer marked as failed" in again.content.decode()
    assert entries().count() == 1


def test_from_the_list_it_leads_back_there(signed_in, failed, developer):
    answer = signed_in(developer).post(f"{url_of(failed)}?list=1")
    assert answer.url == f"{reverse('messaging:log', args=[failed.mini_program.app_id])}?state=failed"


def test_who_may(signed_in, program, failed):
    assert signed_in(factories.make_member(program.team, "viewer")).post(url_of(failed)).status_code == 403
    assert signed_in(factories.make_user()).post(url_of(failed)).status_code == 404
    other = factories.make_program(program.team)
    url = reverse("messaging:replay", args=[other.app_id, failed.pk])
    client = signed_in(factories.make_member(program.team, "admin"))
    assert client.post(url).status_code == 404
    assert client.delete(url_of(failed)).status_code == 405
    assert not entries().exists()

"""Mails of the console itself, as the link to set a password: a sealed row until the mail server took it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.models import MailServer, OutgoingMail
from console.base.accounts.notifying import notify, post_mail
from console.base.accounts.states import NotificationKind
from console.celery import app
from tests.factories import make_user
from tests.mail_server import mail_server


@pytest.fixture
def user(db):
    return make_user(email="mira@example.com")


def send():
    return delivery.send_waiting(at=timezone.now())


def ask(client, email="mira@example.com", **headers):
    return client.post(reverse("account_reset_password"), {"email": email}, **headers)


def post(**fields):
    posted = post_mail(to="mira@example.com", subject="Set a new password", body="https://example.com/secret")
    OutgoingMail.objects.filter(pk=posted.pk).update(**{"email_tries": 0, **fields})
    return OutgoingMail.objects.get(pk=posted.pk)


def test_a_silent_server_holds_no_request(user, client, settings):
    with mail_server() as server:
        server.faults = {"connect": "silent"}
        for name, value in server.settings().items():
            setattr(settings, name, value)

        assert ask(client).status_code == 302

        assert (server.connections, OutgoingMail.objects.count()) == (0, 1)


def test_the_link_is_sealed_while_it_waits_and_nothing_stays_once_it_is_sent(user, client):
    ask(client)
    waiting = OutgoingMail.objects.values().get()
    assert (waiting["to"], waiting["subject"]) == ("mira@example.com", "Set a new password")
    assert ("http" in str(waiting), "reset" in str(waiting)) == (False, False)

    assert send() == 1

    assert "/password/reset/" in mail.outbox[0].body
    assert OutgoingMail.objects.count() == 0


def test_the_link_is_one_of_the_console_s_own_address(user, client, settings):
    settings.BASE_URL = "https://console.example.com"
    ask(client, HTTP_HOST="evil.example.com")
    send()
    assert "\nhttps://console.example.com/" in mail.outbox[0].body
    assert "evil" not in mail.outbox[0].body


def test_an_address_may_be_as_long_as_the_form_lets_it(db, client):
    email = f"{'a' * 80}@{'b' * 63}.{'c' * 63}.{'d' * 60}.example"
    assert (len(email) > 254, ask(client, email).status_code) == (True, 302)
    assert OutgoingMail.objects.get().to == email


def test_it_goes_before_what_has_waited_longer(house):
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")
    post()
    assert send() == 2
    assert mail.outbox[0].subject == "Set a new password"


def test_copies_can_be_told_by_the_id(db, settings):
    settings.DEFAULT_FROM_EMAIL = "console@mail.example.com"
    row = post()
    send()
    identity = f"<outgoingmail.{row.pk}.{row.created_at:%Y%m%d%H%M%S%f}@mail.example.com>"
    assert mail.outbox[0].extra_headers["Message-ID"] == identity


def test_what_is_a_day_old_is_given_up_and_its_text_erased(db):
    now = timezone.now()
    row = post(created_at=now - timedelta(hours=25))

    assert (send(), mail.outbox) == (0, [])

    row.refresh_from_db()
    assert row.sealed == ""
    facts = delivery.mail_facts(at=now)
    assert (facts.waiting, facts.failed) == (0, 1)
    OutgoingMail.objects.update(created_at=now - timedelta(days=8))
    send()
    assert OutgoingMail.objects.count() == 0


def test_what_no_key_opens_any_more_does_not_stop_the_others(db, settings, caplog):
    post()
    settings.SECRET_KEY = "another one " * 5
    post()
    assert send() == 1
    assert OutgoingMail.objects.get().email_tries == 1
    assert (
        "An e-mail can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS" in caplog.text
    )
    facts = delivery.mail_facts(at=timezone.now())
    assert (facts.waiting, facts.refused, facts.last_failure) == (1, 0, "")


def test_no_answering_machine_answers(db):
    post()
    send()
    headers = mail.outbox[0].extra_headers
    assert (headers["Auto-Submitted"], headers["X-Auto-Response-Suppress"]) == ("auto-generated", "All")


def test_facts(house):
    now = timezone.now()
    assert delivery.mail_facts(at=now) == (0, None, 0, "", None, None, None, 0, None, None)
    row = post(created_at=now - timedelta(hours=2), email_next_at=now + timedelta(hours=1))
    invitation = actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")
    type(invitation).objects.update(email_tries=100)

    facts = delivery.mail_facts(at=timezone.now())
    assert facts == (2, row.created_at, 1, "", None, None, None, 0, None, None)


def test_what_was_refused_is_told_apart_from_what_only_waits(house):
    now = timezone.now()
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")
    tried = [post(created_at=now - timedelta(hours=hours), email_tries=1) for hours in (2, 4)]
    facts = delivery.mail_facts(at=now)
    assert (facts.waiting, facts.refused, facts.refused_since) == (3, 2, tried[1].created_at)
    assert facts.all_refused_since == tried[1].created_at

    MailServer.objects.create(last_sent_at=now - timedelta(hours=3))
    assert delivery.mail_facts(at=now).all_refused_since == tried[0].created_at
    assert send() == 3
    facts = delivery.mail_facts(at=timezone.now())
    assert (facts.refused, facts.all_refused_since, facts.last_sent_at >= now) == (0, None, True)


def test_news_that_was_a_week_old_unsent_has_failed_and_is_counted_for_a_week(house):
    now = timezone.now()
    for days in (6, 8, 15):
        house.viewer.notifications.create(kind="release", text="Old", url="/", created_at=now - timedelta(days=days))
    facts = delivery.mail_facts(at=now)
    assert (facts.waiting, facts.failed) == (1, 1)


@pytest.mark.parametrize("name", ["accounts.send_mail", "accounts.send_notifications", "accounts.send_invitations"])
def test_every_name_of_the_task_sends(db, name):
    post()
    app.tasks[name]()
    assert len(mail.outbox) == 1


def test_the_task_has_its_own_queue():
    assert app.conf.task_routes["accounts.send_mail"] == {"queue": "mail"}

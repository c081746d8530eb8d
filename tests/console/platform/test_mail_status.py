"""What the status page says of the mail server, which it does not ask (P-12)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from console.base.accounts import delivery
from console.base.accounts.models import MailServer, OutgoingMail
from console.base.core.sealing import seal
from console.platform.status import status
from console.platform.trouble import Level
from tests.console.platform.reading import services, titles
from tests.factories import make_signs, make_user

pytestmark = pytest.mark.django_db


def test_a_mail_server_that_failed_says_what_it_said():
    make_signs()
    assert not services()["mail"].is_known
    now = timezone.now()
    MailServer.objects.create(
        failures=3, paused_until=now + timedelta(minutes=5), last_failure="421 closing", last_failure_at=now
    )
    make_user().notifications.create(kind="review", text="News", url="/", created_at=now - timedelta(hours=1))
    (trouble,) = status().troubles  # That its queue doesn't move has this reason.
    assert (trouble.title, trouble.said) == ("The mail server is failing", "421 closing")
    MailServer.objects.update(paused_until=now)  # Between two tries.
    (trouble,) = status().troubles
    assert trouble.title == "The mail server is failing"
    assert trouble.mend == "E-mails are tried again now. Check the server and EMAIL_URL."
    MailServer.objects.update(paused_until=now - timedelta(minutes=11))  # Nobody tries.
    assert titles() == ["The queue mail is stuck"]
    MailServer.objects.update(paused_until=None, failures=0)
    assert titles() == ["The queue mail is stuck"]


def test_a_mail_server_without_a_port_is_shown_with_its_usual_one(settings):
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "console.base.accounts.smtp.Backend", "mail.example.com"
    settings.EMAIL_PORT, settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = None, False, True
    assert services()["mail"].facts[0] == "mail.example.com:465"


def refuse(user, *, ago, tries):
    user.notifications.create(
        kind="review",
        text="News",
        url="/",
        created_at=timezone.now() - ago,
        email_tries=tries,
        email_next_at=timezone.now() + timedelta(minutes=50),
    )


def test_a_mail_server_that_refuses_all_for_half_an_hour_is_not_working():
    make_signs()
    now = timezone.now()
    MailServer.objects.create(last_failure="550 relay denied", last_failure_at=now)
    user = make_user()
    refuse(user, ago=timedelta(minutes=29), tries=3)
    assert services()["mail"].trouble is None
    assert services()["mail"].facts[-1].endswith(": 550 relay denied")

    refuse(user, ago=timedelta(hours=6), tries=8)

    (trouble,) = status().troubles
    assert (trouble.title, trouble.said) == ("The mail server refuses 2 e-mails", "550 relay denied")
    assert trouble.since == user.notifications.get(email_tries=8).created_at
    assert not services()["mail"].works


def post_sealed_with_a_lost_key(settings, *, ago):
    """A mail that was tried: nobody asked the server about it."""
    former = settings.SECRET_KEY
    settings.SECRET_KEY = "another one " * 5
    mail = OutgoingMail.objects.create(
        to="ada@example.com",
        subject="Hello",
        sealed=seal("Hello"),
        created_at=timezone.now() - ago,
        email_tries=1,
        email_next_at=timezone.now() + timedelta(minutes=50),
    )
    settings.SECRET_KEY = former
    return mail


def test_a_mail_that_no_key_opens_is_no_fault_of_the_server(settings):
    make_signs()
    mail = post_sealed_with_a_lost_key(settings, ago=timedelta(hours=6))
    (trouble,) = status().troubles
    assert (trouble.title, trouble.said, trouble.since) == ("E-mails can’t be opened", "", mail.created_at)
    assert services()["mail"].works
    assert delivery.all_refused_since(at=timezone.now()) is None


def test_a_mail_that_no_key_opens_hides_no_server_that_refuses_all(settings):
    make_signs()
    user = make_user()
    for _notification in range(5):
        refuse(user, ago=timedelta(hours=6), tries=8)
    MailServer.objects.create(last_failure="550 relay denied", last_failure_at=timezone.now())
    mail = post_sealed_with_a_lost_key(settings, ago=timedelta(hours=7))
    OutgoingMail.objects.filter(pk=mail.pk).update(email_tries=0, email_next_at=None)
    delivery.send_waiting(at=timezone.now())
    assert OutgoingMail.objects.get().email_tries == 1

    refusing, closed = status().troubles

    assert (refusing.title, refusing.said) == ("The mail server refuses 5 e-mails", "550 relay denied")
    assert closed.title == "E-mails can’t be opened"


def test_a_mail_that_is_refused_while_others_are_sent_is_a_note():
    make_signs()
    now = timezone.now()
    MailServer.objects.create(last_failure="550 not here", last_failure_at=now, last_sent_at=now - timedelta(hours=3))
    user = make_user()
    refuse(user, ago=timedelta(hours=6), tries=8)
    assert services()["mail"].works
    (trouble,) = status().troubles
    assert (trouble.title, trouble.level) == ("The mail server refuses 1 e-mail", Level.NOTE)
    assert "last sent" in services()["mail"].facts[1]

    refuse(user, ago=timedelta(hours=2), tries=5)

    (trouble,) = status().troubles
    assert (trouble.title, trouble.level) == ("The mail server refuses 2 e-mails", Level.WRONG)

"""E-mail of notifications and invitations: rows, retried."""

from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.notifying import notify
from console.base.accounts.querysets import MAX_EMAIL_TRIES
from console.base.accounts.states import NotificationKind
from tests.console.base.accounts.acting import at_once


class DeadServer(BaseEmailBackend):
    """A mail server that refuses every connection."""

    asked = 0

    def open(self):
        DeadServer.asked += 1
        raise ConnectionRefusedError


class RefusingServer(BaseEmailBackend):
    """A mail server that knows none of the recipients."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"not here")})


DEAD, REFUSING = f"{__name__}.DeadServer", f"{__name__}.RefusingServer"


def send():
    return delivery.send_waiting(at=timezone.now())


@pytest.fixture
def invitation(house):
    return actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)


def test_an_invitation_s_message(house, invitation, settings):
    settings.BASE_URL = "https://console.example.com"

    assert send() == 1

    message = mail.outbox[0]
    assert message.to == ["new@example.com"]
    assert message.subject == f"{house.admin} invites you to join Harbour"
    assert f"{house.admin} invites you to join Harbour as developer." in message.body
    assert f"https://console.example.com/teams/invitations/{invitation.token}/" in message.body
    invitation.refresh_from_db()
    assert invitation.emailed_at is not None


def test_copies_of_a_message_can_be_told_by_its_id(house, invitation, settings):
    settings.DEFAULT_FROM_EMAIL = "Console <console@mail.example.com>"
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")

    send()

    told = house.viewer.notifications.get()
    assert [message.extra_headers["Message-ID"] for message in mail.outbox] == [
        f"<invitation.{invitation.pk}.{invitation.invited_at:%Y%m%d%H%M%S%f}@mail.example.com>",
        f"<notification.{told.pk}.{told.created_at:%Y%m%d%H%M%S%f}@mail.example.com>",
    ]


def test_no_answering_machine_answers_and_mail_programs_offer_to_unsubscribe_from_notifications(
    house, invitation, settings
):
    settings.BASE_URL = "https://console.example.com"
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")

    send()

    invited, told = (message.extra_headers for message in mail.outbox)
    for headers in (invited, told):
        assert (headers["Auto-Submitted"], headers["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert told["List-Unsubscribe"] == "<https://console.example.com/notifications/choices/>"
    assert "List-Unsubscribe" not in invited


def test_it_goes_out_once(invitation):
    assert [send(), send()] == [1, 0]


def test_a_dead_server_costs_only_time(invitation, settings):
    """Three hours without a mail server, swept every minute: it is asked now and then, nothing is lost or counted."""
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = DEAD
    DeadServer.asked = 0
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _minute in range(3 * 60):
            send()
            clock.shift(60)
        invitation.refresh_from_db()
        assert (invitation.email_tries, invitation.email_next_at) == (0, None)
        assert 3 * 29 < DeadServer.asked <= 3 * 60
        settings.EMAIL_BACKEND = working

        clock.shift(61)
        assert send() == 1


def test_a_refused_one_is_left_alone_until_its_pause_is_over(invitation, settings):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = REFUSING
    with time_machine.travel(timezone.now(), tick=False) as clock:
        send()
        settings.EMAIL_BACKEND = working
        assert send() == 0
        clock.shift(11)
        assert send() == 1


def test_it_gives_up_and_says_so_until_sent_again(house, invitation, settings, signed_in):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = REFUSING
    for _try in range(MAX_EMAIL_TRIES + 2):
        type(invitation).objects.update(email_next_at=None)
        send()
    settings.EMAIL_BACKEND = working

    assert send() == 0
    invitation.refresh_from_db()
    assert (invitation.email_tries, invitation.failed) == (MAX_EMAIL_TRIES, True)
    page = signed_in(house.admin).get(reverse("accounts:detail", args=[house.team.pk])).content.decode()
    assert "Not delivered" in page
    actions.resend_invitation(invitation, by=house.admin)
    assert send() == 1


def test_an_expired_one_is_not_sent(invitation):
    type(invitation).objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert send() == 0


def test_a_line_break_in_a_name_can_not_forge_a_header(house):
    type(house.admin).objects.filter(pk=house.admin.pk).update(name="Eve\r\nBcc: x@example.com")
    house.admin.refresh_from_db()
    actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)

    send()

    assert mail.outbox[0].subject == "Eve Bcc: x@example.com invites you to join Harbour"


def test_an_address_that_no_message_can_carry_does_not_stop_the_others(house, invitation, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    type(invitation).objects.filter(pk=invitation.pk).update(email='"\x0cBcc:eve@example.com"@example.com')
    other = actions.invite(house.team, email="other@example.com", role="viewer", by=house.admin)

    assert send() == 1

    invitation.refresh_from_db()
    other.refresh_from_db()
    assert (invitation.email_tries, invitation.emailed_at) == (1, None)
    assert other.emailed_at is not None


def test_a_notification_s_message(house, settings):
    settings.BASE_URL = "https://console.example.com"
    notify(
        [house.viewer],
        kind=NotificationKind.RELEASE,
        text=lambda: "City Bus 2.5.0 is online",
        url="/versions/",
        detail=lambda: "Note",
    )

    assert send() == 1

    assert mail.outbox[0].to == [house.viewer.email]
    assert mail.outbox[0].body.startswith("City Bus 2.5.0 is online\n\nNote\n\nhttps://console.example.com/versions/")


def test_a_deactivated_user_gets_none(house):
    notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")
    type(house.viewer).objects.filter(pk=house.viewer.pk).update(is_active=False)
    assert send() == 0


def test_who_could_not_sign_in_for_months_gets_the_mails_of_a_week(house):
    now = timezone.now()
    for days in (60, 8, 6):
        at = now - timedelta(days=days)
        notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: f"{days} days", url="/", at=at)  # noqa: B023
    assert delivery.mail_facts(at=now).waiting == 1
    assert send() == 1
    assert mail.outbox[0].subject == "6 days"
    assert house.viewer.notifications.shown().count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_once(house, invitation):
    actions.invite(house.team, email="other@example.com", role="viewer", by=house.admin)

    assert sum(filter(None, at_once(send, send))) == 2
    assert sorted(message.to[0] for message in mail.outbox) == ["new@example.com", "other@example.com"]

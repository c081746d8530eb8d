"""E-mail of notifications and invitations: rows, retried."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.urls import reverse
from django.utils import timezone

from console.accounts import actions, delivery
from console.accounts.querysets import MAX_EMAIL_TRIES
from console.accounts.states import NotificationKind
from tests.console.accounts.acting import at_once


class DeadServer:
    """A mail server that refuses every connection."""

    def __init__(self, *args, **kwargs):
        pass

    def send_messages(self, messages):
        raise ConnectionRefusedError


DEAD = f"{__name__}.DeadServer"


@pytest.fixture
def invitation(house):
    return actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)


def test_an_invitation_s_message(house, invitation, settings):
    settings.BASE_URL = "https://console.example.com"

    assert delivery.send_invitations() == 1

    message = mail.outbox[0]
    assert message.to == ["new@example.com"]
    assert message.subject == f"{house.admin} invites you to the team Harbour"
    assert f"{house.admin} invites you to join the team Harbour as developer." in message.body
    assert f"https://console.example.com/teams/invitations/{invitation.token}/" in message.body
    invitation.refresh_from_db()
    assert invitation.emailed_at is not None


def test_it_goes_out_once(invitation):
    assert [delivery.send_invitations(), delivery.send_invitations()] == [1, 0]


def test_a_dead_server_costs_only_time(invitation, settings):
    """A day without a mail server, swept every ten seconds in effect: pauses grow, nothing is lost."""
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = DEAD
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _minute in range(24 * 60):
            delivery.send_invitations()
            clock.shift(60)
        invitation.refresh_from_db()
        assert 20 < invitation.email_tries < 40
        assert not invitation.given_up
        settings.EMAIL_BACKEND = working

        clock.shift(3600)
        assert delivery.send_invitations() == 1


def test_a_failed_one_is_left_alone_until_its_pause_is_over(invitation, settings):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = DEAD
    with time_machine.travel(timezone.now(), tick=False) as clock:
        delivery.send_invitations()
        settings.EMAIL_BACKEND = working
        assert delivery.send_invitations() == 0
        clock.shift(10)
        assert delivery.send_invitations() == 1


def test_it_gives_up_and_says_so_until_sent_again(house, invitation, settings, signed_in):
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = DEAD
    for _try in range(MAX_EMAIL_TRIES + 2):
        type(invitation).objects.update(email_next_at=None)
        delivery.send_invitations()
    settings.EMAIL_BACKEND = working

    assert delivery.send_invitations() == 0
    invitation.refresh_from_db()
    assert (invitation.email_tries, invitation.given_up) == (MAX_EMAIL_TRIES, True)
    page = signed_in(house.admin).get(reverse("accounts:detail", args=[house.team.pk])).content.decode()
    assert "Not delivered" in page
    actions.resend_invitation(invitation, by=house.admin)
    assert delivery.send_invitations() == 1


def test_an_expired_one_is_not_sent(invitation):
    type(invitation).objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert delivery.send_invitations() == 0


def test_a_line_break_in_a_name_can_not_forge_a_header(house):
    type(house.admin).objects.filter(pk=house.admin.pk).update(name="Eve\r\nBcc: x@example.com")
    house.admin.refresh_from_db()
    actions.invite(house.team, email="new@example.com", role="viewer", by=house.admin)

    delivery.send_invitations()

    assert mail.outbox[0].subject == "Eve Bcc: x@example.com invites you to the team Harbour"


def test_an_address_that_no_message_can_carry_does_not_stop_the_others(house, invitation, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    type(invitation).objects.filter(pk=invitation.pk).update(email='"\x0cBcc:eve@example.com"@example.com')
    other = actions.invite(house.team, email="other@example.com", role="viewer", by=house.admin)

    assert delivery.send_invitations() == 1

    invitation.refresh_from_db()
    other.refresh_from_db()
    assert (invitation.email_tries, invitation.emailed_at) == (1, None)
    assert other.emailed_at is not None


def test_a_notification_s_message(house, settings):
    settings.BASE_URL = "https://console.example.com"
    actions.notify(
        [house.viewer],
        kind=NotificationKind.RELEASE,
        text=lambda: "City Bus 2.5.0 is online",
        url="/versions/",
        detail=lambda: "Note",
    )

    assert delivery.send_waiting() == 1

    assert mail.outbox[0].to == [house.viewer.email]
    assert mail.outbox[0].body.startswith("City Bus 2.5.0 is online\n\nNote\n\nhttps://console.example.com/versions/")


def test_a_deactivated_user_gets_none(house):
    actions.notify([house.viewer], kind=NotificationKind.RELEASE, text=lambda: "Something", url="/")
    type(house.viewer).objects.filter(pk=house.viewer.pk).update(is_active=False)
    assert delivery.send_waiting() == 0


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_each_once(house, invitation):
    actions.invite(house.team, email="other@example.com", role="viewer", by=house.admin)

    assert sum(at_once(delivery.send_invitations, delivery.send_invitations)) == 2
    assert sorted(message.to[0] for message in mail.outbox) == ["new@example.com", "other@example.com"]

"""A mail server that is silent, breaks off or refuses: it stops one run, and nothing else."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded
from django.core.mail.backends.base import BaseEmailBackend
from django.db import OperationalError, connection, transaction
from django.db.models import Max
from django.utils import timezone
from redis import Redis

from console.base.accounts import actions, delivery, leases
from console.base.accounts.models import MailServer, Notification
from console.base.accounts.notifying import post_mail
from console.base.accounts.states import NotificationKind
from console.base.accounts.tasks import send_mail
from tests.mail_server import SECONDS, mail_server

IN_A_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
    AND xact_start IS NOT NULL
"""
LOCK_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = %s::oid"
THIS_DATABASE = "SELECT oid FROM pg_database WHERE datname = current_database()"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    with mail_server() as server:
        for name, value in server.settings().items():
            setattr(settings, name, value)
        yield server


@pytest.fixture
def background():
    """Return a function that starts another one in a thread with a connection of its own, as a worker would."""

    def closing(function):
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        yield lambda function: pool.submit(closing, function)


def tell(house, count=1):
    """Let `count` notifications wait; the last one is the viewer's."""
    users = [house.admin] * (count - 1) + [house.viewer]
    Notification.objects.bulk_create(
        [Notification(user=user, kind=NotificationKind.RELEASE, text="Something", url="/") for user in users]
    )


def tries():
    """How many notifications wait after how many tries."""
    return dict(Counter(Notification.objects.filter(emailed_at=None).values_list("email_tries", flat=True)))


def last_sent():
    return Notification.objects.aggregate(at=Max("emailed_at"))["at"]


def send():
    return delivery.send_waiting(at=timezone.now())


def waits():
    return delivery.something_waits(at=timezone.now())


def ask(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]


def later(**delta):
    """Everything below happens so much later."""
    return time_machine.travel(timezone.now() + timedelta(**delta))


def test_all_go_over_one_connection(house, server):
    tell(house, 20)
    actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)
    post_mail(to="lost@example.com", subject="Set a new password", body="A link")

    assert send() == 22

    assert (server.connections, len(server.messages)) == (1, 22)
    assert server.recipients()[:2] == ["lost@example.com", "new@example.com"]
    assert (tries(), send(), server.connections) == ({}, 0, 1)


def test_a_silent_server_costs_one_time_out_and_holds_nothing(house, server, settings, background):
    settings.EMAIL_TIMEOUT = 2
    tell(house, 1000)
    server.faults = {"connect": "silent"}

    run = background(send)
    assert server.connected.wait(SECONDS)
    assert ask(IN_A_TRANSACTION) == 0
    with transaction.atomic():
        assert len(Notification.objects.select_for_update(nowait=True)) == 1000
    assert not delivery.send_waiting(
        at=timezone.now()
    )  # Another worker is not held, whether the run is still at it or not.
    assert run.result(SECONDS) == 0

    assert tries() == {0: 1000}
    assert (
        waits(),
        send(),
        server.connections,
    ) == (False, 0, 1)
    server.faults, settings.EMAIL_TIMEOUT = {}, SECONDS
    Notification.objects.filter(user=house.admin).delete()
    with later(seconds=31):
        assert (send(), server.connections) == (1, 2)
    assert MailServer.objects.get().failures == 0


@pytest.mark.parametrize("fault", ["silent", "drop", "421"])
@pytest.mark.parametrize("stage", ["connect", "MAIL", "RCPT", "DATA", "text"])
def test_the_first_dead_connection_ends_the_run(house, server, settings, stage, fault):
    settings.EMAIL_TIMEOUT = settings.EMAIL_TEXT_TIMEOUT = 2 if fault == "silent" else SECONDS
    tell(house, 3)
    server.faults = {stage: fault}

    assert send() == 0

    assert server.connections == 1
    assert tries() == ({0: 3} if stage == "connect" else {0: 2, 1: 1})
    assert not waits()
    server.faults, settings.EMAIL_TIMEOUT = {}, SECONDS
    with later(minutes=5):
        assert send() == 3


def test_a_slow_yes_to_a_text_is_waited_for_longer_than_other_answers(house, server, settings):
    """The server has the mail by then: who hangs up sends it again, and again (RFC 5321, 4.5.3.2.6)."""
    settings.EMAIL_TIMEOUT = 2
    tell(house)
    server.faults = {"text": "slow"}

    assert send() == 1

    assert (len(server.messages), tries(), MailServer.objects.get().last_failure) == (1, {}, "")


def test_the_task_ends_no_run_of_a_server_that_answers_in_time(settings):
    answers = settings.EMAIL_TIMEOUT * 7 + settings.EMAIL_TIMEOUT * 3 + settings.EMAIL_TEXT_TIMEOUT
    assert send_mail.soft_time_limit >= answers + leases.RUN_SECONDS
    assert leases.LEASE.seconds > settings.EMAIL_TIMEOUT * 3 + settings.EMAIL_TEXT_TIMEOUT


def test_a_sender_that_the_server_refuses_is_no_mail_s_fault(house, server):
    tell(house, 3)
    server.faults = {"MAIL": "550"}
    assert send() == 0
    assert (tries(), waits()) == ({0: 2, 1: 1}, False)


@pytest.mark.parametrize(
    "wrong", [{"EMAIL_HOST_USER": "user", "EMAIL_HOST_PASSWORD": "secret"}, {"EMAIL_USE_TLS": True}, {"EMAIL_PORT": 1}]
)
def test_no_login_no_tls_no_server_uses_up_no_tries(house, server, settings, wrong):
    tell(house, 3)
    for name, value in wrong.items():
        setattr(settings, name, value)
    assert send() == 0
    assert (tries(), waits(), server.messages) == ({0: 3}, False, [])


@pytest.mark.parametrize(("stage", "fault"), [("RCPT", "550"), ("DATA", "550"), ("text", "550")])
def test_a_refused_mail_counts_for_itself(house, server, stage, fault):
    server.faults, server.only = {stage: fault}, house.viewer.email
    tell(house)
    tell(house, 5)

    assert send() == 4

    assert (server.connections, tries()) == (1, {1: 2})
    facts = delivery.mail_facts(at=timezone.now())
    assert (facts.last_failure, facts.paused_until, facts.waiting) == ("550 not here", None, 2)


def test_the_last_mail_of_a_run_is_the_last_one_sent(house, server):
    """What came while the run went on, and was refused, counts by it."""
    tell(house, 3)
    assert send() == 3
    assert MailServer.objects.get().last_sent_at == last_sent()


def test_mails_that_were_sent_before_a_server_died_end_no_pause(house, server):
    tell(house, 3)
    server.faults, server.only = {"text": "drop"}, house.viewer.email

    assert (send(), waits()) == (2, False)

    noted = MailServer.objects.get()
    assert (noted.failures, noted.last_sent_at) == (1, last_sent())


def test_a_mail_on_which_the_server_dies_does_not_stand_in_the_others_way(house, server):
    server.faults, server.only = {"text": "drop"}, house.viewer.email
    tell(house)
    assert send() == 0
    tell(house, 4)

    with later(seconds=leases.FIRST_SERVER_PAUSE + 1):
        assert send() == 3

    assert tries() == {1: 2}


def test_the_pauses_of_a_dead_server_grow_to_a_minute(house, server):
    tell(house, 3)
    server.faults = {"connect": "421"}
    pauses = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _failure in range(6):
            send()
            pauses.append((MailServer.objects.get().paused_until - timezone.now()).total_seconds())
            clock.shift(pauses[-1])

    assert [round(pause, -1) if pause > 5.5 else 5 for pause in pauses] == [5, 10, 20, 40, 60, 60]
    assert (server.connections, tries()) == (6, {0: 3})


def test_a_pause_by_a_clock_that_was_set_back_holds_no_new_mail(house, server):
    MailServer.objects.create(failures=1, paused_until=timezone.now() + timedelta(days=1))
    tell(house)
    assert send() == 1
    assert MailServer.objects.get().paused_until is None


def test_a_copy_after_a_crash_has_the_same_message_id(house, server, background):
    """The session ends between the server's yes and our note, as when the worker is killed."""
    tell(house)
    server.faults = {"text": "hold"}
    run = background(send)
    assert server.holding.wait(SECONDS)

    assert ask(f"SELECT pg_terminate_backend(({LOCK_HOLDER}), 5000)", ask(THIS_DATABASE))
    server.released.set()
    with pytest.raises(OperationalError):
        run.result(SECONDS)
    server.faults = {}
    assert (tries(), send()) == ({1: 1}, 0)  # until the lease ends
    with later(seconds=leases.LEASE.seconds + 1):
        assert send() == 1

    first, second = (message["Message-ID"] for message in server.messages)
    assert first == second
    assert first.startswith(f"<notification.{Notification.objects.get().pk}.")
    assert first.endswith("@localhost>")


def test_what_is_changed_meanwhile_is_not_marked_as_sent(house, server, background):
    invitation = actions.invite(house.team, email="new@example.com", role="developer", by=house.admin)
    server.faults = {"text": "hold"}
    run = background(send)
    assert server.holding.wait(SECONDS)

    invitation = actions.resend_invitation(invitation, by=house.admin)
    server.released.set()

    assert [run.result(SECONDS), send()] == [1, 1]
    first, second = server.messages
    assert first["Message-ID"] != second["Message-ID"]
    assert (invitation.token in first.get_content(), invitation.token in second.get_content()) == (False, True)


def test_who_waits_for_a_link_goes_next(house, server, background):
    tell(house, 2)
    server.faults = {"text": "hold"}
    run = background(send)
    assert server.holding.wait(SECONDS)

    post_mail(to="lost@example.com", subject="Set a new password", body="A link")
    server.released.set()

    assert run.result(SECONDS) == 3
    assert server.recipients()[1] == "lost@example.com"


def test_a_run_ends_in_time_and_wakes_the_next_one(house, server, settings, monkeypatch):
    monkeypatch.setattr(leases, "RUN_SECONDS", 0)
    tell(house, 2)
    with Redis.from_url(settings.REDIS_URL) as broker:
        before, lengths = broker.llen("mail"), []
        for _run in range(2):
            send_mail()
            lengths.append(broker.llen("mail") - before)

    assert (lengths, len(server.messages), tries()) == ([1, 1], 2, {})


class Endless(BaseEmailBackend):
    """A server that says a byte now and then, until the worker's time limit."""

    def send_messages(self, messages):
        raise SoftTimeLimitExceeded


def test_the_worker_s_time_limit_ends_the_run(house, settings):
    settings.EMAIL_BACKEND = f"{__name__}.Endless"
    tell(house, 2)
    assert send() == 0
    assert (tries(), waits()) == ({0: 1, 1: 1}, False)

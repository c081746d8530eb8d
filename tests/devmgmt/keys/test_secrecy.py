"""The secret is in the one answer that shows it, and nowhere else, ever (K-2)."""

import logging

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection

from console.base.accounts.tasks import send_mail
from devmgmt.keys import actions, tokens
from devmgmt.keys.models import AppSecret
from devmgmt.keys.states import TokenKind
from tests.devmgmt.keys.asking import CALLER, url
from tests.factories import make_member

MARKER = "5ec2e7" * 5 + "ab"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def marked(monkeypatch):
    """What the next secret will be."""
    monkeypatch.setattr("secrets.token_hex", lambda count: MARKER[: 2 * count])
    return MARKER


def post(client, program, move):
    current = AppSecret.objects.current().filter(mini_program=program).first()
    typed = {"note": "Yearly rotation", "seen": current.pk if current else "", "overlap": "24"}
    return client.post(url(program, move), typed)


def in_the_database(text):
    """Return the tables in which some row has the text, as it is or as bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        tables = [table for (table,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(
                f'SELECT count(*) FROM "{table}" AS line WHERE line::text LIKE %s OR line::text LIKE %s',
                [f"%{text}%", f"%{text.encode().hex()}%"],
            )
            found += [table] * bool(cursor.fetchone()[0])
    assert "keys_appsecret" in tables
    return found


def in_valkey():
    """Return all that the cache and the broker, which is the same server, keep."""
    client = redis.from_url(settings.REDIS_URL)
    read = {
        b"string": client.get,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
    }
    return str([(key, read[client.type(key)](key)) for key in client.scan_iter()])


@pytest.mark.parametrize("move", ["generate", "reset"])
def test_is_nowhere_else(signed_in, program, admin, marked, caplog, move):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "django.db.backends")
    connection.force_debug_cursor = True
    make_member(program.team, "admin")
    client = signed_in(admin)
    if move == "reset":
        AppSecret.objects.create(
            mini_program=program, sha256="0" * 64, hint="0000", created_at=admin.date_joined, created_by=admin
        )
    try:
        answer = post(client, program, move)
        assert (answer.status_code, answer.content.decode().count(marked)) == (200, 2)
        assert marked not in str(answer.headers) + str(answer.cookies)
        assert tokens.authenticate(program.app_id, marked, caller=CALLER) == program
        mail.outbox.clear()
        kept = in_valkey()
        send_mail()
    finally:
        connection.force_debug_cursor = False

    assert in_the_database(marked) == []
    assert ("accounts.send_mail" in kept, marked in kept) == (True, False)
    assert [marked in str(session.get_decoded()) for session in Session.objects.all()] == [False]
    assert len(mail.outbox) == 1
    assert marked not in str(mail.outbox[0].message())
    assert "keys_appsecret" in caplog.text
    assert marked not in caplog.text + str([record.__dict__ for record in caplog.records])
    for page in (
        url(program),
        "/keys/",
        "/",
        "/activity/",
        "/notifications/",
        program.get_absolute_url(),
        url(program, move),
    ):
        assert marked not in client.get(page, follow=True).content.decode()
    assert post(client, program, "generate").status_code == 422


@pytest.mark.parametrize("debug", [False, True])
def test_not_in_the_page_of_an_error_after_the_verb(signed_in, program, admin, marked, caplog, settings, debug):
    caplog.set_level(logging.DEBUG)
    client = signed_in(admin)
    client.raise_request_exception = False
    settings.DEBUG = debug
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE hosts_hostapplication RENAME TO away")
        try:
            answer = post(client, program, "generate")
        finally:
            cursor.execute("ALTER TABLE away RENAME TO hosts_hostapplication")
    text = answer.content.decode()
    assert (answer.status_code, AppSecret.objects.count()) == (500, 1)
    assert ("Traceback" in text) == debug
    assert marked not in text
    assert marked not in caplog.text


def test_not_in_what_a_traceback_would_show(program, admin, marked):
    made = actions.generate(program, by=admin)
    assert (str(made.secret), f"{made.secret}") == (marked, marked)
    assert marked not in repr(made) + repr([made.secret]) + f"{made.secret!r}"


def test_tokens_and_codes_are_not_kept_either(program, admin):
    made = actions.generate(program, by=admin)
    for kind in TokenKind:
        issued = tokens.issue(program.app_id, made.secret, kind=kind, caller=CALLER)
        assert in_the_database(issued.token) == []
    assert in_the_database(made.secret) == []

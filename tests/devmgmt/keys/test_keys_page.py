"""The keys page of a program (K-1, K-2)."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from devmgmt.keys import actions, tokens
from devmgmt.keys.states import Overlap, TokenKind
from tests.devmgmt.keys.asking import CALLER, errcode, url
from tests.factories import make_member, make_program

NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


def text_of(client, program):
    page = client.get(url(program))
    assert page.status_code == 200
    return " ".join(page.content.decode().split())


def test_before_the_first_secret(signed_in, program, admin):
    text = text_of(signed_in(admin), program)
    for words in ("No secret yet", "Nothing yet", "There is no secret yet. Generate one first.", "No secret"):
        assert words in text
    assert f'class="btn btn-primary" href="{url(program, "generate")}" data-dialog' in text
    assert f'href="{url(program, "reset")}"' not in text


def test_what_it_tells(signed_in, program, admin):
    with time_machine.travel(NOON, tick=False) as clock:
        first = actions.generate(program, by=admin, reason="First server")
        tokens.authenticate(program.app_id, first.secret, caller=CALLER)
        clock.shift(timedelta(minutes=10))
        second = actions.reset(program, seen=first.row.pk, overlap=Overlap.DAY, reason="Yearly rotation", by=admin)
        for address in ("203.0.113.7", "203.0.113.8"):
            caller = tokens.Caller(address, "/cgi-bin/stable_token")
            tokens.issue(program.app_id, second.secret, kind=TokenKind.STABLE, caller=caller)
            clock.shift(timedelta(minutes=2))
        assert errcode(lambda: tokens.authenticate(program.app_id, "x", caller=CALLER)) == 40125

        page = signed_in(admin).get(url(program))

    summary, figures = page.context["summary"], page.context["figures"]
    assert (summary.current, summary.old, summary.state) == (second.row, [first.row], "active")
    assert (summary.address, summary.last.path) == ("203.0.113.8", "/cgi-bin/stable_token")
    assert (summary.old_left, summary.old_last.last_at) == ("23 h 56 min", NOON)
    assert (figures.addresses, figures.active, figures.issued) == (2, 1, 1)
    assert (figures.refused, figures.errcodes) == (1, "40125")
    assert [(move.words, move.entry.reason, move.colour) for move in page.context["history"]] == [
        ("Reset, old secret works for 24 h", "Yearly rotation", "blue"),
        ("Generated", "First server", "green"),
    ]
    text = " ".join(page.content.decode().split())
    for words in ("23 h 56 min left", "2 addresses today", second.row.hint, "There is already a secret. Reset it"):
        assert words in text
    assert program.app_id in text
    assert (first.secret in text, second.secret in text) == (False, False)


def test_while_it_is_frozen(signed_in, program, admin):
    actions.generate(program, by=admin)
    actions.freeze(program, reason="<b>Leaked</b>", by=admin)
    text = text_of(signed_in(admin), program)
    assert "The secret and its tokens are refused until you unfreeze it." in text
    assert f'href="{url(program, "unfreeze")}" data-dialog' in text
    assert f'href="{url(program, "freeze")}"' not in text
    assert "&lt;b&gt;Leaked&lt;/b&gt;" in text


def test_the_reset_of_a_frozen_secret_promises_no_overlap(signed_in, program, admin):
    actions.generate(program, by=admin)
    client = signed_in(admin)
    asked = [" ".join(client.get(url(program, "reset")).content.decode().split())]
    actions.freeze(program, reason="Leaked", by=admin)
    asked.append(" ".join(client.get(url(program, "reset")).content.decode().split()))
    assert ["both work until then" in page for page in asked] == [True, False]
    assert ["the new one will be, too" in page for page in asked] == [False, True]


def test_the_day_begins_anew(signed_in, program, admin):
    with time_machine.travel(NOON, tick=False) as clock:
        made = actions.generate(program, by=admin)
        tokens.issue(program.app_id, made.secret, kind=TokenKind.PLAIN, caller=CALLER)
        assert errcode(lambda: tokens.authenticate(program.app_id, "x", caller=CALLER)) == 40125
        clock.shift(timedelta(days=1))
        page = signed_in(admin).get(url(program))
    figures = page.context["figures"]
    assert (figures.addresses, figures.active, figures.issued, figures.refused) == (0, 0, 0, 0)
    assert page.context["summary"].last.address == CALLER.address


def test_a_long_history_has_pages(signed_in, program, admin):
    actions.generate(program, by=admin)
    for _number in range(13):
        actions.freeze(program, reason="Leaked", by=admin)
        actions.unfreeze(program, by=admin)
    client = signed_in(admin)
    assert len(client.get(url(program)).context["history"]) == 25
    assert [move.words for move in client.get(url(program), {"page": "2"}).context["history"]] == [
        "Frozen",
        "Generated",
    ]


@pytest.mark.parametrize("role", ["license_holder", "developer", "viewer"])
def test_403_and_404(signed_in, program, admin, role):
    client = signed_in(make_member(program.team, role))
    assert client.get(url(program)).status_code == 403
    assert client.get("/keys/").status_code == 403
    assert signed_in(admin).get(url(make_program())).status_code == 404
    assert signed_in(admin).post(url(program)).status_code == 405

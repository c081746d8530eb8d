"""Sending all failed messages of an application again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from messaging.actions import gateways
from messaging.actions.gateways import replay_failed
from messaging.models import Message
from tests import factories
from tests.dialogs import title


def url(application):
    return f"/apps/{application.application_id}/gateway/replay/"


def fail(program, application, count=1, template=None):
    """Messages that failed an hour ago."""
    template = template or factories.make_template(program)
    ended = {"tries": 9, "reason": "The gateway responded with 503", "finished_at": timezone.now() - timedelta(hours=1)}
    user = factories.make_program_user(program, application)
    consent = factories.make_consent(user, template, granted=count)
    return [factories.make_message(consent, state="failed", **ended) for _ in range(count)]


def counts(application):
    rows = Message.objects.filter(application=application)
    return {state: rows.filter(state=state).count() for state in ("failed", "waiting", "delivered")}


def test_works(signed_in, application, admin, program):
    factories.make_gateway(application)
    fail(program, application, 3)
    client = signed_in(admin)
    assert title(client.get(url(application))) == "Send 3 failed messages again?"
    response = client.post(url(application))
    assert (response.status_code, response["Location"]) == (302, f"/apps/{application.application_id}/gateway/")
    assert counts(application) == {"failed": 0, "waiting": 3, "delivered": 0}
    assert set(Message.objects.values_list("tries", "finished_at", "lease")) == {(0, None, None)}
    entry = ActivityEntry.objects.get()
    assert (entry.verb, entry.target_label, entry.after) == ("messages.replayed", "Metro Wallet", {"messages": 3})


def test_only_its_own_and_only_failed_ones(application, admin, program):
    other = factories.make_application()
    factories.make_binding(program, other)
    factories.make_gateway(application)
    fail(program, application)
    fail(program, other)
    user = factories.make_program_user(program, application)
    factories.make_message(factories.make_consent(user, factories.make_template(program)), state="delivered")
    assert replay_failed(application, by=admin) == 1
    assert counts(application) == {"failed": 0, "waiting": 1, "delivered": 1}
    assert counts(other) == {"failed": 1, "waiting": 0, "delivered": 0}


def test_what_is_not_wanted_any_more_stays_failed(application, admin, program):
    factories.make_gateway(application)
    (wanted,) = fail(program, application)
    stopped = factories.make_template(program)
    fail(program, application, template=stopped)
    factories.make_ban(application, program, template=stopped)
    assert replay_failed(application, by=admin) == 1
    assert counts(application) == {"failed": 1, "waiting": 1, "delivered": 0}
    wanted.refresh_from_db()
    assert wanted.state == "waiting"


def test_so_many_at_once(application, admin, program, monkeypatch):
    monkeypatch.setattr(gateways, "MOST_REPLAYED", 2)
    factories.make_gateway(application)
    sent = fail(program, application, 3)
    assert [replay_failed(application, by=admin) for _ in range(2)] == [2, 1]
    assert counts(application) == {"failed": 0, "waiting": len(sent), "delivered": 0}


def test_twice(signed_in, application, admin, program):
    factories.make_gateway(application)
    fail(program, application)
    client = signed_in(admin)
    assert [client.post(url(application)).status_code for _ in range(2)] == [302, 422]
    assert ActivityEntry.objects.count() == 1


def test_nowhere_to_send_them(signed_in, application, admin, program):
    fail(program, application)
    client = signed_in(admin)
    response = client.post(url(application))
    words = "There is no gateway yet. Set one first."
    assert (response.status_code, response.context["form"].non_field_errors()) == (422, [words])
    assert client.get(f"/apps/{application.application_id}/gateway/").context["why_not_replay"] == words
    assert counts(application)["failed"] == 1


def test_others_may_not(signed_in, application, admin, reviewer, outsider, program):
    factories.make_gateway(application)
    fail(program, application)
    assert signed_in(admin).put(url(application)).status_code == 405
    assert signed_in(reviewer).post(url(application)).status_code == 403
    assert signed_in(outsider).post(url(application)).status_code == 404
    assert counts(application)["failed"] == 1


@pytest.mark.django_db(transaction=True)
def test_at_once(application, admin, program):
    factories.make_gateway(application)
    fail(program, application, 5)

    def replay(_):
        try:
            return replay_failed(application, by=admin)
        except ActionRefused:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(replay, range(4))) == [0, 0, 0, 5]
    assert ActivityEntry.objects.count() == 1

"""A session that can't be saved at the end of a request, with real locks and connections that are really ended."""

import pytest
from django.contrib.auth.signals import user_logged_in
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from console.base.accounts.models import Team
from tests.console import holding
from tests.factories import PASSWORD, make_member, make_team

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tests.console.base.core.busy_urls")]
HELD = "SELECT FROM django_session FOR UPDATE"


@pytest.fixture
def person(transactional_db):
    return make_member(make_team("Harbour"), "admin")


def toasts(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def sign_in(person, client):
    return client.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})


@pytest.fixture
def at_sign_in():
    """Call what the test chooses when the session is made, and before who signs in is saved in it."""
    acts = []

    def receive(**named):
        for act in acts:
            act()

    user_logged_in.connect(receive)
    yield acts.append
    user_logged_in.disconnect(receive)


def test_a_lost_connection_is_replaced(person, signed_in):
    client = signed_in(person)
    response = client.post("/rename/", {"name": "Typed", "when": "after"})
    assert (response.status_code, response.url) == (302, "/teams/")
    assert Team.objects.get().name == "Typed"
    assert toasts(client.get(response.url)) == ["Renamed."]


def test_the_answer_goes_out_although_the_session_is_held(person, signed_in, other, caplog):
    client = signed_in(person)
    other.execute(HELD)
    response = client.post("/button/", {"name": "Typed"})
    assert (response.status_code, response.url) == (302, "/teams/")
    assert "A session was not saved, the database is busy: LockNotAvailable 55P03" in caplog.messages
    other.rollback()
    assert Team.objects.get().name == "Typed"
    page = client.get(response.url)
    assert (page.status_code, toasts(page)) == (200, [])


def test_a_session_that_was_ended_meanwhile_stays_ended(person, signed_in):
    client = signed_in(person)
    assert client.post("/leave/").status_code == 400
    assert not Session.objects.exists()
    assert client.get("/teams/").status_code == 302


def test_a_sign_in_outlives_a_lost_connection(person, at_sign_in):
    at_sign_in(holding.end_own)
    client = Client()
    assert sign_in(person, client).status_code == 302
    assert client.get("/teams/").status_code == 200


def test_a_sign_in_that_can_not_be_saved_is_none(person, other, at_sign_in):
    at_sign_in(lambda: other.execute(HELD))
    client = Client(raise_request_exception=False)
    response = sign_in(person, client)
    page = response.content.decode()
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "sessionid" not in client.cookies
    assert f'name="login" value="{person.email}"' in page
    assert PASSWORD not in page
    other.rollback()
    assert client.get("/teams/").status_code == 302


def test_no_session_can_be_made(person, other):
    other.execute("LOCK TABLE django_session IN EXCLUSIVE MODE")
    client = Client()
    assert sign_in(person, client).status_code == 503
    assert "sessionid" not in client.cookies

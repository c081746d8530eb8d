"""Sessions: how long they last, the list, ending them, and what is asked about new places (P-3, P-6)."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import delivery
from console.base.accounts.models import SecurityEntry, User, UserSession
from console.base.accounts.sessions import SessionStore
from tests.console.base.accounts.acting import entries, let_proof_grow_old
from tests.factories import PASSWORD
from tests.signing_in import new_session

PAGE = "/account/security/"
FIREFOX = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0"
HOME, ELSEWHERE = "203.0.113.40", "198.51.100.23"


@pytest.fixture
def user(house):
    return house.viewer


def browser(user, address=HOME, agent=FIREFOX):
    """A browser that signed in by the page, from an address of its own."""
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    assert client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def is_in(client):
    return client.get(PAGE).status_code == 200


def of(client):
    return UserSession.objects.get(session_key=client.cookies["sessionid"].value)


def text(client, url=PAGE):
    return " ".join(client.get(url).content.decode().split())


def test_each_is_listed_with_device_and_address(user):
    here, _there = browser(user), browser(user, ELSEWHERE, "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)")
    page = text(here)
    for words in ("Mac", "Firefox 145", HOME, "iPhone", ELSEWHERE, "New address", "This session", "2 devices"):
        assert words in page


def test_who_signs_in_over_somebody_else_s_session_has_one_of_their_own(house):
    """By a link or a provider: the session of before is emptied, and has no key until it is saved."""
    for person in (house.viewer, house.developer):
        session = SessionStore(new_session(house.admin))
        request = RequestFactory().get("/")
        request.session = session
        login(request, person, settings.AUTHENTICATION_BACKENDS[0])
        session.save()
        begun = UserSession.objects.get(user=person)
        assert begun.session_key == session.session_key == person.security_entries.get().session_key
        assert Session.objects.get(pk=session.session_key).get_decoded()["_auth_user_id"] == str(person.pk)
    assert not UserSession.objects.filter(session_key="").exists()


def test_one_is_ended_and_holds_on_its_next_request(user):
    here, there = browser(user), browser(user)
    url = reverse("end_session", args=[of(there).pk])
    assert here.get(url).status_code == 200
    assert here.post(url).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert entries() == [("user.sessions_ended", str(user), str(user), None, {"sessions": 1})]


def test_all_others_are_ended(user):
    here, there, third = browser(user), browser(user), browser(user)
    assert here.post(reverse("end_other_sessions")).status_code == 302
    assert (is_in(here), is_in(there), is_in(third)) == (True, False, False)
    assert of(here).user == user


def test_another_persons_session_is_not_found(house, user):
    theirs = of(browser(house.admin))
    assert browser(user).post(reverse("end_session", args=[theirs.pk])).status_code == 404
    assert Session.objects.filter(pk=theirs.session_key).exists()


@pytest.mark.parametrize("name", ["end_session", "end_other_sessions", "sign_in_not_mine"])
def test_each_act_asks_for_the_password_when_the_proof_is_old(user, name):
    here, there = browser(user), browser(user, ELSEWHERE)
    numbers = {
        "end_session": [of(there).pk],
        "sign_in_not_mine": [SecurityEntry.objects.get(asks=True).pk],
    }
    let_proof_grow_old(here)
    url = reverse(name, args=numbers.get(name, []))
    assert here.post(url).status_code == 403
    assert is_in(there)
    assert here.post(url, {"sudo_password": PASSWORD}).status_code == 302
    assert not is_in(there)


def test_an_unused_one_ends(user, settings):
    client, now = browser(user), timezone.now()
    hours = timedelta(hours=settings.SESSION_IDLE_HOURS)
    with time_machine.travel(now + hours - timedelta(minutes=5), tick=False):
        assert is_in(client)  # and is used now
    with time_machine.travel(now + 2 * hours - timedelta(minutes=10), tick=False):
        assert is_in(client)
    with time_machine.travel(now + 3 * hours, tick=False):
        assert not is_in(client)


def test_a_used_one_ends_after_the_days(user, settings):
    client, now, step = browser(user), timezone.now(), timedelta(hours=11)
    last = now + timedelta(days=settings.SESSION_DAYS)
    moment = now + step
    while moment < last:
        with time_machine.travel(moment, tick=False):
            assert is_in(client), moment - now
            client.post(reverse("language"), {"language": "en"})  # which saves the session, too
        moment += step
    with time_machine.travel(last + timedelta(minutes=1), tick=False):
        assert not is_in(client)


def test_its_use_is_noted_once_a_minute(user, django_assert_num_queries):
    client, now = browser(user), timezone.now()

    def writes(seconds):
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with (
            time_machine.travel(now + timedelta(seconds=seconds), tick=False),
            CaptureQueriesContext(connection) as seen,
        ):
            client.get(reverse("accounts:list"))
        return [query["sql"].split()[0] for query in seen if query["sql"].lstrip()[:6] in ("UPDATE", "INSERT")]

    assert writes(30) == []
    assert writes(90) == ["UPDATE", "INSERT"]
    assert writes(100) == []
    assert of(client).last_used_at > now + timedelta(seconds=80)


def test_one_that_the_previous_release_began_is_listed_once_it_is_used(user):
    client, now = browser(user), timezone.now()
    UserSession.objects.all().delete()
    with time_machine.travel(now + timedelta(minutes=5), tick=False):
        client.get(PAGE)
    assert abs((of(client).signed_in_at - now).total_seconds()) < 60


def test_a_new_password_takes_the_others_off_the_list(user):
    here, there = browser(user), browser(user)
    fields = {"oldpassword": PASSWORD, "password1": "plenty of sea air", "password2": "plenty of sea air"}
    assert here.post(reverse("account_change_password"), fields).status_code == 302
    assert (is_in(here), is_in(there)) == (True, False)
    assert [row.session_key for row in user.sessions.all()] == [here.session.session_key]


def test_a_sign_in_from_a_new_address_is_asked_about_and_mailed(user):
    here = browser(user)
    assert not SecurityEntry.objects.filter(asks=True).exists()
    browser(user, ELSEWHERE)
    assert "Was this you?" in text(here)
    delivery.send_waiting(at=timezone.now())
    [message] = mail.outbox
    assert (message.to, message.subject) == ([user.email], "New sign-in to your account")
    assert ELSEWHERE in message.body and "Mac, Firefox 145" in message.body
    entry = SecurityEntry.objects.get(asks=True)

    assert here.post(reverse("sign_in_mine", args=[entry.pk])).status_code == 302

    assert "Was this you?" not in text(here)
    assert "New address" not in text(here)
    assert here.post(reverse("sign_in_mine", args=[entry.pk])).status_code == 422


def test_the_session_that_is_asked_about_does_not_answer_for_itself(user):
    browser(user)
    there = browser(user, ELSEWHERE)
    [entry] = SecurityEntry.objects.filter(asks=True)
    assert "Was this you?" not in text(there)
    assert there.post(reverse("sign_in_mine", args=[entry.pk])).status_code == 422
    fields = {"oldpassword": PASSWORD, "password1": "plenty of sea air", "password2": "plenty of sea air"}
    assert there.post(reverse("account_change_password"), fields).status_code == 302  # which takes another key
    assert there.post(reverse("sign_in_mine", args=[entry.pk])).status_code == 422
    entry.refresh_from_db()
    assert entry.asks


def test_no_ends_the_others_and_leads_to_a_new_password(house, user):
    here, there = browser(user), browser(user, ELSEWHERE)
    entry = SecurityEntry.objects.get(asks=True)
    assert browser(house.admin).post(reverse("sign_in_not_mine", args=[entry.pk])).status_code == 404
    answer = here.post(reverse("sign_in_not_mine", args=[entry.pk]))
    assert answer.url == reverse("account_change_password")
    assert (is_in(here), is_in(there)) == (True, False)


@pytest.mark.parametrize("name", ["account_logout", "admin:logout"])
def test_signing_out_clears_what_the_browser_keeps(user, name):
    User.objects.filter(pk=user.pk).update(is_staff=True)
    answer = browser(user).post(reverse(name))
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


@pytest.mark.parametrize("url", ["/", PAGE, "/teams/", "/account/password/change/", "/nothing/", "/admin/", "/keys/"])
def test_nothing_of_a_signed_in_person_is_kept_by_browsers(user, url):
    assert "no-store" in browser(user).get(url).headers["Cache-Control"]


def test_two_sessions_that_are_asked_about_do_not_answer_for_each_other(user):
    browser(user)
    there, elsewhere = browser(user, ELSEWHERE), browser(user, "192.0.2.77")
    first, second = SecurityEntry.objects.filter(asks=True).order_by("pk")
    assert there.post(reverse("sign_in_mine", args=[second.pk])).status_code == 422
    assert elsewhere.post(reverse("sign_in_mine", args=[first.pk])).status_code == 422
    assert SecurityEntry.objects.filter(asks=True).count() == 2


def test_who_signs_in_again_in_the_same_browser_has_one_session(user):
    client = Client()
    for _time in range(2):
        client.force_login(user)
    assert user.sessions.count() == 1

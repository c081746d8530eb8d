"""Signing in and resetting the password: any spelling, no telling who has an account, limited attempts."""

import time

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import actions, delivery
from console.base.accounts.models import User
from tests.factories import PASSWORD, make_user
from tests.signing_in import client_of


@pytest.fixture
def user(db):
    return make_user(email="mira@example.com")


def sign_in(client, email, password, **headers):
    return client.post(reverse("account_login"), {"login": email, "password": password}, **headers)


@pytest.mark.parametrize("email", ["mira@example.com", "MIRA@Example.com"])
def test_any_spelling_signs_in(user, client, email):
    assert sign_in(client, email, PASSWORD).status_code == 302
    assert client.session["_auth_user_id"] == str(user.pk)


def test_what_other_tests_begin_with_is_what_the_page_leaves_behind(user, client):
    """Nearly all tests take their session from `tests/signing_in.py`; the browser's own cookie opens nothing."""

    def left(browser):
        person = User.objects.get(pk=user.pk)
        session = dict(browser.session)
        [record] = session["account_authentication_methods"]
        cookies = sorted(browser.cookies.keys() - {"csrftoken", "browser"})
        moments = (record.pop("at"), person.last_login.timestamp())
        assert min(moments) > time.time() - 60
        return session, person.language, cookies

    sign_in(client, user.email, PASSWORD)
    by_the_page = left(client)
    User.objects.filter(pk=user.pk).update(language="", last_login=None)
    user.refresh_from_db()

    assert left(client_of(user)) == by_the_page


def test_the_database_keeps_one_spelling(user):
    for email in ("Mira@example.com", "Other@example.com"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create(email=email)
    assert User.objects.create_user("Other@Example.com").email == "other@example.com"


def test_a_wrong_password_and_an_unknown_address_look_the_same(user, client):
    wrong = sign_in(client, "mira@example.com", "wrong").context["form"].errors
    unknown = sign_in(client, "nobody@example.com", "wrong").context["form"].errors
    assert wrong == unknown


def test_a_reset_answers_the_same_for_known_and_unknown_addresses(user, client):
    answers = [
        client.post(reverse("account_reset_password"), {"email": email})
        for email in ("Mira@example.com", "nobody@example.com")
    ]

    assert {(answer.status_code, answer.url) for answer in answers} == {(302, reverse("account_reset_password_done"))}
    assert (len(mail.outbox), delivery.send_waiting(at=timezone.now())) == (0, 2)
    assert [message.to for message in mail.outbox] == [["mira@example.com"], ["nobody@example.com"]]
    assert "/password/reset/" in mail.outbox[0].body
    assert [message.subject for message in mail.outbox] == ["Set a new password", "This address has no account"]
    assert all(
        message.body.rstrip().endswith(f"\n\n-- \nSent by the Mini Program Console to {message.to[0]}.")
        for message in mail.outbox
    )


@pytest.mark.parametrize(
    ("language", "browser", "subject"),
    [("zh-hans", "en", "设置新密码"), ("en", "zh-CN", "Set a new password"), ("", "zh-CN", "设置新密码")],
)
def test_a_reset_is_mailed_in_the_accounts_language_or_without_one_in_the_browsers(
    user, client, language, browser, subject
):
    actions.choose_language(user, language=language)

    client.post(reverse("account_reset_password"), {"email": user.email}, headers={"Accept-Language": browser})
    delivery.send_waiting(at=timezone.now())

    assert [message.subject for message in mail.outbox] == [subject]


def test_a_reset_for_an_address_that_no_message_can_carry_is_refused(db, client):
    response = client.post(reverse("account_reset_password"), {"email": '"\x0cBcc:eve@example.com"@example.com'})
    assert (response.status_code, list(response.context["form"].errors)) == (200, ["email"])
    assert delivery.send_waiting(at=timezone.now()) == 0


def test_sign_up_is_closed(db, client):
    fields = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), fields)
    assert not User.objects.filter(email="new@example.com").exists()


def test_the_next_page_is_our_own(user, client):
    response = client.post(
        reverse("account_login"), {"login": user.email, "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.url == reverse("home")


def test_labels_are_in_sentence_case_without_placeholders(user, client):
    page = client.get(reverse("account_login")).content.decode()
    assert "E-mail" in page
    assert 'placeholder="' not in page

    client.force_login(user)
    page = client.get(reverse("account_change_password")).content.decode()
    assert all(label in page for label in ("Current password", "New password", "Repeat new password"))
    assert "Current Password" not in page

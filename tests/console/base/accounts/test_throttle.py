"""Failed sign-ins stop who guesses, and lock nobody out of their own account (P-6)."""

import re

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from console.base.accounts import delivery, throttle
from console.base.accounts.models import SecurityEntry
from tests.console.base.accounts.acting import at_once
from tests.factories import PASSWORD, make_user

HOME, OFFICE, ELSEWHERE = "198.51.100.7", "203.0.113.40", "192.0.2.99"


@pytest.fixture
def user(db):
    return make_user(email="mira@example.com")


def sign_in(address, password=PASSWORD, email="mira@example.com", client=None, **headers):
    client = client or Client()
    answer = client.post(
        reverse("account_login"), {"login": email, "password": password}, REMOTE_ADDR=address, **headers
    )
    return answer.status_code == 302


def guess(address, times, **options):
    for _attempt in range(times):
        assert not sign_in(address, "wrong", **options)


def test_who_guesses_is_stopped(user):
    guess(ELSEWHERE, 5)
    assert not sign_in(ELSEWHERE)
    kinds = SecurityEntry.objects.order_by("pk").values_list("kind", "count", "address")
    assert list(kinds) == [("wrong_password", 5, ELSEWHERE), ("blocked", 1, ELSEWHERE)]


def test_wrong_passwords_from_elsewhere_do_not_lock_the_owner_out(user):
    """Five from anywhere did."""
    guess(ELSEWHERE, 6)
    assert sign_in(HOME)


def test_a_browser_that_signed_in_before_is_not_stopped_by_its_neighbours(user):
    known = Client()
    assert sign_in(OFFICE, client=known)
    known.post(reverse("account_logout"))
    guess(OFFICE, 6)
    assert not sign_in(OFFICE)
    assert sign_in(OFFICE, client=known)


def test_the_browsers_own_budget_ends_too_and_a_forged_cookie_is_none(user):
    known = Client()
    assert sign_in(HOME, client=known)
    known.post(reverse("account_logout"))
    guess(HOME, 10, client=known)
    assert not sign_in(HOME, client=known)
    forged = Client()
    forged.cookies["browser"] = known.cookies["browser"].value[:-1] + "x"
    guess(ELSEWHERE, 5, client=forged)
    assert not sign_in(ELSEWHERE, client=forged)


def test_another_persons_browser_is_no_reason(user):
    make_user(email="eve@example.com")
    theirs = Client()
    assert sign_in(ELSEWHERE, email="eve@example.com", client=theirs)
    theirs.post(reverse("account_logout"))
    guess(ELSEWHERE, 5, client=theirs)
    assert not sign_in(ELSEWHERE, client=theirs)


def test_an_office_behind_one_address_signs_in(db):
    """30 a minute were too many."""
    for number in range(40):
        make_user(email=f"person{number}@example.com")
        assert sign_in(OFFICE, email=f"person{number}@example.com")


def test_one_address_guesses_at_no_more_than_so_many_accounts(user):
    for number in range(throttle.NETWORK.amount):
        guess(ELSEWHERE, 1, email=f"guess{number}@example.com", HTTP_X_FORWARDED_FOR=f"10.0.0.{number}")
    assert not sign_in(ELSEWHERE)
    assert sign_in(HOME)


def test_guesses_from_everywhere_stop_strangers_and_neither_a_known_place_nor_the_mailed_link(user):
    home = Client()
    assert sign_in(HOME, client=home)
    for number in range(throttle.ACCOUNT.amount):
        guess(f"192.0.2.{number}", 1)
    assert not sign_in("192.0.2.250")
    assert sign_in(HOME)

    away = Client()
    away.post(reverse("account_reset_password"), {"email": user.email})
    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+password/reset/\S+)", mail.outbox[-1].body)[1]
    form = away.get(link, REMOTE_ADDR="192.0.2.251")
    new = {"password1": "plenty of sea air", "password2": "plenty of sea air"}
    away.post(form.url, new, REMOTE_ADDR="192.0.2.251")
    assert sign_in("192.0.2.251", "plenty of sea air", client=away)


def test_one_network_of_ipv6_is_one_place(user):
    for number in range(5):
        guess(f"2001:db8:1:2::{number + 1:x}", 1)
    assert not sign_in("2001:db8:1:2:ffff::1")
    assert sign_in("2001:db8:1:3::1")


def test_what_is_right_is_not_counted(user):
    for _time in range(8):
        assert sign_in(ELSEWHERE)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_are_no_more_tries(transactional_db):
    user = make_user(email="mira@example.com")
    at_once(*[lambda: sign_in(ELSEWHERE, "wrong")] * 12)
    assert sum(SecurityEntry.objects.filter(user=user, kind="wrong_password").values_list("count", flat=True)) == 5


def test_an_unknown_address_is_answered_and_noted_the_same(user):
    guess(ELSEWHERE, 5, email="nobody@example.com")
    page = Client().post(
        reverse("account_login"), {"login": "nobody@example.com", "password": "x"}, REMOTE_ADDR=ELSEWHERE
    )
    assert page.context["form"].non_field_errors() == [
        "Too many failed attempts. Wait a few minutes, or set a new password by e-mail."
    ]
    assert SecurityEntry.objects.filter(user=None, email="nobody@example.com", count=5).exists()


def test_nobodys_mailbox_is_filled(user):
    for number in range(8):
        answer = Client().post(
            reverse("account_reset_password"), {"email": user.email}, REMOTE_ADDR=f"192.0.2.{number}"
        )
        assert answer.url == reverse("account_reset_password_done")
    assert delivery.send_waiting(at=timezone.now()) == throttle.RESET_MAILS.amount


def test_strangers_are_mailed_by_no_network_without_end(user):
    for number in range(throttle.RESETS_OF_NETWORK.amount + 5):
        address = {"email": f"stranger-{number}@example.net"}
        assert Client().post(reverse("account_reset_password"), address, REMOTE_ADDR=ELSEWHERE).status_code == 302
    assert delivery.send_waiting(at=timezone.now()) == throttle.RESETS_OF_NETWORK.amount


def test_who_has_set_a_new_password_by_the_link_signs_in_while_the_guessing_goes_on(user):
    away = Client(REMOTE_ADDR="192.0.2.251")
    away.post(reverse("account_reset_password"), {"email": user.email})
    delivery.send_waiting(at=timezone.now())
    link = re.search(r"https?://[^/]+(/\S+password/reset/\S+)", mail.outbox[-1].body)[1]
    new = {"password1": "plenty of sea air", "password2": "plenty of sea air"}
    away.post(away.get(link).url, new)
    guess("192.0.2.251", 6)
    for _guess in range(throttle.ACCOUNT.amount):
        throttle.ACCOUNT.take("mira@example.com 1")
    assert not sign_in("192.0.2.250", "plenty of sea air")
    assert sign_in("192.0.2.251", "plenty of sea air", client=away)


@pytest.mark.parametrize("spelling", ["m\u0131ra@example.com", "MIRA@EXAMPLE.COM\u017f", "mira@example.co\u217f"])
def test_another_spelling_of_the_address_is_another_address(user, spelling):
    """PostgreSQL takes some letters for others, and each spelling had budgets of its own."""
    assert not sign_in(HOME, email=spelling)


def test_another_case_of_the_address_is_the_same_one(user):
    assert sign_in(HOME, email=" MIRA@Example.com ")
    guess(ELSEWHERE, 3)
    guess(ELSEWHERE, 2, email="Mira@EXAMPLE.com")
    assert not sign_in(ELSEWHERE)


def test_a_new_password_makes_browsers_strangers(user):
    """A thief of the old one could have made any number of them known."""
    known = Client()
    assert sign_in(OFFICE, client=known)
    known.post(reverse("account_logout"))
    user.set_password("plenty of sea air")
    user.save()
    guess(OFFICE, 5, client=known)
    assert not sign_in(OFFICE, "plenty of sea air", client=known)

"""Passwords that are weak, or that stand in lists of leaked ones (P-6)."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from console.base.accounts import passwords
from console.base.accounts.models import User
from tests.factories import PASSWORD


@pytest.mark.parametrize(
    "password",
    ["password123!", "P@ssw0rd2026", "qwertyuiop12", "iloveyou2026", "letmein12345", "aaaaaaaaaaaa", "1q2w3e4r5t6y",
     "miralindqvist1", "Lindqvist2026", "mira@harbour.example"],
)  # fmt: skip
def test_these_are_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password, User(email="mira@harbour.example", name="Mira Lindqvist"))


@pytest.mark.parametrize(
    "password", [PASSWORD, "plenty of sea air", "gT7#vQ9!mZ2x", "x" * 30 + "zebra lamp quilt tundra"]
)
def test_these_are_fine(password):
    validate_password(password, User(email="mira@harbour.example", name="Mira Lindqvist"))


@pytest.mark.parametrize(
    "password", ["miniprogramconsole", "MiniProgram2026", "grayscale2026", "acmewallet2026", "AcmeWalletConsole"]
)
def test_words_of_the_product_and_of_the_installation_are_refused(password, settings):
    settings.BASE_URL = "https://console.acmewallet.example"
    with pytest.raises(ValidationError):
        validate_password(password, User(email="mira@harbour.example", name="Mira Lindqvist"))


def test_what_is_looked_at_is_bounded():
    """All signs that may stand for a letter, which took seconds: each doubles the work."""
    every = "|+($[!<{%@" * 12
    assert [len(each) for each in (passwords._bounded(every), set(passwords._bounded(every)) - {"~"})] == [40, 4]


def test_a_long_one_takes_no_time_and_the_form_says_why(house, signed_in):
    fields = {"oldpassword": PASSWORD, "password1": "Password1" * 14, "password2": "Password1" * 14}
    page = signed_in(house.viewer).post(reverse("account_change_password"), fields)
    assert "too easy to guess" in str(page.context["form"].errors)

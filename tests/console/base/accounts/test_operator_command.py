"""`manage.py operator`: the first person of an installation."""

from __future__ import annotations

import re
from io import StringIO
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.models import User
from console.base.activity.models import ActivityEntry
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def operator(*arguments: str) -> str:
    """Run it; return what it prints."""
    printed = StringIO()
    call_command("operator", *arguments, stdout=printed)
    return printed.getvalue()


def test_the_link_sets_the_password_and_works_once(client: Client) -> None:
    said = operator("Ada@example.com", "--name", "Ada Brook")
    link = urlsplit(re.search(r"https?://\S+", said)[0]).path
    form = client.get(link)
    assert form.status_code == 302
    answer = client.post(form.url, {"password1": PASSWORD, "password2": PASSWORD}, follow=True)
    assert answer.redirect_chain[-1][0] == reverse("home")

    user = User.objects.get(email="ada@example.com")
    assert (user.name, user.is_staff, user.is_superuser, user.check_password(PASSWORD)) == (
        "Ada Brook",
        True,
        True,
        True,
    )
    assert ActivityEntry.objects.filter(verb="user.created").count() == 1
    assert Client().get(link).status_code == 200  # says that the link is used up, and has no form
    assert "https://" not in operator("ada@example.com") and "http://" not in operator("ada@example.com")
    assert "http" in operator("ada@example.com", "--new-link")


@pytest.mark.parametrize("more", [[], ["--new-link"]])
def test_without_passwords_it_prints_how_to_sign_in_and_no_link_that_is_refused(settings: Any, more: list[str]) -> None:
    settings.PASSWORD_SIGN_IN = False
    corp = IdentityProvider("corp", "Example Corp", "https://login.example.com", "console")
    settings.IDENTITY_PROVIDERS = {"corp": corp}
    said = operator("ada@example.com", *more)
    assert re.findall(r"https?://\S+", said) == [f"{settings.BASE_URL}."]
    assert "sign in with Example Corp" in said
    call_command(*said.split("manage.py ")[1].split(), stdout=StringIO())  # The way that it names is one.


def test_who_is_somebody_else_does_not_become_an_operator() -> None:
    someone = make_user()
    with pytest.raises(CommandError, match="is not an operator's"):
        operator(someone.email)
    with pytest.raises(CommandError, match="is not an e-mail address"):
        operator("ada")
    assert not User.objects.filter(is_staff=True).exists()

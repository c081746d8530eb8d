"""The person's own name, language and time zone."""

import pytest
from django.urls import reverse

from console.base.accounts.models import User
from tests.console.base.accounts.acting import entries

URL = "/teams/profile/"


def test_works(house, signed_in):
    client = signed_in(house.viewer)
    assert client.get(URL).context["form"].initial == {"name": house.viewer.name, "language": "en", "time_zone": ""}

    response = client.post(URL, {"name": "Mira Lund", "language": "en"})

    assert (response.status_code, response.url) == (302, URL)
    before = {"name": house.viewer.name, "email": house.viewer.email, "active": True, "operator": False}
    assert entries() == [("user.edited", house.viewer.name, "Mira Lund", before, {**before, "name": "Mira Lund"})]


def test_nothing_but_the_name(house, signed_in):
    signed_in(house.viewer).post(
        URL,
        {"name": "Mira", "language": "en", "email": "x@example.com", "is_staff": "on", "id": house.admin.pk},
    )

    assert User.objects.filter(name="Mira").values_list("pk", "email", "is_staff").get() == (
        house.viewer.pk,
        house.viewer.email,
        False,
    )


def test_twice_writes_one_entry(house, signed_in):
    client = signed_in(house.viewer)
    for _time in range(2):
        client.post(URL, {"name": "Mira", "language": "en"})
    assert len(entries()) == 1


@pytest.mark.parametrize("name", ["", " ", "x" * 101, "Mira\u202eLund", "\u200b", "a\x1b[2J"])
def test_refuses_no_name_and_long_ones(house, signed_in, name):
    response = signed_in(house.viewer).post(URL, {"name": name, "language": "en"})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["name"])
    assert response.context["user"].name == house.viewer.name


def test_the_language_holds_from_the_answer_on_and_is_nobody_else_s_business(house, signed_in):
    client = signed_in(house.viewer)
    client.post(URL, {"name": house.viewer.name, "language": "zh-hans"})

    page = client.get(URL)

    assert (page.headers["Content-Language"], page.context["form"].initial["language"]) == ("zh-hans", "zh-hans")
    assert entries() == []


@pytest.mark.parametrize("language", ["", "fr", "zh", "zh-hans\0"])
def test_refuses_a_language_that_there_is_not(house, signed_in, language):
    response = signed_in(house.viewer).post(URL, {"name": "Mira", "language": language})
    assert (response.status_code, list(response.context["form"].errors)) == (422, ["language"])


def test_signed_out(db, client):
    assert client.get(URL).url == f"{reverse('account_login')}?next={URL}"


def test_the_address_is_an_operator_s_matter(house, signed_in):
    client = signed_in(house.viewer)
    for path in ("/account/email/", "/account/confirm-email/"):
        assert client.post(path, {"email": "new@example.com", "action_add": ""}).status_code == 404

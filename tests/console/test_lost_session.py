"""What was typed survives the end of a session, and a token of an earlier one."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from miniprograms.models import MiniProgram
from tests import factories
from tests.signing_in import client_of

pytestmark = pytest.mark.django_db
TYPED = {"name": "Ferry <b>", "introduction": "Typed for an hour", "password": "secret-of-mine"}


@pytest.fixture
def program():
    return factories.make_program(name="City Bus")


def edit(program):
    return reverse("miniprograms:edit", args=[program.app_id])


def test_a_form_is_offered_again_without_passwords(program):
    page = Client().post(edit(program), TYPED)
    text = page.content.decode()
    assert (page.status_code, page["Cache-Control"]) == (401, "no-store")
    assert "Your session has ended" in text
    assert 'name="introduction" value="Typed for an hour"' in text
    assert "Ferry &lt;b&gt;" in text
    assert TYPED["password"] not in text
    assert f'action="{edit(program)}"' in text
    assert f'href="{reverse("account_login")}"' in text


def test_files_can_not_be_carried_and_it_says_so(program):
    page = Client().post(edit(program), {**TYPED, "icon": factories.make_icon()})
    assert page.status_code == 401
    assert "choose files again." in page.content.decode()
    assert "Typed for an hour" not in page.content.decode()


def test_htmx_gets_no_page(program):
    for method in ("get", "post"):
        answer = getattr(Client(), method)(edit(program), TYPED, headers={"HX-Request": "true"})
        assert (answer.status_code, answer.content) == (401, b"")


def test_a_form_with_an_older_token_is_sent_once_more(program):
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(program.created_by).cookies
    here = {"Origin": "http://testserver"}
    form = {"name": "Ferry", "introduction": "Across", "description": "", "category": program.category_id}
    page = client.post(edit(program), {**form, "csrfmiddlewaretoken": "x" * 64}, headers=here)
    assert page.status_code == 403
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()))
    assert (fields["name"], len(fields["csrfmiddlewaretoken"])) == ("Ferry", 64)
    client.post(edit(program), {**fields, "revision": 0}, headers=here)
    assert client.post(edit(program), fields, headers=here).status_code != 403


def test_htmx_gets_no_page_for_an_older_token(program):
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(program.created_by).cookies
    answer = client.post(edit(program), TYPED, headers={"HX-Request": "true", "Origin": "http://testserver"})
    assert (answer.status_code, answer.content) == (401, b"")


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {}])
def test_a_page_of_another_site_gets_no_token(program, headers):
    client = Client(enforce_csrf_checks=True)
    client.cookies = client_of(program.created_by).cookies
    page = client.post(edit(program), {"name": "Theirs"}, headers=headers)
    assert page.status_code == 403
    assert "Theirs" not in page.content.decode()
    assert MiniProgram.objects.get().name == "City Bus"


def test_who_is_signed_in(program):
    assert Client().get(reverse("session")).json()["user"] is None
    answer = client_of(program.created_by).get(reverse("session"))
    assert (answer.json()["user"], answer["Cache-Control"]) == (program.created_by.pk, "no-store")

"""In which language the console answers: a person's own choice, else the cookie, else what the browser asks for."""

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http.cookie import SimpleCookie
from django.test import Client
from django.urls import reverse
from django.utils.translation import get_language

from console.base.accounts.models import User
from console.base.activity.models import ActivityEntry
from tests.factories import PASSWORD, make_program, make_user
from tests.markup import flat

pytestmark = pytest.mark.django_db
URL = "/language/"
COOKIE = settings.LANGUAGE_COOKIE_NAME
SIGN_IN = "/account/sign-in/"
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9,en;q=0.8"}


def language_of(client, path="/", **headers):
    """The language of a page, by its head; header and document must agree."""
    page = client.get(path, **headers)
    language = page.headers["Content-Language"]
    assert f'<html lang="{language}">' in page.content.decode()
    return language


def test_a_stranger_gets_what_the_browser_asks_for():
    assert language_of(Client(), SIGN_IN) == "en"
    assert language_of(Client(), SIGN_IN, **CHINESE) == "zh-hans"
    assert language_of(Client(), SIGN_IN, HTTP_ACCEPT_LANGUAGE="fr,de") == "en"


def test_a_stranger_s_choice_is_kept_in_a_cookie():
    client = Client()
    answer = client.post(URL, {"language": "zh-hans", "next": SIGN_IN})

    assert (answer.status_code, answer.url) == (302, SIGN_IN)
    cookie = answer.cookies[COOKIE]
    assert (cookie.value, cookie["samesite"], cookie["httponly"]) == ("zh-hans", "Lax", True)
    assert language_of(client, SIGN_IN) == "zh-hans"
    client.post(URL, {"language": "en", "next": SIGN_IN})
    assert language_of(client, SIGN_IN, **CHINESE) == "en"


def test_a_person_s_choice_holds_on_every_device(signed_in):
    user = make_user()
    here, there = signed_in(user), signed_in(user)

    here.post(URL, {"language": "zh-hans"})

    assert [language_of(client) for client in (here, there)] == ["zh-hans", "zh-hans"]
    assert language_of(there, "/notifications/", HTTP_ACCEPT_LANGUAGE="en") == "zh-hans"
    there.cookies[COOKIE] = "en"
    assert language_of(there) == "zh-hans"
    assert ActivityEntry.objects.count() == 0


def test_the_cookie_follows_so_that_signing_out_changes_nothing(signed_in):
    client = signed_in(make_user(language="zh-hans"))
    client.get("/")
    client.post(reverse("account_logout"))
    assert language_of(client, SIGN_IN) == "zh-hans"
    assert language_of(client, "/no-such-page/") == "zh-hans"


def test_the_first_sign_in_keeps_its_language():
    user = make_user()
    client = Client(headers={"accept-language": "zh-CN"})
    client.post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    user.refresh_from_db()
    assert user.language == "zh-hans"

    Client(headers={"accept-language": "en"}).post(SIGN_IN, {"login": user.email, "password": PASSWORD})
    user.refresh_from_db()
    assert user.language == "zh-hans"


@pytest.mark.parametrize(
    "address",
    ["", "https://evil.example/", "//evil.example/", "/\\evil.example", "///evil.example", "javascript:alert(1)",
     "home", "http://[", "\0", "/\r\nX: y"],
)  # fmt: skip
def test_leads_back_to_our_own_pages_only(address):
    answer = Client().post(URL, {"language": "en", "next": address})
    assert answer.status_code == 302
    assert answer.url in ("/", "/%0D%0AX:%20y")


def test_leads_back_to_the_page_with_its_query():
    page = "/miniprograms/?q=%E5%9F%8E&page=2"
    assert Client().post(URL, {"language": "en", "next": page}).url == page


@pytest.mark.parametrize("language", ["", "fr", "zh", "ZH-HANS", "zh-hans\0", "../en", "x" * 500])
def test_an_unknown_language_changes_nothing(signed_in, language):
    user = make_user(language="zh-hans")
    client = signed_in(user)
    answer = client.post(URL, {"language": language})
    assert answer.status_code == 302
    assert User.objects.get(pk=user.pk).language == "zh-hans"


def test_other_methods():
    assert Client().get(URL).status_code == 405


def test_a_broken_cookie_is_no_error():
    client = Client()
    client.cookies = SimpleCookie({COOKIE: "x" * 3000})
    assert language_of(client, SIGN_IN) == "en"


def test_pages_say_what_they_depend_on(signed_in):
    for answer in (Client().get(SIGN_IN), signed_in(make_user()).get("/")):
        assert {name.strip() for name in answer.headers["Vary"].split(",")} >= {"Accept-Language", "Cookie"}


def test_public_files_look_for_nobody(signed_in, django_assert_num_queries):
    client = signed_in(make_user(language="zh-hans"))
    client.get("/")
    name = default_storage.save(f"icons/{'0' * 32}.webp", ContentFile(b"icon"))
    with django_assert_num_queries(0):
        assert client.get(f"/media/{name}").content == b"icon"


def test_no_language_stays_behind_in_the_thread(signed_in):
    client = signed_in(make_user(language="zh-hans"))
    assert language_of(client) == "zh-hans"
    assert get_language() == settings.LANGUAGE_CODE


def test_django_s_admin_follows(signed_in):
    client = signed_in(make_user(language="zh-hans", is_staff=True, is_superuser=True))
    page = client.get("/admin/").content.decode()
    assert 'lang="zh-hans"' in page
    assert "站点管理" in page


@pytest.mark.parametrize("path", ["/", "/notifications/", "/miniprograms/"])
def test_the_switch_is_in_the_top_bar(signed_in, path):
    program = make_program()
    page = flat(signed_in(program.created_by).get(f"{path}?page=1").content.decode())
    assert f'<input type="hidden" name="next" value="{path}?page=1">' in page
    assert 'name="language" value="zh-hans" lang="zh-hans">简体中文' in page


def test_the_switch_is_on_the_sign_in_page():
    page = Client().get(f"{SIGN_IN}?next=/activity/").content.decode()
    assert f'<input type="hidden" name="next" value="{SIGN_IN}?next=/activity/">' in page
    assert "简体中文" in page

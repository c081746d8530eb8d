"""The agreement for everybody (S-4)."""

import re
from datetime import date

import pytest
from django.test import Client

from tests import factories
from tests.miniprograms.privacy.writing import publish

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'(?:(?<=nonce=")|(?<=name="csrfmiddlewaretoken" value="))[^"]+')


def get(program, path="", **headers):
    return Client().get(f"/privacy/{program.app_id}/{path}", headers=headers)


@pytest.fixture
def versions(program, holder):
    return [publish(program, holder, text_en=f"English {number}", text_zh=f"中文{number}") for number in (1, 2)]


def test_anybody_reads_what_is_online(program, versions):
    response = get(program)
    page = response.content.decode()
    assert response.status_code == 200
    assert "<p>English 2</p>" in page
    assert [
        each for each in ("City Bus", "version 2", f"/privacy/{program.app_id}/1/?lang=en") if each not in page
    ] == []


def test_an_older_version_says_so(program, versions):
    page = get(program, "1/").content.decode()
    assert "<p>English 1</p>" in page
    assert "This is an earlier version." in page
    assert "This is an earlier version." not in get(program, "2/").content.decode()


@pytest.mark.parametrize(
    ("path", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "zh-CN,zh;q=0.9,en;q=0.8", "zh-hans"),
        ("", "en-GB,zh;q=0.5", "en"),
        ("", "de,fr;q=0.5", "en"),
        ("", "zh-TW", "zh-hans"),
        ("?lang=zh", "en", "zh-hans"),
        ("?lang=en", "zh", "en"),
        ("?lang=xx", "zh", "zh-hans"),
        ("", "x" * 5000 + ";q=\0", "en"),
    ],
)
def test_in_the_readers_language(program, versions, path, accepted, language):
    response = get(program, path, accept_language=accepted)
    text = "中文2" if language == "zh-hans" else "English 2"
    assert f"<p>{text}</p>" in response.content.decode()
    assert f'<html lang="{language}">' in response.content.decode()
    assert response.headers["Content-Language"] == language


def test_the_language_that_there_is(program, holder):
    publish(program, holder, text_en="", text_zh="只有中文", effective_on=date(2126, 11, 26))
    page = get(program, "?lang=en", accept_language="en").content.decode()
    assert "<p>只有中文</p>" in page
    assert "2126年11月26日" in page
    assert "?lang=en" not in page


def test_may_be_kept_for_a_while_by_anyone(program, versions):
    response = get(program)
    assert response.headers["Cache-Control"] == "public, max-age=60"
    assert "Accept-Language" in response.headers["Vary"]
    assert response.cookies == {}


def test_nothing_online_looks_like_no_such_program(program, versions):
    unpublished = factories.make_program(factories.make_team("Secret team"), "Secret program")
    factories.make_privacy_draft(unpublished)
    answers = [
        get(unpublished),
        Client().get("/privacy/mp00000000000000/"),
        get(program, "3/"),
        get(program, "0/"),
        get(program, f"{10**20}/"),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    pages = [TOKEN.sub("", answer.content.decode()) for answer in answers]
    assert pages[0].replace(unpublished.app_id, "mp00000000000000") == pages[1]
    assert "Secret" not in pages[0]


def test_says_nothing_else_of_the_program(program, versions, team, holder):
    factories.make_online(program, "7.7.7")
    page = get(program).content.decode()
    hidden = (team.name, str(holder), "7.7.7", program.introduction, "Mini Program Console")
    assert [each for each in hidden if each in page] == []


def test_off_the_shelf_it_stays_readable(program, versions):
    program.shelf = "off"
    program.save()
    assert get(program).status_code == 200


def test_no_script_of_the_text_runs(program, holder):
    publish(program, holder, text_en="<script>alert(1)</script><img src=x onerror=alert(1)> [x](javascript:alert(1))")
    response = get(program)
    page = response.content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert ("<script>alert" in page, "<img src=x" in page, 'href="javascript' in page) == (False, False, False)
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]


def test_three_queries(program, versions, django_assert_num_queries):
    with django_assert_num_queries(3):  # The program, its versions, the text that is shown.
        get(program)


def test_all_versions_are_listed_with_their_days(program, holder):
    for day in (26, 27, 28):
        publish(program, holder, text_en=f"English {day}", effective_on=date(2126, 11, day))
    page = " ".join(get(program, "2/").content.decode().partition("<footer>")[2].split())
    days = re.findall(r"Version (\d)</(?:a|strong)><span class=.context.>effective from ([^<]+)<", page)
    assert days == [(str(number), f"{25 + number} November 2126") for number in (3, 2, 1)]
    assert re.findall(r"<strong>Version (\d)", page) == ["2"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_refuses_other_methods(program, versions, method):
    assert getattr(Client(), method)(f"/privacy/{program.app_id}/").status_code == 405

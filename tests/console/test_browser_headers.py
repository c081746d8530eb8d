"""Headers of every page: what may run, who may frame it, what leaves it, how cookies travel."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse

from tests.factories import PASSWORD, make_member, make_team, make_user

pytestmark = pytest.mark.django_db
# Pages for all, pages of someone signed in, errors, a redirect, an API behind Django, operators' pages.
PAGES = ("/account/sign-in/", "/", "/activity/", "/nothing/", "/teams/", "/runtime/v1/openapi.json", "/admin/")


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_says_what_may_run_and_who_may_frame_it(signed_in, path):
    response = signed_in(make_member(make_team(), "viewer")).get(path)
    policy = dict(rule.partition(" ")[::2] for rule in response["Content-Security-Policy"].split("; "))
    assert {name: policy[name] for name in ("default-src", "base-uri", "frame-ancestors")} == {
        "default-src": "'none'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert "object-src" not in policy  # so that default-src holds
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert policy["connect-src"] == policy["form-action"] == "'self'"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response.headers


def test_texts_name_their_character_set(client):
    assert client.get("/account/sign-in/")["Content-Type"] == "text/html; charset=utf-8"
    assert client.get("/nothing/")["Content-Type"] == "text/html; charset=utf-8"
    assert client.get("/runtime/v1/openapi.json")["Content-Type"] == "application/json"


def test_cookies_stay_at_home_and_out_of_reach_of_scripts(client):
    user = make_user()
    client.get(reverse("account_login"))
    client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
    cookies = {
        name: (cookie["samesite"], bool(cookie["httponly"]), cookie["domain"], cookie["path"])
        for name, cookie in client.cookies.items()
        if cookie.value
    }
    session = settings.SESSION_COOKIE_NAME
    assert cookies[session] == ("Lax", True, "", "/")
    assert {(same, domain, path) for same, _http, domain, path in cookies.values()} == {("Lax", "", "/")}


def test_a_sign_in_begins_a_session_that_nobody_can_have_chosen(client):
    user, session, seen = make_user(), settings.SESSION_COOKIE_NAME, set()
    for _ in range(2):
        client.cookies[session] = "a" * 32
        client.post(reverse("account_login"), {"login": user.email, "password": PASSWORD})
        key = client.cookies[session].value
        assert re.fullmatch(r"[a-z0-9]{32}", key)
        seen.add(key)
        client.post(reverse("account_logout"))
    assert len(seen) == 2
    assert "a" * 32 not in seen


@pytest.mark.parametrize("path", ["/", "/teams/", "/account/password/change/", "/nothing/", "/platform/status/"])
def test_every_page_of_someone_signed_in_has_the_way_out(signed_in, path):
    page = signed_in(make_member(make_team(), "viewer")).get(path).content.decode()
    assert f'<form method="post" action="{reverse("account_logout")}">' in page


def test_no_folder_is_listed_and_nothing_is_echoed(client):
    for path in ("/static/", "/static/console/", "/media/", "/media/icons/", "/.git/config", "/static/../manage.py"):
        assert client.get(path).status_code == 404, path
    for path in PAGES:
        response = client.generic("TRACE", path, headers={"X-Secret": "echo-me"})
        assert b"echo-me" not in response.content


@cache
def settings_of_production() -> dict[str, Any]:
    """What a process reads with DEBUG=0; functions as their names."""
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE", "DEBUG")
    names += (
        "SESSION_COOKIE_NAME",
        "CSRF_COOKIE_NAME",
        "DEVICE_COOKIE_NAME",
        "LANGUAGE_COOKIE_NAME",
        "FIRST_RUN_COOKIE_NAME",
        "ORDERS_COOKIE_NAME",
        "TIME_ZONE_COOKIE_NAME",
    )
    names += ("SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "PASSWORD_HASHERS", "LOGGING", "EGRESS_ALLOWED")
    code = (
        "import json, django; from django.conf import settings; django.setup();"
        f"print(json.dumps({{name: getattr(settings, name) for name in {names!r}}}, default=str))"
    )
    environment = {
        **os.environ,
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "DJANGO_SETTINGS_MODULE": "console.settings",
    }
    environment.pop("EGRESS_ALLOWED", None)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_cookies_of_production_are_for_this_host_alone():
    cookies = {name: value for name, value in settings_of_production().items() if name.endswith("_COOKIE_NAME")}
    assert len(cookies) == 7
    assert [name for name, value in cookies.items() if not value.startswith("__Host-")] == []


def test_production_asks_for_tls_everywhere():
    read = settings_of_production()
    assert read["DEBUG"] is False
    secure = {name: on for name, on in read.items() if name.endswith(("_SECURE", "_REDIRECT", "_SUBDOMAINS"))}
    assert len(secure) == 5
    assert all(on is True for on in secure.values())
    assert read["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600
    assert read["EGRESS_ALLOWED"] == []
    assert read["PASSWORD_HASHERS"][0].endswith(
        ("PBKDF2PasswordHasher", "Argon2PasswordHasher", "ScryptPasswordHasher")
    )
    # What docs/security-inventory.md says of logs: one place, and every line with its time and the zone of that. (Mails
    # that `make run` keeps have lines of their own.)
    handlers = read["LOGGING"]["handlers"]
    assert {handler["class"] for handler in handlers.values()} == {"logging.StreamHandler"}
    assert [name for name, logger in read["LOGGING"]["loggers"].items() if "line" in logger.get("handlers", ())] == [
        "console.local.mailbox"
    ]
    assert "asctime" in read["LOGGING"]["formatters"]["plain"]["format"]
    assert read["LOGGING"]["formatters"]["plain"]["datefmt"].endswith("%z")

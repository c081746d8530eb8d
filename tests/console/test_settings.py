"""Settings that no process starts with."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings


def start(code: str = "import console.settings", **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own."""
    command = [sys.executable, "-c", code]
    environment = {**os.environ, **variables}
    return subprocess.run(
        command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


LEAST = {
    "ACTIVITY_DAYS": 365,
    "SECURITY_LOG_DAYS": 90,
    "NOTIFICATION_DAYS": 30,
    "MESSAGE_DAYS": 30,
    "REPORT_DAYS": 30,
    "ENROLMENT_DAYS": 30,
}


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_nothing_is_kept_for_fewer_days(name: str, least: int) -> None:
    refused = start(**{name: str(least - 1)})
    assert refused.returncode != 0
    assert f"Set {name} to 0 (keep forever) or to at least {least} days." in refused.stderr


def test_these_days_or_for_ever_are_possible() -> None:
    for variables in ({name: str(least) for name, least in LEAST.items()}, dict.fromkeys(LEAST, "0")):
        assert start(**variables).returncode == 0


def test_a_session_lasts_an_hour_at_least() -> None:
    assert "Set SESSION_IDLE_HOURS to at least 1 hour." in start(SESSION_IDLE_HOURS="0").stderr


def test_without_passwords_there_is_another_way_in() -> None:
    """P-10: nobody locks everyone out by one variable."""
    assert "PASSWORD_SIGN_IN=0 leaves no way to sign in." in start(PASSWORD_SIGN_IN="0").stderr
    provider = {"OIDC_CORP_ISSUER": "https://login.example.com", "OIDC_CORP_CLIENT_ID": "console"}
    assert start(PASSWORD_SIGN_IN="0", OIDC_PROVIDERS="corp", **provider).returncode == 0


def test_days_are_no_fewer_than_none() -> None:
    assert "Set ACTIVITY_DAYS to 0" in start(ACTIVITY_DAYS="-1").stderr
    assert "Set SESSION_DAYS to at least 1 day." in start(SESSION_DAYS="0").stderr


@pytest.mark.parametrize("sender", ["Console, Acme <console@acme.example>", "", "console", "a@a.example, b@b.example"])
def test_no_process_starts_with_a_sender_that_no_mail_can_have(sender: str) -> None:
    assert "Write DEFAULT_FROM_EMAIL as NAME <ADDRESS>" in start(DEFAULT_FROM_EMAIL=sender).stderr


def test_a_sender_may_have_a_comma_in_quotes_and_chinese_names() -> None:
    for sender in ('"Console, Acme" <console@acme.example>', "控制台 <console@例子.cn>", "console@localhost"):
        assert start(DEFAULT_FROM_EMAIL=sender).returncode == 0


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ({"BEHIND_PROXY": "1"}, "BEHIND_PROXY was replaced: set TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": "10.0.0.1/24"}, "TRUSTED_PROXIES: 10.0.0.1/24 has host bits set"),
        ({"FORWARDED_HEADER": "X-Real-IP"}, "Set FORWARDED_HEADER to X-Forwarded or Forwarded."),
        ({"BODY_SECONDS": "0"}, "Set BODY_SECONDS and BODY_LEAST_RATE to numbers above 0."),
    ],
)
def test_the_edge_is_set_as_it_is_meant(variables: dict[str, str], why: str) -> None:
    assert why in start(**variables).stderr


def test_old_processes_may_be_told_of_proxies_in_their_own_way() -> None:
    assert start(BEHIND_PROXY="1", TRUSTED_PROXIES="10.0.0.0/24,::1").returncode == 0


@pytest.fixture(scope="module")
def production() -> dict[str, object]:
    """Settings as they are with DEBUG off."""
    names = (
        "SESSION_COOKIE_NAME CSRF_COOKIE_NAME DEVICE_COOKIE_NAME LANGUAGE_COOKIE_NAME SESSION_COOKIE_SECURE "
        "CSRF_COOKIE_SECURE LANGUAGE_COOKIE_SECURE MAILBOX EMAIL_BACKEND"
    )
    return read(names, DEBUG="0", SECRET_KEY="0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP-_")


def read(names: str, **variables: str) -> dict[str, object]:
    values = f"{{name: getattr(settings, name) for name in {names.split()}}}"
    code = f"import json; from console import settings; print(json.dumps({values}))"
    return json.loads(start(code, **variables).stdout)


def test_cookies_are_this_hosts_own_over_https(production) -> None:
    """P-6: a neighbour of the domain sets none of them."""
    names = ["__Host-sessionid", "__Host-csrftoken", "__Host-browser", "__Host-django_language"]
    assert list(production.values())[:7] == [*names, True, True, True]


def test_the_mailbox_is_neither_for_production_nor_where_mails_are_sent(production) -> None:
    sent = read("MAILBOX EMAIL_BACKEND", DEBUG="1", EMAIL_URL="smtp://localhost:2525")
    for found in (production, sent):
        assert found["MAILBOX"] is None
        assert "mailbox" not in found["EMAIL_BACKEND"]
    assert sent["EMAIL_BACKEND"] == "console.base.accounts.smtp.Backend"

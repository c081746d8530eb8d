"""Secrets that are told from everything else, and never told."""

import pytest

from releases.scan.credentials import find_secrets, find_suspects, hint_of

APP_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY = "Zq8vT1mN4bX7cL0pR3sW6yE9"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"


def kinds(text):
    return [secret.kind for secret in find_secrets(text.encode())]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"const appSecret = '{APP_SECRET}'", "app_secret"),
        (f'{{"app_secret": "{APP_SECRET}"}}', "app_secret"),
        (f"`https://a.example/sns/jscode2session?appid=a&secret={APP_SECRET}&js_code=1`", "app_secret"),
        ("'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='", "server_secret"),
        ("'AKIAJ5Q7RZT2M4WXKB3A'", "aws_access_key"),
        ("'LTAI5tQq1Zb8cD9eF0gH1iJ2'", "alibaba_access_key"),
        ("'AKIDz8krbsJ5yKBZQpn74WFkmLPx3gnPhESA'", "tencent_access_key"),
        ("'AIzaSyB5dQ7m2n0pRsT8uVwXyZ1a3b4c5d6e7f8'", "google_api_key"),
        ("'ghp_abcdefghijklmnopqrstuvwxyz0123456789'", "github_token"),
        ("'xoxb-123456789012-a1b2c3d4e5f6'", "slack_token"),
        (f"'sk_live_{KEY}'", "stripe_key"),
        (f"'{TOKEN}'", "json_web_token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx9c2n3v\n", "private_key"),
        ('"-----BEGIN PRIVATE KEY-----\\nMIIEowIBAAKCAQEAx9c2n3v\\n"', "private_key"),
        (f"// accessKeySecret: '{KEY}'", "credential"),
        (f'API_KEY = "{KEY}"', "credential"),
        ("password: 'kT7!pq-9Zx#4w'", "credential"),
    ],
)
def test_each_kind(text, kind):
    assert kinds(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        f"const checksum = '{APP_SECRET}'",
        "token: 'user_access_token_v2'",
        "password: 'please enter your password'",
        "secret: process.env.SECRET",
        "token: 'https://a.example/token/0a1b2c3d4e'",
        "passwordPlaceholder = 'At least 8 characters'",
        "apiKey = 'your-api-key-0a1b2c3d4e5f6g'",
        "token = '{{token}}'",
        "'AKIAAAAAAAAAAAAAAAAA'",
        "'eyJhYmMiOjF9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c'",
        "-----BEGIN PUBLIC KEY-----\nMIIEowIBAAKCAQEAx9c2n3v\n",
        "if (text.includes('-----BEGIN PRIVATE KEY-----')) fail()",
    ],
)
def test_what_is_none(text):
    assert kinds(text) == []


def test_each_secret_once():
    assert kinds(f"secret: '{APP_SECRET}', secret: '{KEY}', secret: 'LTAI5tQq1Zb8cD9eF0gH1iJ2'") == [
        "app_secret",
        "credential",
        "alibaba_access_key",
    ]


def test_suspects_are_whatever_has_the_shape():
    text = f"a = '{APP_SECRET}', b = '{APP_SECRET}0', c = '{APP_SECRET.upper()}', d={APP_SECRET[::-1]}"
    assert [found for _place, found in find_suspects(text.encode())] == [APP_SECRET, APP_SECRET[::-1]]


@pytest.mark.parametrize(
    ("text", "hint"), [(APP_SECRET, "0f1e…f0"), ("kT7!pq-9Zx#4w", "k…"), ("", "…"), ("0123456789abcdef", "0123…ef")]
)
def test_hints(text, hint):
    assert hint_of(text) == hint


def test_what_only_begins_like_a_token_is_looked_at_once():
    source = b"eyJ-" * 500_000  # Looked at anew at each "eyJ", it takes minutes.
    assert find_secrets(source) == []
    assert [found.kind for found in find_secrets(source + f" {TOKEN}".encode())] == ["json_web_token"]

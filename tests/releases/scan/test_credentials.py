"""Secrets that are distinguished from everything else, and never shown."""

import tracemalloc

import pytest

from releases.scan.credentials import find_secrets, find_suspects, hint_of

APP_SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PAY_KEY = "Zq8vT1mN4bX7cL0pR3sW6yE9kH2jD5aG"
MAP_KEY = "ZQ8VT-1MN4B-X7CL0-PR3SW-6YE9K-H2JD5"
PRIVATE_KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC" + PAY_KEY * 3
PUBLIC_KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + PAY_KEY
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
        (f"mchKey:'{PAY_KEY}'", "wechat_pay_key"),
        (f'"api_v3_key": "{PAY_KEY}"', "wechat_pay_key"),
        (f"e.partnerKey=`{PAY_KEY}`", "wechat_pay_key"),
        (f"e['pay-sign-key']='{PAY_KEY}'", "wechat_pay_key"),
        (f't=>t+"&key={PAY_KEY}"', "wechat_pay_key"),
        (f"privateKey:'{PRIVATE_KEY}'", "private_key"),
        (f"t={{key:'{APP_SECRET}',service:'amap'}}", "map_key"),
        (f"'https://restapi.amap.com/v3/ip?key={APP_SECRET}'", "map_key"),
        (f"baidu:{{ak:'{PAY_KEY}'}}", "map_key"),
        (f"qqmapKey:'{MAP_KEY}'", "map_key"),
        (f"'{MAP_KEY}'", "map_key"),
        ("'postgres://writer:kT7pq9Zx4w@10.0.0.12/rows'", "connection_string"),
        ("`redis://:kT7pq9Zx4w@cache.example.org:6379/0`", "connection_string"),
        ("'https://deploy:kT7pq9Zx4w@git.example.org/a.git'", "connection_string"),
        ("Authorization:'Basic Y29uc29sZTpacTh2VDFtTjRiWDdjTDA='", "basic_auth"),
        (f"'sk-{KEY[:20]}T3BlbkFJ{KEY[:20]}'", "openai_key"),
        (f"'sk-proj-{KEY}_{KEY}-{KEY}'", "openai_key"),
        (f"'sk-ant-api03-{KEY}_{KEY}-{KEY}{KEY[:19]}AA'", "anthropic_key"),
        (f"'sk-{APP_SECRET}'", "model_key"),
        ("'hf_aBcDeFgHiJkLmNoPqRsTuVwXyZaBcDeFgH'", "huggingface_token"),
        (f"'glpat-{KEY[:20]}'", "gitlab_token"),
        ("'npm_abcdefghijklmnopqrstuvwxyz0123456789'", "npm_token"),
        (f"'SG.{KEY[:22]}.{KEY}{KEY[:19]}'", "sendgrid_key"),
        (f"'shpat_{APP_SECRET}'", "shopify_token"),
        (f"'dop_v1_{APP_SECRET}{APP_SECRET}'", "digitalocean_token"),
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
        "tokenKey = 'user_access_token_v2_of_3'",
        "secretPath: '/pages/secret/secret-2-of-10'",
        "tokenUrl: 'Zq8vT1mN4bX7cL0pR3sW6yE9'",
        "'login.password': 'Password2Please1'",
        "token: '3f2504e0-4f89-41d3-9a0c-0305e82c3301'",
        "secret: 'common/vendor.5a0a9233e4503def486e54841e25aeee.js'",
        "token: 'getTokenByCodeV2'",
        f"accessKey: '{PUBLIC_KEY}'",
        f"key: '{APP_SECRET}'",
        f"'&key={APP_SECRET}&sign=1'",
        "mchKey = '<32 characters of your own>'",
        "'mysql://user:password@localhost:3306/test'",
        "'redis://localhost:6379/0'",
        "`mysql://${user}:${password}@${host}/a`",
        "new URL('http://a:b@c')",
        "'Basic Authentication'",
        "'Basic dXNlcjpwYXNzd29yZA=='",
        "'sk-loading-spinner-of-the-page'",
        "'npm_package_version'",
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


def test_a_private_key_is_the_same_with_its_lines_and_without():
    lines = f"-----BEGIN PRIVATE KEY-----\n{PRIVATE_KEY[:64]}\n{PRIVATE_KEY[64:]}\n"
    assert [found.text for found in find_secrets(lines.encode())] == [PRIVATE_KEY[:64]]
    assert [found.text for found in find_secrets(f"'{PRIVATE_KEY}'".encode())] == [PRIVATE_KEY[:64]]


@pytest.mark.parametrize(
    "begun",
    [b"sk-proj-", b"sk-ant-a-", b"glpat-", b"SG.", b"mysql://a:", b"mysql://a:b@", b"Basic QUJD", b"&key=", b"ABCD1-"],
)
def test_what_only_begins_like_a_secret_is_none(begun):
    assert find_secrets(begun * 100_000) == []  # Quadratic, each of them takes minutes.


@pytest.mark.parametrize("gap", [b" ", b"\\n", b'"\n+'])
def test_a_long_gap_before_a_private_key_takes_little_memory(gap):
    source = b"-----BEGIN PRIVATE KEY-----" + gap * 200_000 + PRIVATE_KEY.encode()
    tracemalloc.start()
    try:
        assert [found.text for found in find_secrets(source)] == [PRIVATE_KEY[:64]]
        assert tracemalloc.get_traced_memory()[1] < 4 * len(source)  # With each blank kept, it is a hundred times more.
    finally:
        tracemalloc.stop()

"""Secrets that nobody has: `@{name}` in a file of the corpus stands for the value that is made here of the name.

No file may hold them as they are, because services that look for secrets in repositories would believe in them. A value
is always the same for its name; `@{name:first}` and `@{name:second}` are its halves.
"""

from __future__ import annotations

import base64
import json
import re
import string
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256

_PLACE = re.compile(rb"@\{([a-z0-9_]+)(?::(first|second))?\}")
_MIXED = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"


def fill(content: bytes) -> bytes:
    """Return a file with the values in their places; KeyError for a name that nothing is made of."""

    def value(place: re.Match[bytes]) -> bytes:
        whole = value_of(place[1].decode()).encode()
        half = len(whole) // 2
        return {None: whole, b"first": whole[:half], b"second": whole[half:]}[place[2]]

    return _PLACE.sub(value, content)


@lru_cache
def value_of(name: str) -> str:
    """Return the value that stands for a name."""
    return _MADE[name](name)


def _characters(seed: str, length: int, alphabet: str = _MIXED) -> str:
    """Draw characters by the hashes of a seed."""
    drawn = ""
    while len(drawn) < length:
        drawn += "".join(alphabet[byte % len(alphabet)] for byte in sha256(f"{seed} {len(drawn)}".encode()).digest())
    return drawn[:length]


def _drawn(length: int, alphabet: str = _MIXED, *, before: str = "", behind: str = "") -> Callable[[str], str]:
    return lambda name: f"{before}{_characters(name, length, alphabet)}{behind}"


def _key(head: bytes, length: int) -> Callable[[str], str]:
    """Make what begins as keys in DER do, in base64 and with nothing in it that is one."""
    return lambda name: base64.b64encode(head + _stream(name, length - len(head))).decode()


def _stream(seed: str, length: int) -> bytes:
    return b"".join(sha256(f"{seed} {number}".encode()).digest() for number in range(length // 32 + 1))[:length]


def _json_web_token(name: str) -> str:
    parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": "1234567", "name": "nobody"}]
    texts = [json.dumps(part, separators=(",", ":")).encode() for part in parts]
    return ".".join(base64.urlsafe_b64encode(text).decode().rstrip("=") for text in [*texts, _stream(name, 32)])


def _tencent_map_key(name: str) -> str:
    return "-".join(_characters(f"{name} {part}", 5, string.ascii_uppercase + string.digits) for part in range(6))


def _sendgrid_key(name: str) -> str:
    return f"SG.{_characters(name, 22)}.{_characters(f'{name} 2', 43)}"


def _github_fine_token(name: str) -> str:
    return f"github_pat_{_characters(name, 22)}_{_characters(f'{name} 2', 59)}"


_PRIVATE = bytes.fromhex("308204bd020100300d06092a864886f70d0101010500048204a7308204a30201000282010100")
_PUBLIC = bytes.fromhex("30820122300d06092a864886f70d01010105000382010f003082010a0282010100")
_PASSWORD = _MIXED + "_-."

_MADE: dict[str, Callable[[str], str]] = {
    "app_secret": _drawn(32, _HEX),
    "another_app_secret": _drawn(32, _HEX),
    "wechat_pay_key": _drawn(32),
    "wechat_pay_v3_key": _drawn(32),
    "wechat_partner_key": _drawn(32),
    "alipay_private_key": _key(_PRIVATE, 1217),
    "alipay_public_key": _key(_PUBLIC, 294),
    "pem_begin": lambda _name: "-----BEGIN PRIVATE " + "KEY-----",
    "pem_body": _key(_PRIVATE, 480),
    "another_pem_body": _key(_PRIVATE, 480),
    "pem_end": lambda _name: "-----END PRIVATE " + "KEY-----",
    "amap_key": _drawn(32, _HEX),
    "tencent_map_key": _tencent_map_key,
    "baidu_map_key": _drawn(32),
    "password": _drawn(18, _PASSWORD),
    "another_password": _drawn(16, _PASSWORD),
    "third_password": _drawn(20, _PASSWORD),
    "fourth_password": _drawn(14, _PASSWORD),
    "basic_credentials": lambda name: base64.b64encode(f"console:{_characters(name, 16)}".encode()).decode(),
    "json_web_token": _json_web_token,
    "openai_key": lambda name: f"sk-{_characters(name, 20)}T3BlbkFJ{_characters(f'{name} 2', 20)}",
    "openai_project_key": _drawn(124, _MIXED + "_-", before="sk-proj-"),
    "anthropic_key": _drawn(93, _MIXED + "_-", before="sk-ant-api03-", behind="AA"),
    "huggingface_token": _drawn(34, string.ascii_letters, before="hf_"),
    "github_token": _drawn(36, before="ghp_"),
    "github_fine_token": _github_fine_token,
    "gitlab_token": _drawn(20, before="glpat-"),
    "npm_token": _drawn(36, before="npm_"),
    "slack_token": lambda name: f"xoxb-{_characters(name, 12, string.digits)}-{_characters(f'{name} 2', 24)}",
    "sendgrid_key": _sendgrid_key,
    "shopify_token": _drawn(32, _HEX, before="shpat_"),
    "digitalocean_token": _drawn(64, _HEX, before="dop_v1_"),
    "webhook_secret": lambda name: f"whsec_{base64.b64encode(_stream(name, 32)).decode()}",
    "stripe_key": _drawn(24, before="sk_live_"),
    "aws_access_key": _drawn(16, string.ascii_uppercase + "234567", before="AKIA"),
    "aws_secret_key": _drawn(40, _MIXED + "/+"),
    "alibaba_access_key": _drawn(20, before="LTAI"),
    "tencent_access_key": _drawn(32, before="AKID"),
    "google_api_key": _drawn(35, _MIXED + "_-", before="AIza"),
}

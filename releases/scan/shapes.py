"""Secrets that have a shape of their own, wherever they stand and whatever they are called."""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

MOST = 1_000  # places of one kind in one file that are looked at

_LETTER, _LOWER, _UPPER, _DIGIT = map(re.compile, ("[A-Za-z]", "[a-z]", "[A-Z]", "[0-9]"))
# What stands for a secret in samples and in texts.
PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|your|xxx|test|demo|sample|dummy|undefined|null|function|123456|abcdef|\*\*\*|changeme"
)


class Found(NamedTuple):
    """A secret: its kind, where it begins and ends in the source, and what its hint and its hash are taken of."""

    kind: str
    begin: int
    end: int
    text: str


class _Shape(NamedTuple):
    """`needle` is in every secret of this shape: to look for it takes no time."""

    kind: str
    needle: bytes
    pattern: re.Pattern[bytes]
    check: Callable[[str], bool] = lambda _text: True


def find_shaped(source: bytes) -> Iterator[Found]:
    """Yield what has a shape of its own."""
    for shape in _SHAPES:
        if shape.needle not in source:
            continue
        for number, found in enumerate(shape.pattern.finditer(source)):
            if number == MOST:
                break
            text = found[1].decode()
            if shape.check(text):
                yield Found(shape.kind, found.start(), found.end(), text)
    yield from _connections(source)


def entropy(text: str) -> float:
    """Return the bits for each character by how often each occurs."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def is_mixed(text: str) -> bool:
    """Whether there are digits and letters, and not the same ones again and again."""
    return bool(_DIGIT.search(text) and _LETTER.search(text)) and entropy(text) >= 3.0


def places(source: bytes, word: bytes) -> Iterator[int]:
    """Yield the places behind a word: to find words is many times faster than a pattern."""
    place = source.find(word)
    for _ in range(MOST):
        if place < 0:
            break
        yield place + len(word)
        place = source.find(word, place + len(word))


def _is_token(text: str) -> bool:
    """Whether the first part of a JWT says by which algorithm it is signed."""
    head = text.partition(".")[0]
    try:
        values = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and "alg" in values


def _is_login(text: str) -> bool:
    """Whether what is behind "Basic" is a name and a password."""
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except ValueError:
        return False
    _name, colon, password = decoded.partition(":")
    return bool(colon) and decoded.isprintable() and _is_password(password)


def _is_password(text: str) -> bool:
    return len(text) >= 6 and not _STANDS_FOR_ONE.fullmatch(text) and not PLACEHOLDER.search(text)


def _has_cases(text: str) -> bool:
    return bool(_LOWER.search(text) and _UPPER.search(text)) and entropy(text) >= 3.5


_STANDS_FOR_ONE = re.compile(
    r"(?i)(?:my|the|some)?[-_]?(?:pass(?:word|wd|phrase)?|pwd|secret|admin|root|user|token)\d?"
)

# Connection strings. The word for "no secret" before an at-sign is what a program puts there: `${…}`, `<…>`, `%s`.
_SCHEMES = [
    f"{scheme}://".encode()
    for scheme in (
        *("mysql", "mariadb", "postgres", "postgresql", "mongodb", "mongodb+srv", "redis", "rediss", "amqp", "amqps"),
        *("mssql", "sqlserver", "oracle", "clickhouse", "kafka", "nats", "ldap", "ldaps", "ftp", "ftps", "sftp"),
        *("smtp", "smtps", "ssh"),
    )
]
_WEB = [b"http://", b"https://"]
_LOGIN = re.compile(
    rb"[A-Za-z0-9._~%+-]{0,100}:([A-Za-z0-9._~%!^&*+=,;-]{3,200})@"
    rb"(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,9}|\[[0-9a-fA-F:.]{2,45}\])"
)


def _connections(source: bytes) -> Iterator[Found]:
    for scheme in (*_SCHEMES, *_WEB):
        if b"@" not in source:
            break
        for place in places(source, scheme):
            found = _LOGIN.match(source, place)
            if found is None:
                continue
            text = found[1].decode()
            if _is_password(text) and (scheme not in _WEB or is_mixed(text)):
                yield Found("connection_string", place - len(scheme), found.end(), text)


_BEFORE, _AFTER = rb"(?<![A-Za-z0-9_])", rb"(?![A-Za-z0-9_])"
# Where a secret may hold dashes, none begins behind one: a run of what only begins like it would be read many times.
_BEFORE_DASHED, _AFTER_DASHED = rb"(?<![A-Za-z0-9_-])", rb"(?![A-Za-z0-9_-])"


def _shape(
    kind: str, needle: bytes, pattern: bytes, check: Callable[[str], bool] = is_mixed, *, dashed: bool = False
) -> _Shape:
    before, after = (_BEFORE_DASHED, _AFTER_DASHED) if dashed else (_BEFORE, _AFTER)
    return _Shape(kind, needle, re.compile(before + b"(" + pattern + b")" + after), check)


_SHAPES = (
    # Of private keys the first line identifies them: with PEM lines, with escaped ends of lines, without any.
    _Shape(
        "private_key",
        b"PRIVATE KEY-----",
        re.compile(
            rb"-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?:\\[nr]|[\s\"'`+,\\])*+([A-Za-z0-9+/=]{16,64})"
        ),
    ),
    _Shape(
        "private_key",
        b"ADANBgkqhkiG9w0BAQEFAASC",
        re.compile(_BEFORE + rb"(MII[A-P][A-Za-z0-9+/]{2}IBADANBgkqhkiG9w0BAQEFAASC[A-Za-z0-9+/]{32})"),
    ),
    _Shape(
        "private_key",
        b"IBAAK",
        re.compile(_BEFORE + rb"(MII[A-P][A-Za-z0-9+/]{2}IBAAK[BC][A-Za-z0-9+/]{52})"),
        is_mixed,
    ),
    _Shape(
        "private_key",
        b"AgEAMBMGByqG",
        re.compile(_BEFORE + rb"(MIG[A-Za-z0-9+/]AgEAMBMGByqG[A-Za-z0-9+/]{48})"),
        is_mixed,
    ),
    _Shape("server_secret", b"whsec_", re.compile(_BEFORE + rb"(whsec_[A-Za-z0-9+/]{32,90}={0,2})")),
    _Shape(
        "basic_auth",
        b"asic ",
        re.compile(_BEFORE + rb"[Bb]asic ([A-Za-z0-9+/]{8,400}={0,2})(?![A-Za-z0-9+/=])"),
        _is_login,
    ),
    _shape("aws_access_key", b"KIA", rb"AKIA[0-9A-Z]{16}"),
    _shape("aws_access_key", b"SIA", rb"ASIA[0-9A-Z]{16}"),
    _shape("alibaba_access_key", b"LTAI", rb"LTAI[A-Za-z0-9]{12,26}"),
    _shape("tencent_access_key", b"AKID", rb"AKID[A-Za-z0-9]{13,40}"),
    _Shape("google_api_key", b"AIza", re.compile(_BEFORE + rb"(AIza[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])"), is_mixed),
    _shape("github_token", b"gh", rb"gh[pousr]_[A-Za-z0-9]{36,251}"),
    _shape("github_token", b"github_pat_", rb"github_pat_[A-Za-z0-9_]{40,120}"),
    _shape("gitlab_token", b"gl", rb"gl(?:pat|dt|rt|ptt|cbt|oas|soat)-[A-Za-z0-9_.-]{20,80}", dashed=True),
    _shape("npm_token", b"npm_", rb"npm_[A-Za-z0-9]{36}"),
    _shape("slack_token", b"xox", rb"xox[abeoprs]-[A-Za-z0-9-]{20,250}", dashed=True),
    _shape("stripe_key", b"_live_", rb"[rs]k_live_[A-Za-z0-9]{20,100}"),
    _shape("anthropic_key", b"sk-ant-", rb"sk-ant-[a-z0-9]{2,12}-[A-Za-z0-9_-]{60,140}", dashed=True),
    _shape("openai_key", b"sk-", rb"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{40,200}", dashed=True),
    _shape("openai_key", b"T3BlbkFJ", rb"sk-[A-Za-z0-9]{16,60}T3BlbkFJ[A-Za-z0-9]{16,60}", dashed=True),
    _shape("model_key", b"sk-", rb"sk-(?:[0-9a-f]{32}|[A-Za-z0-9]{48})", dashed=True),
    _shape("huggingface_token", b"hf_", rb"hf_[A-Za-z0-9]{34,40}", _has_cases),
    _shape("sendgrid_key", b"SG.", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", dashed=True),
    _shape("shopify_token", b"shp", rb"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _shape("digitalocean_token", b"_v1_", rb"do[opr]_v1_[0-9a-f]{64}"),
    _shape("map_key", b"-", rb"[A-Z0-9]{5}(?:-[A-Z0-9]{5}){5}", dashed=True),
    _Shape(
        "json_web_token",
        b"eyJ",
        # None begins behind a dash: it would be looked for anew at each "eyJ" of a long run of them.
        re.compile(_BEFORE_DASHED + rb"(eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000})"),
        _is_token,
    ),
)

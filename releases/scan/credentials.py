"""Secrets in text: those with a shape of their own, and literals that stand where a secret is assigned.

The kinds: app_secret, server_secret, private_key, aws_access_key, alibaba_access_key, tencent_access_key,
google_api_key, github_token, slack_token, stripe_key, json_web_token, and credential for the literals.

What is written about a secret is its first four and last two characters at most.
"""

from __future__ import annotations

import base64
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import NamedTuple

_MOST = 1_000  # places of one kind in one file that are looked at

# An AppSecret is 32 digits in hex, lower case, as checksums are, too: it counts where it is called one.
_HEX = re.compile(rb"[\"'`=:/ ]([0-9a-f]{32})(?![A-Za-z0-9_])")
_CALLED_SECRET = re.compile(rb"(?i)(?:app_?)?secret[\"'`]?\s{0,3}(?::|=|%3D|,)\s{0,3}[\"'`]?\Z")
_KEYS = [f"{what}{between}key" for what in ("api", "access", "auth", "encrypt", "aes") for between in ("", "_")]
_CALLED = tuple(word.encode() for word in ("secret", "passwd", "password", "token", *_KEYS))
_ASSIGNED = re.compile(
    rb"[A-Za-z0-9_]{0,20}"
    rb"[\"'`]?\s{0,3}(?:[:=]|=>)\s{0,3}([\"'`])([\x21\x23-\x26\x28-\x5b\x5d-\x5f\x61-\x7e]{12,200})\1"
)
_VALUE = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*-]+")
_LOWER, _UPPER, _DIGIT = re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]")
_NUMBER = re.compile("[0-9]+")
_WORDS = re.compile(r"(?i)example|placeholder|your|xxx|test|demo|sample|dummy|undefined|null|function|123456|abcdef")
_BITS = 3.3  # of entropy for each character


class Found(NamedTuple):
    """A secret: its kind, where it begins and ends in the source, and what its hint is taken of."""

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


def _is_token(text: str) -> bool:
    """Whether the first part of a JWT says by which algorithm it is signed."""
    head = text.partition(".")[0]
    try:
        values = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, RecursionError):
        return False
    return isinstance(values, dict) and "alg" in values


def _is_mixed(text: str) -> bool:
    return bool(_DIGIT.search(text) and (_LOWER.search(text) or _UPPER.search(text))) and entropy(text) >= 3.0


_BEFORE, _AFTER = rb"(?<![A-Za-z0-9_])", rb"(?![A-Za-z0-9_])"
_SHAPES = (
    _Shape(
        "private_key",
        b"PRIVATE KEY-----",
        re.compile(rb"-----BEGIN (?:[A-Z]{1,12} ){0,2}PRIVATE KEY-----(?:\\[nr]|[\s\"'`+,\\])*([A-Za-z0-9+/=]{16,})"),
    ),
    _Shape("server_secret", b"whsec_", re.compile(_BEFORE + rb"(whsec_[A-Za-z0-9+/]{32,90}={0,2})")),
    _Shape("aws_access_key", b"KIA", re.compile(_BEFORE + rb"(AKIA[0-9A-Z]{16})" + _AFTER), _is_mixed),
    _Shape("aws_access_key", b"SIA", re.compile(_BEFORE + rb"(ASIA[0-9A-Z]{16})" + _AFTER), _is_mixed),
    _Shape("alibaba_access_key", b"LTAI", re.compile(_BEFORE + rb"(LTAI[A-Za-z0-9]{12,26})" + _AFTER), _is_mixed),
    _Shape("tencent_access_key", b"AKID", re.compile(_BEFORE + rb"(AKID[A-Za-z0-9]{13,40})" + _AFTER), _is_mixed),
    _Shape("google_api_key", b"AIza", re.compile(_BEFORE + rb"(AIza[A-Za-z0-9_-]{35})(?![A-Za-z0-9_-])"), _is_mixed),
    _Shape("github_token", b"gh", re.compile(_BEFORE + rb"(gh[pousr]_[A-Za-z0-9]{36,251})" + _AFTER)),
    _Shape("github_token", b"github_pat_", re.compile(_BEFORE + rb"(github_pat_[A-Za-z0-9_]{40,120})" + _AFTER)),
    _Shape("slack_token", b"xox", re.compile(_BEFORE + rb"(xox[abeoprs]-[A-Za-z0-9-]{20,250})"), _is_mixed),
    _Shape("stripe_key", b"_live_", re.compile(_BEFORE + rb"([rs]k_live_[A-Za-z0-9]{20,100})" + _AFTER)),
    _Shape(
        "json_web_token",
        b"eyJ",
        # None begins behind a dash: it would be looked for anew at each "eyJ" of a long run of them.
        re.compile(
            rb"(?<![A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{10,2000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000})"
        ),
        _is_token,
    ),
)


def find_secrets(source: bytes) -> list[Found]:
    """Return the secrets in a file, in their order; no two of them overlap."""
    found = [*_shaped(source), *_app_secrets(source), *_assigned(source)]
    kept: list[Found] = []
    for secret in sorted(found, key=lambda secret: (secret.begin, -secret.end)):
        if not kept or secret.begin >= kept[-1].end:
            kept.append(secret)
    return kept


def find_suspects(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of what has the shape of an AppSecret, whatever it is called."""
    for number, found in enumerate(_HEX.finditer(source)):
        if number == _MOST:
            break
        yield found.start(1), found[1].decode()


def hash_of(text: str) -> str:
    """Return the hash by which an AppSecret is kept."""
    return sha256(text.encode()).hexdigest()


def hint_of(text: str) -> str:
    """Return the first and the last characters: four and two of what is long, fewer of what is short."""
    if len(text) < 16:
        return f"{text[:1]}…"
    return f"{text[:4]}…{text[-2:]}"


def entropy(text: str) -> float:
    """Return the bits for each character by how often each occurs."""
    return -sum(count / len(text) * math.log2(count / len(text)) for count in Counter(text).values())


def _shaped(source: bytes) -> Iterator[Found]:
    for shape in _SHAPES:
        if shape.needle not in source:
            continue
        for number, found in enumerate(shape.pattern.finditer(source)):
            if number == _MOST:
                break
            text = found[1].decode()
            if shape.check(text):
                yield Found(shape.kind, found.start(), found.end(), text)


def _app_secrets(source: bytes) -> Iterator[Found]:
    for begin, text in find_suspects(source):
        if _CALLED_SECRET.search(source, max(0, begin - 30), begin):
            yield Found("app_secret", begin, begin + len(text), text)


def _assigned(source: bytes) -> Iterator[Found]:
    for end in _called(source.lower()):
        found = _ASSIGNED.match(source, end)
        if found and _is_random(text := found[2].decode()):
            yield Found("credential", found.start(2), found.end(2), text)


def _called(lower: bytes) -> Iterator[int]:
    """Yield the places behind words that secrets are called by: to find words is many times faster than a pattern."""
    for word in _CALLED:
        place = lower.find(word)
        for _ in range(_MOST):
            if place < 0:
                break
            yield place + len(word)
            place = lower.find(word, place + len(word))


def _is_random(text: str) -> bool:
    """Whether a literal looks like nothing that people or programs would call by a name."""
    if not _VALUE.fullmatch(text) or _WORDS.search(text):
        return False
    letters = _LOWER.search(text) or _UPPER.search(text)
    return bool(letters) and len(_NUMBER.findall(text)) >= 2 and entropy(text) >= _BITS

"""Secrets in text: those with a shape of their own, and literals that stand where a secret is assigned.

The kinds: app_secret and wechat_pay_key, map_key (of a lower class: every client has one), those of `shapes`, and
credential for literals of no kind in particular.

What is written about a secret is its first four and last two characters at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from .shapes import MOST, PLACEHOLDER, Found, entropy, find_shaped, is_mixed, places

# An AppSecret is 32 digits in hex, lower case, as checksums are, too: it counts where it is called one.
_HEX = re.compile(rb"[\"'`=:/ ]([0-9a-f]{32})(?![A-Za-z0-9_])")
_CALLED_SECRET = re.compile(rb"(?i)(?:app[_-]?)?secret[\"'`]?\]?\s{0,3}(?::|=|%3D|,)\s{0,3}[\"'`]?\Z")


class _Name(NamedTuple):
    """What a secret is called by, in lower case, the kind that this makes it, and what its value looks like."""

    word: bytes
    kind: str


def _names(kind: str, *words: str) -> list[_Name]:
    """Return names of one kind; a "*" is a dash, an underscore or nothing."""
    return [
        _Name(word.replace("*", between).encode(), kind)
        for word in words
        for between in (("", "_", "-") if "*" in word else ("",))
    ]


_PAY = ("mch*key", "mch*api*key", "merchant*key", "partner*key", "api*v3*key", "apiv3*key", "pay*key", "pay*sign*key")
_MAP = ("map*key", "lbs*key", "map*ak", "security*js*code")
_ANY = ("secret", "passwd", "password", "passphrase", "pwd", "token", "private*key", "sign*key")
_KEYS = tuple(f"{what}*key" for what in ("api", "access", "auth", "encrypt", "aes"))
_NAMES = (
    *_names("wechat_pay_key", *_PAY),
    *_names("map_key", *_MAP),
    *_names("credential", *_ANY, *_KEYS),
)
# A name that ends so is of something about a secret.
_ABOUT = re.compile(
    rb"(?i)(?:ur[il]|path|page|rule|placeholder|label|text|title|msg|message|error|err|tips?|hint|regexp?|pattern"
    rb"|expires?|expired|prefix|template|type|name)\Z"
)
_ASSIGNED = re.compile(
    rb"([A-Za-z0-9_]{0,20})"
    rb"[\"'`]?\]?\s{0,3}(?:[:=]|=>)\s{0,3}([\"'`])([\x21\x23-\x26\x28-\x5b\x5d-\x5f\x61-\x7e]{12,200})\2"
)
_TELLING = re.compile("|".join(re.escape(name.word.decode()) for name in _NAMES) + r"|\A(?:ak|key)\Z")

_VALUE = re.compile(r"[A-Za-z0-9+/=_.~!@#$%^&*-]+")
_PAY_KEY = re.compile(r"[A-Za-z0-9]{32}")
_MAP_KEY = re.compile(r"[A-Za-z0-9_-]{20,40}")
_LOWER, _UPPER, _DIGIT = re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]")
_NUMBER = re.compile("[0-9]+")
_UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FILE = re.compile(r"(?i)\.(?:m?js|css|wxss|wxml|json|html?|png|jpe?g|gif|svg|webp|mp3|mp4|ttf|woff2?|php|aspx?|jsp)\b")
_PATH = re.compile(r"\.{0,2}/[a-z0-9_./-]*")
_DIGEST = re.compile(r"(?:sha(?:1|256|384|512)|md5)-")
_PUBLIC = re.compile(r"MI[A-Za-z0-9+/]{3,8}(?:ANBgkqhkiG9w0BAQEFAAO|A0GCSqGSIb3DQEBAQUAA4)|MFkwEwYHKoZI")
_RUN = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}")
_NO_WORD = re.compile(r"(?i)\A[^aeiouy]+\Z|[bcdfghjklmnpqrstvwxz]{5}|[aeiouy]{4}")
_CHANGE = re.compile(r"[a-z](?=[A-Z])|[A-Za-z](?=[0-9])|[0-9](?=[A-Za-z])")
_BITS = 3.3  # of entropy for each character

# Keys of map services by where they stand. AMap's are 32 digits in hex under the name `key`, Baidu's are called `ak`.
_KEY = re.compile(
    rb"(?<![A-Za-z0-9_$])(?:key|ak)[\"'`]?\]?\s{0,3}[:=]\s{0,3}[\"'`]?([A-Za-z0-9]{24,32})(?![A-Za-z0-9_=+/-])"
)
_MAP_SERVICE = re.compile(
    rb"(?i)(?<![a-z])(?:amap|gaode|bmap|tianditu|qqmap)|map\.baidu|baidu\.?map|baidu[\"'`]?\s?[:=]"
)
_AROUND = 120  # bytes
# How WeChat Pay signs: what is signed ends in "&key=", then comes the key.
_SIGNED = re.compile(rb"(?:[\"'`}\0]|\A)&key=([A-Za-z0-9]{32})(?![A-Za-z0-9_=+/&-])")


def find_secrets(source: bytes) -> list[Found]:
    """Return the secrets in a file, in their order; no two of them overlap."""
    found = [*find_shaped(source), *_app_secrets(source), *_assigned(source), *_map_keys(source), *_signing(source)]
    kept: list[Found] = []
    for secret in sorted(found, key=lambda secret: (secret.begin, secret.kind == "credential", -secret.end)):
        if not kept or secret.begin >= kept[-1].end:
            kept.append(secret)
    return kept


def find_suspects(source: bytes) -> Iterator[tuple[int, str]]:
    """Yield the place and the text of what has the shape of an AppSecret, whatever it is called."""
    for number, found in enumerate(_HEX.finditer(source)):
        if number == MOST:
            break
        yield found.start(1), found[1].decode()


def is_telling(name: str) -> bool:
    """Whether something may be a secret because of what it is called."""
    return bool(_TELLING.search(name.lower()))


def hash_of(text: str) -> str:
    """Return the hash by which an AppSecret is kept."""
    return sha256(text.encode()).hexdigest()


def hint_of(text: str) -> str:
    """Return the first and the last characters: four and two of what is long, fewer of what is short."""
    if len(text) < 16:
        return f"{text[:1]}…"
    return f"{text[:4]}…{text[-2:]}"


def _app_secrets(source: bytes) -> Iterator[Found]:
    for begin, text in find_suspects(source):
        if _CALLED_SECRET.search(source, max(0, begin - 30), begin):
            yield Found("app_secret", begin, begin + len(text), text)


def _assigned(source: bytes) -> Iterator[Found]:
    lower = source.lower()
    for name in _NAMES:
        for end in places(lower, name.word):
            found = _ASSIGNED.match(source, end)
            if found is None or _ABOUT.search(found[1]):
                continue
            text = found[3].decode()
            if _LOOKS[name.kind](text):
                yield Found(name.kind, found.start(3), found.end(3), text)


def _map_keys(source: bytes) -> Iterator[Found]:
    for number, found in enumerate(_KEY.finditer(source)):
        if number == MOST:
            break
        text = found[1].decode()
        around = source[max(0, found.start() - _AROUND) : found.end() + _AROUND]
        if len(text) in (24, 32) and _is_map_key(text) and _MAP_SERVICE.search(around):
            yield Found("map_key", found.start(1), found.end(1), text)


def _signing(source: bytes) -> Iterator[Found]:
    for number, found in enumerate(_SIGNED.finditer(source)):
        if number == MOST:
            break
        text = found[1].decode()
        if _is_pay_key(text):
            around = source[max(0, found.start() - _AROUND) : found.start()]
            kind = "map_key" if _MAP_SERVICE.search(around) else "wechat_pay_key"
            yield Found(kind, found.start(1), found.end(1), text)


def _is_pay_key(text: str) -> bool:
    return bool(_PAY_KEY.fullmatch(text)) and is_mixed(text) and not PLACEHOLDER.search(text)


def _is_map_key(text: str) -> bool:
    return (
        bool(_MAP_KEY.fullmatch(text)) and is_mixed(text) and not PLACEHOLDER.search(text) and not _of_words(text, 0.5)
    )


def _is_random(text: str) -> bool:
    """Whether a literal looks like nothing that people or programs would call by a name."""
    if not _VALUE.fullmatch(text) or PLACEHOLDER.search(text) or not (_LOWER.search(text) or _UPPER.search(text)):
        return False
    if _UUID.fullmatch(text) or _PATH.fullmatch(text) or _DIGEST.match(text) or _PUBLIC.match(text):
        return False
    if _FILE.search(text) or entropy(text) < _BITS:
        return False
    if len(_NUMBER.findall(text)) >= 2:
        return not _of_words(text, 0.65)
    return 3 * len(_CHANGE.findall(text)) >= len(text) and not _of_words(text, 0.4)


def _of_words(text: str, share: float) -> bool:
    """Whether so much of a text is in words, judged by how letters follow one another."""
    words = sum(len(run) for run in _RUN.findall(text) if not _NO_WORD.search(run))
    return words >= share * sum(map(str.isalnum, text))


_LOOKS = {"wechat_pay_key": _is_pay_key, "map_key": _is_map_key, "credential": _is_random}

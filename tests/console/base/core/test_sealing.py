"""What is sealed opens under the keys that are configured, as it was, and otherwise not at all."""

import base64

import pytest
from django.conf import settings as configured
from django.contrib.auth.hashers import PBKDF2PasswordHasher

from console.base.core.sealing import Unreadable, seal, unseal

TEXT = "whsec_ 密 \0 of a server"


def test_it_comes_back_and_looks_different_each_time():
    first, second = seal(TEXT), seal(TEXT)
    assert first != second
    assert unseal(first) == unseal(second) == TEXT
    assert "whsec" not in base64.urlsafe_b64decode(first).decode("latin-1")


def test_whatever_is_changed_opens_nothing():
    raw = base64.urlsafe_b64decode(seal(TEXT))
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(Unreadable):
            unseal(base64.urlsafe_b64encode(bytes(changed)).decode())
    for text in ("", "x", base64.urlsafe_b64encode(raw[:-1]).decode()):
        with pytest.raises(Unreadable):
            unseal(text)


def test_an_earlier_key_opens_while_it_is_named(settings):
    sealed = seal(TEXT)
    old, settings.SECRET_KEY = configured.SECRET_KEY, "another key of this installation, of enough characters"
    with pytest.raises(Unreadable):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]
    assert unseal(sealed) == TEXT
    assert unseal(seal(TEXT)) == TEXT


def test_passwords_cost_as_much_as_is_recommended_today():
    """OWASP's figure for PBKDF2 with SHA-256."""
    assert PBKDF2PasswordHasher.algorithm == "pbkdf2_sha256"
    assert PBKDF2PasswordHasher.iterations >= 600_000

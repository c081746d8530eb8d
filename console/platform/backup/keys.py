"""Fingerprints of SECRET_KEY: a backup has none of the keys, and yet tells whether it can be opened here."""

from __future__ import annotations

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


def current() -> str:
    """Return the fingerprint of SECRET_KEY: it says nothing of a key that can't be guessed."""
    return _fingerprint(settings.SECRET_KEY)


def former() -> list[str]:
    """Return those of the keys that still open what is sealed."""
    return [_fingerprint(key) for key in (*settings.SECRET_KEY_FALLBACKS, *settings.SEALING_KEY_FALLBACKS)]


def _fingerprint(key: str) -> str:
    derived = HKDF(SHA256(), length=8, salt=None, info=b"console backup fingerprint").derive(key.encode())
    return derived.hex()

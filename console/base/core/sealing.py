"""Secrets that must be read again, encrypted where they are kept.

What is only ever compared is kept as a hash instead. The key comes from SECRET_KEY; what was sealed under one of
SECRET_KEY_FALLBACKS or SEALING_KEY_FALLBACKS still opens.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """Sealed under a SECRET_KEY that is not configured any more."""


def seal(text: str) -> str:
    """Return `text` encrypted and authenticated, in ASCII; another result each time."""
    return _fernet().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed; raises Unreadable."""
    try:
        return _fernet().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def opens(sealed: str) -> bool:
    """Whether a configured key opens what was sealed."""
    try:
        unseal(sealed)
    except Unreadable:
        return False
    return True


def _fernet() -> MultiFernet:
    former = (*settings.SECRET_KEY_FALLBACKS, *settings.SEALING_KEY_FALLBACKS)
    return MultiFernet([_derive(key) for key in (settings.SECRET_KEY, *former)])


def _derive(secret_key: str) -> Fernet:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"console sealing").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))

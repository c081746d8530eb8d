"""Public identifiers."""

import secrets
import string

ALPHABET = string.ascii_lowercase + string.digits


def random_id(prefix: str, length: int = 14) -> str:
    """Return `prefix` + `length` random characters of [a-z0-9], 72 bits at 14; a unique column proves it new."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(length))

"""SECRET_KEY: one of its own for each folder of `make run`, and none in production that can be guessed."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

KNOWN = "insecure-development-key"  # of `make run` in earlier releases: everybody can read it
FILE = "secret-key"
SHORTEST, FEWEST = 50, 10  # characters, and different ones among them
# In keys that somebody wrote, or took from an example.
WORDS = (
    "insecure",
    "example",
    "change-me",
    "changeme",
    "change_me",
    "secret-key",
    "secret_key",
    "secretkey",
    "password",
)
MAKE_ONE = """Create one: python -c "import secrets; print(secrets.token_urlsafe(64))\""""


def own(folder: Path) -> str:
    """Return the key that is kept in the folder, made if need be; raises ImproperlyConfigured when none can be.

    Several processes may come first: one of their keys is kept, and all return that one.
    """
    file = folder / FILE
    try:
        if not file.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _keep(secrets.token_urlsafe(64), file)
        if file.stat().st_mode & 0o077:
            file.chmod(0o600)  # A copy of the folder may have opened it.
        key = file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret key can't be stored in {file} ({error.strerror}). Set SECRET_KEY, or set CONSOLE_LOCAL_DIR to "
            "a folder that you can write to."
        ) from None
    if why := weakness(key):
        raise ImproperlyConfigured(f"The key in {file} {why}. Remove the file; the next start creates a new one.")
    return key


def _keep(key: str, file: Path) -> None:
    """Write the key, whole, unless another process was first."""
    number, name = tempfile.mkstemp(dir=file.parent, prefix=f"{FILE}-")  # readable by us only
    try:
        with os.fdopen(number, "w") as written:
            written.write(f"{key}\n")
            written.flush()
            os.fsync(written.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, file)
    finally:
        Path(name).unlink()


def check(key: str, former: Iterable[str]) -> None:
    """Raise ImproperlyConfigured for a key that can be guessed: what it signs could be forged."""
    if why := weakness(key):
        raise ImproperlyConfigured(f"SECRET_KEY {why}. {MAKE_ONE}")
    for one in former:
        if why := weakness(one):
            raise ImproperlyConfigured(
                f"A key in SECRET_KEY_FALLBACKS {why}. Move it to SEALING_KEY_FALLBACKS, which still opens data "
                "sealed with it, and accepts none of its signatures."
            )


def weakness(key: str) -> str:
    """Return what is wrong with a key, as the end of a sentence; "" for a good one."""
    if not key:
        return "is not set"
    if key == KNOWN:
        return "is the public one from the source code"
    if len(key) < SHORTEST:
        return f"has {len(key)} characters, but needs at least {SHORTEST}"
    if len(set(key)) < FEWEST:
        return f"has only {len(set(key))} different characters, but needs at least {FEWEST}"
    if key in (key + key)[1:-1]:
        return "repeats itself"
    if found := [word for word in WORDS if word in key.lower()]:
        return f"contains “{found[0]}”, so it is not random"
    return ""

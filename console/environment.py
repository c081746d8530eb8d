"""The environment that every module of settings reads; `.env` adds what is not set.

Each variable may come from a file that NAME_FILE names: how containers and systemd pass secrets.
"""

from __future__ import annotations

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

BASE_DIR = Path(__file__).resolve().parent.parent


class Variables(FileAwareMapping):
    """os.environ, and files without the line end that editors and `echo` add."""

    def __getitem__(self, key: str) -> str:
        """Return a value; raises KeyError, and ImproperlyConfigured where its file can't be read."""
        try:
            value: str = super().__getitem__(key)
        except OSError as error:
            raise ImproperlyConfigured(f"{key}_FILE: {error.filename} can't be read ({error.strerror}).") from None
        return value.rstrip("\r\n") if self.env.get(f"{key}_FILE") else value


class Env(environ.Env):
    """django-environ's, over these variables."""

    ENVIRON = Variables()


env = Env()
env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=True)

"""What an installation must say before it can start: with DEBUG off nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from console.environment import env

NEEDED = {
    "DATABASE_URL": "the PostgreSQL database, for example postgresql://console:password@db.example.com/console",
    "REDIS_URL": "the Valkey or Redis server, for example redis://valkey.example.com:6379/0",
    "EMAIL_URL": "the mail server, for example smtp+tls://user:password@mail.example.com:587",
    "PACKAGE_ROOT": "the folder for packages, shared by all processes, for example /var/lib/console/packages",
    "MEDIA_ROOT": "the folder for icons, shared by all processes, for example /var/lib/console/media",
    "BASE_URL": "the URL at which people and devices reach the console, for example https://console.example.com",
}


FOLDERS = ("PACKAGE_ROOT", "MEDIA_ROOT")  # a bucket is instead of them


def missing() -> list[str]:
    """Return a sentence for each variable that is not set; none while DEBUG is on, where `make run` brings its own."""
    if settings.DEBUG:
        return []
    needed = {name: words for name, words in NEEDED.items() if not (settings.STORAGE_URL and name in FOLDERS)}
    return [f"{name} is not set. Set it to {words}." for name, words in needed.items() if not env.ENVIRON.get(name)]


@register(Tags.security, deploy=True)
def everything_is_set(app_configs: Sequence[Any] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Fail `check --deploy` for each variable that is missing."""
    return [Error(sentence, hint="See .env.example.", id="platform.E001") for sentence in missing()]

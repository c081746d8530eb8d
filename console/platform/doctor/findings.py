"""What a check finds: how bad it is, a sentence, and one way to mend it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """The worst is first."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "not checked"
    OK = "ok"


class Finding(NamedTuple):
    """One thing; `mend` is a command or a setting, empty where all is well."""

    level: Level
    words: str
    mend: str = ""


def ok(words: str) -> Finding:
    return Finding(Level.OK, words)


def warning(words: str, mend: str) -> Finding:
    return Finding(Level.WARNING, words, mend)


def error(words: str, mend: str) -> Finding:
    return Finding(Level.ERROR, words, mend)


def unknown(words: str, mend: str = "") -> Finding:
    """What can't be said, and why."""
    return Finding(Level.UNKNOWN, words, mend)

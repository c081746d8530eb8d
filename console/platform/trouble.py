"""What an operator has to see to, in words, and how it is mended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from django.utils.functional import Promise


class Level(IntEnum):
    """How bad it is; the worst comes first."""

    WRONG = 1
    UNKNOWN = 2  # it may be fine, and nobody can tell
    NOTE = 3  # all works


@dataclass(frozen=True)
class Trouble:
    """One thing: a sentence, how to mend it, the commands for that, what was said of it, and since when."""

    title: str
    mend: str | Promise
    commands: tuple[str, ...] = ()
    said: str = ""
    since: datetime | None = None
    level: Level = Level.WRONG

    @property
    def icon(self) -> str:
        """The picture of its level."""
        return {Level.WRONG: "alert-triangle", Level.UNKNOWN: "help-circle", Level.NOTE: "info-circle"}[self.level]

    @property
    def colour(self) -> str:
        return {Level.WRONG: "red", Level.UNKNOWN: "orange", Level.NOTE: "blue"}[self.level]

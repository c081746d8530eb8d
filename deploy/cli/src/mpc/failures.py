"""How a command ends badly: each kind has an exit code that a pipeline can use."""

from __future__ import annotations

from typing import Any


class Failure(Exception):
    """What went wrong, in a sentence; `problem` is what the console said about it (RFC 9457), `status` that of HTTP."""

    code = 4

    def __init__(self, message: str, problem: dict[str, Any] | None = None, *, status: int = 0) -> None:
        super().__init__(message)
        self.message, self.problem, self.status = message, problem or {}, status


class Refused(Failure):
    """The console's rules, the package's findings, a reviewer or a signature say no."""

    code = 1


class Usage(Failure):
    """The command lacks something, or a file is not what it should be."""

    code = 2


class NoAccess(Failure):
    """Not signed in, a token that doesn't open this, or nothing there that it opens."""

    code = 3


class Away(Failure):
    """The console can't be reached, is busy, or failed."""

    code = 4


class TooLate(Failure):
    """What was waited for didn't happen in time."""

    code = 5


class Broken(Failure):
    """A fault of `mpc` itself, or something that it doesn't understand."""

    code = 70  # EX_SOFTWARE of sysexits.h

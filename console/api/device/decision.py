"""What a device is told: pure rules, shared by the update check, the package download and the pages."""

from __future__ import annotations

from typing import Literal

import msgspec

Status = Literal["current", "update", "removed", "unavailable"]
Channel = Literal["online", "grayscale", "trial"]


class Online(msgspec.Struct, frozen=True):
    """A version that is online, and its package. `size` in bytes, `file` is the name in the package storage."""

    number: str
    sha256: str
    size: int
    file: str


class ProgramState(msgspec.Struct, frozen=True):
    """All that decides about one mini program. Applications are primary keys.

    `ended` are those whose binding was taken back by either side and that are not bound now.
    """

    on_shelf: bool
    online: Online | None
    bound: frozenset[int]
    ended: frozenset[int]


class Decision(msgspec.Struct, frozen=True):
    """What the device shall do; `release` and `channel` say with what, for current and update only."""

    status: Status
    channel: Channel | None = None
    release: Online | None = None


REMOVED = Decision("removed")
UNAVAILABLE = Decision("unavailable")


def decide(program: ProgramState | None, *, application: int, local_version: str | None) -> Decision:
    """Answer a device of `application` that has `local_version` of the program, or nothing (R-1, L-4, O-3).

    A program that was never bound to the application answers like one that does not exist (P-1). One that was
    bound and is not served any more is `removed`, so that what the device still has, preset included, does
    not open. After a roll back the local version is the higher one: any difference is an `update`.
    """
    if program is None:
        return UNAVAILABLE
    if application not in program.bound:
        return REMOVED if application in program.ended else UNAVAILABLE
    if not program.on_shelf:
        return REMOVED
    offered = offer(program)
    if offered is None:
        return UNAVAILABLE
    channel, release = offered
    return Decision("current" if release.number == local_version else "update", channel, release)


def offer(program: ProgramState) -> tuple[Channel, Online] | None:
    """Choose the version that a device gets of a program that is served to its application.

    Trial and grayscale versions will enter here, before the online one.
    """
    return ("online", program.online) if program.online else None


def served(program: ProgramState, *, application: int) -> Online | None:
    """Return the version whose package the application's devices may download now (R-2, L-4)."""
    return program.online if program.on_shelf and application in program.bound else None

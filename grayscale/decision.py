"""The answer for a device: pure rules, shared by the update check, the package download and the pages.

The one place where the online version, grayscale tasks and the trial version meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, Protocol

import msgspec

from grayscale.matching import Conditions, Parts, fits
from grayscale.states import TaskState, state_at
from releases.field.device import Device

Status = Literal["current", "update", "removed", "unavailable"]
Channel = Literal["online", "grayscale", "trial"]


class Deliverable(msgspec.Struct, frozen=True):
    """A version that devices may get, and its package. `size` in bytes, `file` is the name in the package storage."""

    number: str
    sha256: str
    size: int
    file: str


class Trial(msgspec.Struct, frozen=True):
    """The version for devices that present the trial token, and the page on which it opens (V-14).

    `token_sha256` is all that is kept of the token. `query` may be empty.
    """

    release: Deliverable
    page: str
    query: str
    token_sha256: bytes

    def opens_to(self, token: str) -> bool:
        """Return whether `token` is the very token, in constant time."""
        return compare_digest(self.token_sha256, sha256(token.encode()).digest())


class TaskRule(msgspec.Struct, frozen=True):
    """All that decides about one grayscale task. Times are POSIX seconds.

    `state` is the stored one, which the clock may be ahead of; `keeps` says that devices which run the version
    keep it after the end (G-6).
    """

    id: int
    release: Deliverable
    parts: Parts
    state: str
    starts_at: float
    ends_at: float
    keeps: bool
    conditions: Conditions

    def state_at(self, at: float) -> str:
        """Return the state that the clock decides, however late the scheduler is (G-4)."""
        return state_at(self.state, self.starts_at, self.ends_at, at)


class ProgramState(msgspec.Struct, frozen=True):
    """All that decides about one mini program. It and applications are primary keys.

    `ended` are those whose binding was taken back by either side and that are not bound now. `tasks` are those
    that may still matter, the highest version first, then the newest (G-7).
    """

    pk: int
    on_shelf: bool
    online: Deliverable | None
    bound: frozenset[int]
    ended: frozenset[int]
    tasks: tuple[TaskRule, ...] = ()
    trial: Trial | None = None

    def trial_for(self, token: str | None) -> Trial | None:
        """Return the trial when `token` is its token; a wrong one counts as none."""
        return self.trial if self.trial and token is not None and self.trial.opens_to(token) else None


class Candidate(msgspec.Struct, frozen=True):
    """A task that a device may have a place in; with `may_claim` it may also take a new one.

    `runs` says that the device has the task's version now.
    """

    task: TaskRule
    may_claim: bool
    runs: bool = False


class Claims(Protocol):
    """Who has a place in which task."""

    def take(self, candidates: Sequence[Candidate], device: Device, *, application: int) -> TaskRule | None:
        """Return the first task in which the GUID has a place, or now got one; None without any (G-5)."""


class Decision(msgspec.Struct, frozen=True):
    """What the device shall do; `release` and `channel` say with what, for current and update only.

    `trial` for the channel trial only.
    """

    status: Status
    channel: Channel | None = None
    release: Deliverable | None = None
    trial: Trial | None = None


REMOVED = Decision("removed")
UNAVAILABLE = Decision("unavailable")


def decide(
    program: ProgramState | None,
    device: Device,
    *,
    application: int,
    local_version: str | None,
    at: float,
    claims: Claims,
    trial_token: str | None = None,
) -> Decision:
    """Answer a device of `application` that has `local_version` of the program, or nothing (R-1, L-4, O-3).

    A program that was never bound to the application answers like one that does not exist (P-1). One that was
    bound and is not served any more is `removed`, so that what the device still has, preset included, does
    not open. After a roll back the local version is the higher one: any difference is an `update`. A device with the
    trial token gets the trial version, be it higher or lower, and a place in no task (V-14).
    """
    if program is None:
        return UNAVAILABLE
    if application not in program.bound:
        return REMOVED if application in program.ended else UNAVAILABLE
    if not program.on_shelf:
        return REMOVED
    if trial := program.trial_for(trial_token):
        return _given(trial.release, "trial", local_version, trial)
    channel: Channel = "online"
    release = program.online
    if program.tasks:
        candidates = candidates_for(program, device, application=application, local_version=local_version, at=at)
        if candidates and (task := claims.take(candidates, device, application=application)):
            channel, release = "grayscale", task.release
    if release is None:
        return UNAVAILABLE
    return _given(release, channel, local_version)


def _given(release: Deliverable, channel: Channel, local_version: str | None, trial: Trial | None = None) -> Decision:
    return Decision("current" if release.number == local_version else "update", channel, release, trial)


def candidates_for(
    program: ProgramState, device: Device, *, application: int, local_version: str | None, at: float
) -> list[Candidate]:
    """Return the tasks in which the device may have a place, in the order of G-7.

    Who has a place keeps it while the task delivers or is suspended, whatever else has changed (G-5); a new place
    needs a task that delivers, and all its conditions. After the end only who runs the version keeps it (G-6).
    """
    found = []
    for task in program.tasks:
        if application not in task.conditions.applications:
            continue
        state, runs = task.state_at(at), local_version == task.release.number
        if state == TaskState.DELIVERING:
            found.append(Candidate(task, fits(task.conditions, device, application=application), runs))
        elif state == TaskState.SUSPENDED or (state == TaskState.ENDED and task.keeps and runs):
            found.append(Candidate(task, False, runs))
    return found


def served(program: ProgramState, *, application: int, at: float, trial_token: str | None = None) -> list[Deliverable]:
    """Return the versions whose packages a device of the application may download now (R-2, L-4, V-14)."""
    if not (program.on_shelf and application in program.bound):
        return []
    trial = program.trial_for(trial_token)
    always = [release for release in (program.online, trial and trial.release) if release]
    return always + [
        task.release
        for task in program.tasks
        if application in task.conditions.applications
        and task.state_at(at) in (TaskState.DELIVERING, TaskState.SUSPENDED)
    ]

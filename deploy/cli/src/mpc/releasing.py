"""From an upload to published: `submit`, `status`, `publish`, `rollback`."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

import typer

from mpc import show
from mpc.failures import Failure, Refused, TooLate, Usage
from mpc.options import Number, Project, about_project

SHORTEST, LONGEST = 1.0, 15.0  # seconds between two questions
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}
Message = Annotated[str, typer.Option("-m", "--note", help="A note for the record.")]


@about_project
def submit(
    found: Project,
    uv: Number = "",
) -> None:
    """Submit a version for audit. One that is in audit or approved already stays so."""
    number = found.version(uv)
    done = f"{number} submitted for audit."
    try:
        audit = found.api.post(f"{found.path}/versions/{number}/submit")
        state = {"number": number, "state": audit["state"], "audit": audit}
    except Refused:
        version = _version(found, number)
        if version is None or version["state"] not in ("in_audit", "approved", "online"):
            raise
        state, done = _status(found, number), f"{number} was submitted before."
    show.result(state, lambda: _print(state, done))


@about_project
def status(
    found: Project,
    uv: Number = "",
    wait: Annotated[bool, typer.Option("--wait", help="Wait until the audit ends; the exit code says how.")] = False,
    timeout: Annotated[str, typer.Option("--timeout", help="How long --wait waits: 90s, 30m, 2h.")] = "1h",
) -> None:
    """Say what became of a version, and what each host app decided."""
    seconds = _seconds(timeout)
    number = found.version(uv)
    state = _wait(found, number, seconds) if wait else _status(found, number)
    show.result(state, lambda: _print(state))
    if wait and state["state"] == "in_audit":
        raise TooLate(f"{number} is still in audit after {timeout}.")
    if wait and state["state"] not in ("approved", "online", "retired"):
        raise Refused(f"{number} is {state['state'].replace('_', ' ')}.")


@about_project
def publish(
    found: Project,
    uv: Number = "",
    note: Message = "",
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Publish although the console has doubts; say why in --note.")
    ] = False,
) -> None:
    """Put an approved version online for every host app. One that is online already stays so."""
    number = found.version(uv)
    done = f"{number} published."
    try:
        version = found.api.post(f"{found.path}/versions/{number}/publish", {"note": note, "anyway": anyway})
    except Refused:
        current = _version(found, number)
        if current is None or current["state"] != "online":
            raise
        version, done = current, f"{number} was published before."
    show.result(version, lambda: _published(version, done))


@about_project
def rollback(
    found: Project,
    to: Annotated[str, typer.Option("--to", help="The version to go back to. [the one before]")] = "",
    note: Message = "",
) -> None:
    """Go back to a version that was online before."""
    number = to or _before(found)
    version = found.api.post(f"{found.path}/versions/{number}/roll-back", {"note": note})
    show.result(version, lambda: _published(version, f"Rolled back to {number}."))


def _before(found: Project) -> str:
    """Return the version that was online before the one that is; the console checks whether it may be again."""
    newest = found.api.get(f"{found.path}/releases", limit=1)["items"]
    if not newest:
        raise Refused("No version is online.")
    if not newest[0]["before"]:
        raise Refused(f"No version was online before {newest[0]['version']}.")
    return str(newest[0]["before"])


def _version(found: Project, number: str) -> dict[str, Any] | None:
    """Return the version, or None where the token may not read: then what was refused stays refused."""
    try:
        version: dict[str, Any] = found.api.get(f"{found.path}/versions/{number}")
    except Failure:
        return None
    return version


def _status(found: Project, number: str) -> dict[str, Any]:
    """Return the version with its newest audit, or None in its place."""
    version = found.api.get(f"{found.path}/versions/{number}")
    audits = found.api.pages(f"{found.path}/audits", most=300)
    audit = next((each for each in audits if each["version"] == number), None)
    return {**version, "audit": audit}


def _wait(found: Project, number: str, seconds: float) -> dict[str, Any]:
    """Ask until the audit has ended or the time is over; return the last answer."""
    end, pause, told = time.monotonic() + seconds, SHORTEST, ""
    while True:
        version = found.api.get(f"{found.path}/versions/{number}")
        left = end - time.monotonic()
        if version["state"] != "in_audit" or left <= 0:
            return _status(found, number)
        if not told:
            told = f"{number} is in audit. Waiting for the host apps' decisions."
            show.note(told)
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, LONGEST)


def _seconds(words: str) -> float:
    match = re.fullmatch(r"(\d{1,7})([smh]?)", words)
    if not match:
        raise Usage(f"--timeout {words} is no time: 90s, 30m, 2h.")
    return float(match[1]) * UNITS[match[2]]


def _print(state: dict[str, Any], done: str = "") -> None:
    if done:
        show.line(done, "green")
    decided = [
        (each["application"]["name"], each["state"], each["note"], each["decided_at"] or "")
        for each in (state["audit"] or {}).get("decisions", ())
    ]
    if "url" in state:
        facts = (state["number"], state["state"], state["uploaded_by"], state["uploaded_at"])
        show.rows(("Version", "State", "Uploaded by", "Uploaded"), [facts])
    if decided:
        show.rows(("Host app", "Decision", "Note", "When"), decided)
    if "url" in state:
        show.line(state["url"])


def _published(version: dict[str, Any], done: str) -> None:
    show.line(done, "green")
    show.line(version["url"])

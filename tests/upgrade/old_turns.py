"""One verb after another on rows that others made, by the code of the previous release: run by it, never imported.

Each line of the input is JSON, {"verb": …, "by": key of the person, …}; the answer is a line, too: {"done": …}, or
{"refused": the class of the error} when somebody was first or a rule forbids it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import django

django.setup()

# ruff: noqa: E402 - Django must be ready before its models are imported.
from console.accounts.models import User
from console.core.errors import Refused
from grayscale import actions as grayscale
from grayscale.models import GrayscaleTask
from releases import actions as releases
from releases.models import ReviewDecision, Version


def submit(*, version: int, by: User) -> str:
    """Return the number of the audit."""
    return releases.submit(Version.objects.select_related("mini_program").get(pk=version), by=by).number


def approve(*, version: int, by: User) -> str:
    """Approve for every application; return the version's state."""
    waiting = ReviewDecision.objects.waiting().filter(audit__version=version)
    for decision in waiting.select_related("application", "audit__version__mini_program"):
        releases.decide(decision, approve=True, by=by)
    return Version.objects.get(pk=version).state


def publish(*, version: int, by: User) -> str:
    """Return the number that is online."""
    return releases.publish(Version.objects.get(pk=version), by=by).to_version.number


def roll_back(*, version: int, by: User) -> str:
    """Return the number that is online."""
    return releases.roll_back(Version.objects.get(pk=version), by=by).to_version.number


def suspend(*, task: int, by: User) -> str:
    """Return the task's state."""
    return grayscale.suspend(GrayscaleTask.objects.get(pk=task), by=by).state


def resume(*, task: int, by: User) -> str:
    """Return the task's state."""
    return grayscale.resume(GrayscaleTask.objects.get(pk=task), by=by).state


VERBS: dict[str, Callable[..., str]] = {
    verb.__name__: verb for verb in (submit, approve, publish, roll_back, suspend, resume)
}

for line in sys.stdin:
    asked: dict[str, Any] = json.loads(line)
    try:
        by = User.objects.get(pk=asked.pop("by"))
        answer = {"done": VERBS[asked.pop("verb")](by=by, **asked)}
    except Refused as refused:
        answer = {"refused": type(refused).__name__}
    print(json.dumps(answer), flush=True)

"""Fixtures of grayscale tasks."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from console.base.accounts.models import User
from console.base.activity.models import ActivityEntry
from grayscale.models import GrayscaleTask
from releases.models import Version
from tests import factories

Entries = Callable[[], list[ActivityEntry]]


@pytest.fixture
def version(db: None) -> Version:
    """Approved, above the online version of its program, which one application has bound."""
    return factories.make_candidate()


@pytest.fixture
def by(version: Version) -> User:
    """Someone who may manage the program."""
    return version.mini_program.created_by


@pytest.fixture
def task(version: Version) -> GrayscaleTask:
    """Delivers."""
    return factories.make_task(version)


@pytest.fixture
def entries(db: None) -> Entries:
    """Return the activity entries since the first call, oldest first."""
    seen: list[int] = []

    def new() -> list[ActivityEntry]:
        found = list(ActivityEntry.objects.exclude(pk__in=seen).order_by("id"))
        seen.extend(entry.pk for entry in found)
        return found

    return new

"""Fixtures of guardrails."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from console.base.accounts.models import User
from grayscale.guardrail import Guardrail
from grayscale.models import GrayscaleTask
from releases.models import Version
from tests import factories


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Rows of a test that was rolled back have ids that come again."""
    cache.clear()


@pytest.fixture
def version(db: None) -> Version:
    """Approved, above the online version of its program."""
    return factories.make_candidate()


@pytest.fixture
def online(version: Version) -> Version:
    """The online version."""
    found: Version = version.mini_program.versions.online().get()
    return found


@pytest.fixture
def by(version: Version) -> User:
    """Someone who may manage the program."""
    return version.mini_program.created_by


def guarded(version: Version, rate: Any = 5, points: Any = None, devices: int = 4, **fields: Any) -> GrayscaleTask:
    """A task with a guardrail, which delivers since two hours ago unless its state is another."""
    limits = [None if limit is None else Decimal(limit) for limit in (rate, points)]
    guardrail = Guardrail(rate=limits[0], points=limits[1], devices=devices)
    task = factories.make_task(version, guardrail=guardrail, **fields)
    if task.state == "delivering":
        GrayscaleTask.objects.filter(pk=task.pk).update(state_since=timezone.now() - timedelta(hours=2))
    return GrayscaleTask.objects.select_related("mini_program__team", "version", "created_by").get(pk=task.pk)

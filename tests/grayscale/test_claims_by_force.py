"""G-5 by force: exactly N users, while servers are killed, database sessions ended, and the task is changed.

The answers to devices are counted, not only the rows.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.models import Sum

from console.base.core.errors import ActionRefused
from grayscale import actions
from grayscale.models import Claim, ClaimShard, GrayscaleTask
from tests.factories import make_candidate, make_task, task_settings
from tests.grayscale.chaos import Server, Storm, terminate_backends

DEVICES = 1000


@pytest.fixture
def task(transactional_db: None) -> GrayscaleTask:
    """Delivers to 500."""
    return make_task(make_candidate(), user_limit=500)


@pytest.fixture
def servers(task: GrayscaleTask, tmp_path: Path) -> Iterator[list[Server]]:
    """Two, as in production."""
    found = [Server(tmp_path) for _ in range(2)]
    try:
        yield found
    finally:
        for server in found:
            server.kill()


def counted(task: GrayscaleTask) -> tuple[int, int, int]:
    """Places: in the claims, taken in the shards, altogether in the shards."""
    sums = ClaimShard.objects.filter(task=task).aggregate(taken=Sum("taken"), capacity=Sum("capacity"))
    return Claim.objects.filter(task=task).count(), sums["taken"], sums["capacity"]


def change_limit(task: GrayscaleTask, limit: int) -> GrayscaleTask:
    """Edit nothing but the number of users."""
    kept = {name: getattr(task, name) for name in ("name", "starts_at", "ends_at", "networks")}
    settings = task_settings(task.version, user_limit=limit, **kept)
    return actions.edit(task, by=task.created_by, revision=task.revision, settings=settings)


def lower_limit(task: GrayscaleTask) -> GrayscaleTask:
    """Set the number of users a little above those who have a place, which grow meanwhile."""
    while True:
        with contextlib.suppress(ActionRefused):
            return change_limit(task, counted(task)[0] + 30)


def check(task: GrayscaleTask, storm: Storm, limit: int) -> None:
    """The answers to devices, the claims and the shards agree, and are the limit."""
    assert len(storm.received) == limit
    assert not storm.relapsed
    assert counted(task) == (limit, limit, limit)
    assert set(Claim.objects.filter(task=task).values_list("guid", flat=True)) == storm.received
    assert set(storm.statuses) <= {0, 200, 503}, storm.statuses


def test_exactly_the_limit_whatever_is_killed(task: GrayscaleTask, servers: list[Server]) -> None:
    storm, ended = Storm(task, servers, DEVICES), 0
    with storm.blowing():
        for server, reached in zip(servers, (60, 240), strict=True):
            storm.wait(lambda reached=reached: len(storm.received) >= reached)
            server.kill()
            server.start()
            storm.wait(lambda reached=reached: len(storm.received) >= reached + 60)
            ended += terminate_backends()
        while len(storm.received) < 500:
            storm.wait_for_answers(30)
            terminate_backends()
        storm.wait(lambda: all(server.listens for server in servers))
        storm.wait_for_everybody()
    check(task, storm, 500)
    assert storm.statuses[0] > 0 and ended > 0  # The force was felt.


def test_never_above_the_limit_in_force(task: GrayscaleTask, servers: list[Server]) -> None:
    storm, by = Storm(task, servers, DEVICES), task.created_by
    with storm.blowing():
        storm.wait(lambda: len(storm.received) >= 50)
        task = lower_limit(task)
        limit = task.user_limit
        storm.wait(lambda: len(storm.received) >= limit)
        storm.wait_for_everybody()
        assert counted(task) == (limit, limit, limit)
        task = change_limit(task, limit + 250)
        storm.wait(lambda: len(storm.received) >= limit + 20)
        task = actions.suspend(task, by=by)
        suspended = counted(task)
        terminate_backends()
        storm.wait_for_everybody()
        assert counted(task) == suspended
        limit = suspended[0] + 60
        task = actions.resume(change_limit(task, limit), by=by)
        servers[0].kill()
        storm.wait(lambda: len(storm.received) >= limit)
        for _ in range(10):  # Each time all the others run for five places.
            limit += 5
            task = change_limit(task, limit)
            storm.wait(lambda limit=limit: len(storm.received) >= limit)
        storm.wait_for_everybody()
    check(task, storm, limit)

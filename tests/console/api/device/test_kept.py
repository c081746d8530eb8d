"""A process that starts without the database answers from what its machine has kept, not for too long (R-1)."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError

from console.api.device import changes, kept
from console.api.device.feed import Feed
from console.api.device.http import ApiError
from console.api.device.snapshot import Snapshot, load
from tests.console.api.device.world import World
from tests.factories import make_binding, make_program

HERE = "console.api.device.kept"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """A machine of its own."""
    settings.OBJECT_LIST_CACHE = tmp_path / "lists"
    return tmp_path / "lists"


@pytest.fixture
def keeper() -> Iterator[kept.Keeper]:
    """Whoever keeps it."""
    found = kept.Keeper()
    yield found
    found.let_go()


def ago(seconds: float, *, on_the_wall: float | None = None) -> kept.Moment:
    """A look so many seconds ago, whatever the clock on the wall says."""
    now = kept.now()
    wall = seconds if on_the_wall is None else on_the_wall
    return kept.Moment(now.looked_at - wall, now.since_boot - seconds)


def keep(keeper: kept.Keeper, moment: kept.Moment | None = None) -> Snapshot:
    """Keep what the rows say."""
    snapshot = load()
    keeper._next = 0.0
    keeper.keep(snapshot, moment or kept.now())
    return snapshot


def make_changes() -> None:
    """Make rows of all kinds."""
    world = World(random.Random(7))
    for _ in range(60):
        world.change()


def test_what_is_kept_is_the_snapshot(db: None, keeper: kept.Keeper) -> None:
    make_changes()
    snapshot = keep(keeper)
    found = kept.read()
    assert found is not None
    assert found[0] == snapshot
    assert any(task.conditions.objects for program in snapshot.programs.values() for task in program.tasks)


def test_a_process_that_starts_without_the_database(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError

    make_binding(make_program())
    before, started = Feed(), Feed()
    try:
        snapshot = before.current()
        deadline = time.monotonic() + 30
        while kept.read() is None:
            assert time.monotonic() < deadline, "it was not kept"
        monkeypatch.setattr(changes, "start", away)
        assert started.current() == snapshot
        rest = started._fresh_until - time.monotonic()
        assert rest <= configured.SNAPSHOT_SECONDS
        monkeypatch.undo()
        make_binding(make_program())
        while len(started.current().programs) < 2:
            assert time.monotonic() < deadline, "it did not follow the database again"
    finally:
        before.stop()
        started.stop()


def test_no_revocation_is_missed_for_longer_than_by_a_process_that_goes_on(
    db: None, keeper: kept.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = configured.SNAPSHOT_SECONDS
    keep(keeper, ago(limit - 60))
    feed = Feed()
    feed._take_kept()
    assert 0 < feed._fresh_until - time.monotonic() <= 60
    assert feed._followed_at <= time.monotonic() - (limit - 60)
    keep(keeper, ago(limit))
    assert kept.read() is None
    keep(keeper, ago(limit, on_the_wall=-3600))  # The clock was set back meanwhile.
    assert kept.read() is None
    keep(keeper, ago(60, on_the_wall=-3600))
    assert kept.read() is not None
    monkeypatch.setattr(f"{HERE}._boot", lambda: "another start of the machine")
    assert kept.read() is None  # Only the wall's clock is left, and it can't be right.
    feed = Feed()
    monkeypatch.setattr(Feed, "_start", lambda self: self._tried.set())
    feed._take_kept()
    with pytest.raises(ApiError):
        feed.current()


def test_nobody_else_says_what_devices_run(db: None, keeper: kept.Keeper, folder: Path, settings: Any) -> None:
    make_binding(make_program())
    keep(keeper)
    (content,) = folder.glob("*.snapshot")
    written, signed = content.read_bytes(), (folder / kept.STAMP).read_bytes()
    content.write_bytes(written[:-1] + bytes([written[-1] ^ 1]))
    assert kept.read() is None
    content.write_bytes(written)
    (folder / kept.STAMP).write_bytes(signed[:-1] + bytes([signed[-1] ^ 1]))
    assert kept.read() is None
    (folder / kept.STAMP).write_bytes(signed)
    assert kept.read() is not None
    assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
    settings.SECRET_KEY = "another key of this installation, fifty characters long"
    assert kept.read() is None


def test_another_release_may_mean_something_else(
    db: None, keeper: kept.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(keeper)
    monkeypatch.setattr(f"{HERE}.VERSION", "0.0.1")
    assert kept.read() is None


def test_a_list_that_is_gone_is_not_guessed(db: None, keeper: kept.Keeper, folder: Path, settings: Any) -> None:
    make_changes()
    keep(keeper)
    other = folder.with_name("elsewhere")
    other.mkdir()
    for file in (*folder.glob("*.snapshot"), folder / kept.STAMP):
        (other / file.name).write_bytes(file.read_bytes())
    settings.OBJECT_LIST_CACHE = other
    assert kept.read() is None


def test_one_process_of_a_machine_keeps_it(db: None, keeper: kept.Keeper, folder: Path) -> None:
    second = kept.Keeper()
    make_program()
    keep(keeper)
    stamp = (folder / kept.STAMP).read_bytes()
    keep(second)
    assert (folder / kept.STAMP).read_bytes() == stamp
    keeper.let_go()
    make_program()
    snapshot = keep(second)
    second.let_go()
    found = kept.read()
    assert found is not None
    assert found[0] == snapshot
    assert len(list(folder.glob("*.snapshot"))) == 1


def test_a_folder_that_takes_nothing_stops_nobody(db: None, keeper: kept.Keeper, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.OBJECT_LIST_CACHE = tmp_path / "file" / "lists"
    keep(keeper)
    assert kept.read() is None

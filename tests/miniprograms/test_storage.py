"""Icons that nothing has: swept when a crash left them, and only then."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest

from miniprograms.storage import KEPT
from miniprograms.tasks import sweep_icons
from tests import factories
from tests.disks import files_in, move_icons

pytestmark = pytest.mark.django_db
OLD = KEPT + timedelta(minutes=1)


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A folder of the test's own."""
    move_icons(monkeypatch, tmp_path)
    return tmp_path


@pytest.fixture
def used(root):
    """The icons of two mini programs and of an application, all of them old."""
    rows = [factories.make_program(), factories.make_program()]
    rows.append(factories.make_application(icon=factories.make_icon()))
    return {leave(root, row.icon.name) for row in rows}


def leave(root, name, age=OLD):
    """A file that was last written `age` ago."""
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    written = time.time() - age.total_seconds()
    os.utime(path, (written, written))
    return name


def test_old_icons_that_nothing_has_are_swept(root, used):
    leave(root, f"icons/{'a' * 32}.webp")
    leave(root, "icons/.0123456789abcdef.part")
    assert sweep_icons() == 2
    assert files_in(root) == used


def test_young_ones_and_what_the_console_did_not_write_stay(root, used):
    others = {leave(root, name) for name in ("icons/README", "notes.txt")}
    others.add(leave(root, f"icons/{'a' * 32}.webp", KEPT - timedelta(minutes=1)))
    assert sweep_icons() == 0
    assert files_in(root) == used | others


def test_icons_of_another_database_stay(root, used):
    others = {leave(root, f"icons/{number:032x}.webp") for number in range(4)}
    assert sweep_icons() == 0
    assert files_in(root) == used | others


def test_nothing_was_uploaded_so_far(root):
    assert sweep_icons() == 0

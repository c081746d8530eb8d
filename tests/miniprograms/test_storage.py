"""Icons that nothing has: swept when a crash left them, and only then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from miniprograms.storage import KEPT, sweep
from miniprograms.tasks import sweep_icons
from tests import factories, stored

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    """A storage of the test's own."""
    stored.move(monkeypatch, "default", tmp_path)


@pytest.fixture
def used():
    """The icons of two mini programs and of an application."""
    rows = [factories.make_program(), factories.make_program()]
    rows.append(factories.make_application(icon=factories.make_icon()))
    return {leave(row.icon.name) for row in rows}


def leave(name):
    """A file that was written now."""
    return stored.put(name, b"left", default_storage)


def swept(age=KEPT + timedelta(minutes=1)):
    """How many a sweep deletes when what is there is so old."""
    return sweep(at=timezone.now() + age)


def test_old_icons_that_nothing_has_are_swept(used):
    leave(f"icons/{'a' * 32}.webp")
    leave("icons/.0123456789abcdef.part")
    assert swept() == 2
    assert stored.names(default_storage) == used


def test_young_ones_and_what_the_console_did_not_write_stay(used):
    others = {leave(name) for name in ("icons/README", "notes.txt")}
    young = leave(f"icons/{'a' * 32}.webp")
    assert (sweep_icons(), swept(KEPT - timedelta(minutes=1))) == (0, 0)
    assert stored.names(default_storage) == used | others | {young}
    assert swept() == 1


def test_icons_of_another_database_stay(used):
    others = {leave(f"icons/{number:032x}.webp") for number in range(4)}
    assert swept() == 0
    assert stored.names(default_storage) == used | others


def test_nothing_was_uploaded_so_far():
    assert swept() == 0

"""Uploaded files that became no version are deleted after a day, also beside some that can't be (A-5)."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from console.api.manage import files, retention
from console.api.manage.models import UploadedPackage
from console.base.core.retention import KINDS, Place
from releases.models import package_storage
from tests import factories
from tests.faulty_server import Faulty
from tests.stored import folders_only

pytestmark = pytest.mark.django_db


def waiting(count: int) -> list[UploadedPackage]:
    """Return so many files that were uploaded."""
    program = factories.make_program()
    return [files.keep(program, file=SimpleUploadedFile("a.zip", b"zip")) for _number in range(count)]


def deleted(place: Place) -> list[int]:
    """Return how many rows went in each step of a run that begins at a place."""
    kind = KINDS["waiting_files"]
    return list(kind.steps(timezone.now() + timedelta(days=1), kind.days, place))


@folders_only
def test_files_that_can_not_be_deleted_leave_the_others_their_turn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    rows = waiting(5)
    for row in rows[:2]:
        path = Path(package_storage().path(row.path))
        path.unlink()
        (path / "in the way").mkdir(parents=True)
    place = Place()
    assert deleted(place) == [0, 2, 1]
    assert set(UploadedPackage.objects.all()) == {*rows[:2]}
    assert [record.levelno for record in caplog.records if record.name == retention.__name__] == [logging.ERROR]
    assert deleted(place) == []  # All that is there was tried; a later pass begins anew.
    assert deleted(Place()) == [0]


def test_a_storage_that_does_not_respond_is_asked_once(
    in_bucket: str, network: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    rows, place = waiting(3), Place()
    network.fail("refuses")
    assert deleted(place) == [0]
    assert UploadedPackage.objects.count() == len(rows)
    assert len([record for record in caplog.records if record.name == retention.__name__]) == 1
    network.fail("passes")
    package_storage()._away_until = 0.0
    assert deleted(place) == [3]

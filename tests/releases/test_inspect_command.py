"""`manage.py inspect`: the same reader from the command line."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from releases.package import inspect
from tests import factories
from tests.corpus.invented import value_of

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


def test_words_for_people(tmp_path: Path):
    file = tmp_path / "other.zip"
    file.write_bytes(factories.make_zip({"project.config.json": '{"appid": "mpabcdefghijklmn"}'}).read())
    status, text = run("--app-id", "mp00000000000000", "--other-app-id", "mpabcdefghijklmn", str(file))
    assert status == 1
    assert f"{file}: refused" in text
    assert "mpabcdefghijklmn" in text


def test_app_ids_that_it_is_not_told_of_are_a_note(tmp_path: Path):
    """And no database is asked: this test has none."""
    file = tmp_path / "other.zip"
    file.write_bytes(factories.make_zip({"project.config.json": '{"appid": "mpabcdefghijklmn"}'}).read())
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


# --report ------------------------------------------------------------------------------------------------------------

SECRET = value_of("aws_access_key")
CODE = {
    "pages/index/index.js": f"""const host = 'data.example.org'
Page({{
  onLoad() {{
    wx.getLocation({{ type: 'gcj02' }})
    wx.request({{ url: 'https://' + host + '/v2' }})
    wx.request({{ url: this.data.address }})
    const help = 'https://docs.example.org/help'
    const key = '{SECRET}'
  }},
}})
""",
    "pages/about/about.wxml": "<view/>\n<button open-type='getPhoneNumber'/>\n",
    "broken.js": "function (",
}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    file = tmp_path / "package.zip"
    file.write_bytes(factories.make_zip({**CODE, "README.md": "wx.chooseAddress()"}).read())
    return file


def test_the_report_is_had_without_an_upload(package: Path):
    status, text = run("--report", "--json", str(package))
    report = json.loads(text)["report"]
    assert status == 0
    assert report["pages"] == ["pages/index/index", "pages/about/about"]
    uses = {row["name"]: (row["how"], row["count"], row["places"]) for row in report["apis"]}
    assert uses["wx.getLocation"] == ("written", 1, [{"file": "pages/index/index.js", "line": 4}])
    assert uses["wx.getPhoneNumber"] == ("written", 1, [{"file": "pages/about/about.wxml", "line": 2}])
    assert "wx.chooseAddress" not in uses
    addresses = {row["origin"]: (row["called"], row["kind"], row["how"]) for row in report["addresses"]}
    assert addresses == {
        "https://data.example.org": (True, "request", "built"),
        "https://docs.example.org": (False, "", "written"),
    }
    assert [(row["type"], row["apis"], row["how"]) for row in report["data_types"]] == [
        ("phone_number", ["wx.getPhoneNumber"], "written"),
        ("location", ["wx.getLocation"], "written"),
    ]
    (secret,) = report["secrets"]
    assert (secret["file"], secret["line"]) == ("pages/index/index.js", 8)
    assert SECRET not in text
    assert [(row["reason"], row["file"], row["line"]) for row in report["open"]] == [
        ("address", "pages/index/index.js", 6)
    ]
    assert [(row["file"], row["why"]) for row in report["unread"]] == [("broken.js", "syntax")]


def test_the_report_in_words(package: Path):
    status, text = run("--report", str(package))
    assert status == 0
    assert "  called addresses: 1\n    https://data.example.org  request  built  pages/index/index.js:5\n" in text
    assert "  mentioned addresses: 1\n    https://docs.example.org  written  pages/index/index.js:7\n" in text
    assert "    location  written  wx.getLocation  pages/index/index.js:4\n" in text
    assert "  not followed: 1\n    address  pages/index/index.js:6\n" in text


def test_a_refused_package_has_no_report(tmp_path: Path):
    file = tmp_path / "bad.zip"
    file.write_bytes(b"no zip at all")
    status, text = run("--report", "--json", str(file))
    assert (status, json.loads(text)["report"]) == (1, None)
    assert run("--report", str(file))[0] == 1


def test_an_archive_has_no_report(package: Path):
    with pytest.raises(CommandError, match="--report needs the code"):
        run("--report", "--archive", str(package))

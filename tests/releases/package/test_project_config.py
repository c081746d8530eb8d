"""project.config.json: whose the project is, and where in it the program lies (V-5)."""

import io
import json

import pytest

from releases.package import Inspection, inspect

from .builder import package, project

APP_ID, OTHER = "mp0123456789abcd", "mpz6nb4g8lt0duw3"
OURS = {APP_ID, OTHER}


def _inspect(files: dict[str, bytes], app_id: str | None = APP_ID) -> Inspection:
    return inspect(io.BytesIO(package(files)), app_id=app_id, is_ours=OURS.__contains__)


def _config(**values: object) -> dict[str, bytes]:
    return {"project.config.json": json.dumps(values).encode()}


@pytest.mark.parametrize("foreign", ["wx1a2b3c4d5e6f7a8b", "touristappid", "mp9999999999zzzz"])
def test_an_app_id_of_elsewhere_is_one_note(foreign: str) -> None:
    result = _inspect(project(_config(appid=foreign)))
    assert result.accepted
    assert [(finding.severity, finding.code) for finding in result.findings] == [("note", "app-id")]
    assert foreign in result.findings[0].title


@pytest.mark.parametrize("key", ["appid", "luffaappid"])
def test_another_of_ours_is_refused(key: str) -> None:
    result = _inspect(project(_config(**{"appid": "wx1a2b3c4d5e6f7a8b", key: OTHER})))
    assert [finding.code for finding in result.errors] == ["app-id"]
    assert APP_ID in result.errors[0].hint


@pytest.mark.parametrize("values", [{"appid": APP_ID}, {"appid": ""}, {}, {"appid": "wx1", "luffaappid": APP_ID}])
def test_our_own_is_nothing_to_tell(values: dict[str, object]) -> None:
    assert _inspect(project(_config(**values))).findings == []


def test_nothing_is_expected_of_no_program() -> None:
    assert _inspect(project(_config(appid=OTHER)), app_id=None).findings == []


def test_only_some_keys_are_asked_about() -> None:
    asked: list[str] = []
    config = _config(**{f"{number}appid": f"wx{number}" for number in range(5_000)})
    inspect(io.BytesIO(package(project(config))), app_id=APP_ID, is_ours=lambda app_id: bool(asked.append(app_id)))
    assert len(asked) <= 10


def test_an_app_id_is_a_text() -> None:
    assert [finding.code for finding in _inspect(project(_config(appid=7))).errors] == ["json-type"]


# miniprogramRoot -----------------------------------------------------------------------------------------------------


def _below(folder: str, files: dict[str, bytes]) -> dict[str, bytes]:
    return {folder + name: content for name, content in files.items()}


@pytest.mark.parametrize("root", ["miniprogram/", "miniprogram", "./miniprogram/"])
@pytest.mark.parametrize("wrapper", ["", "city-bus/"])
def test_the_program_lies_in_miniprogram_root(root: str, wrapper: str) -> None:
    around = {**_config(miniprogramRoot=root), "cloud/pay/index.js": b"", "package.json": b"{}", "README.md": b""}
    result = _inspect(_below(wrapper, _below("miniprogram/", project()) | around))
    assert result.accepted, result.findings
    assert result.sha256 == _inspect(project()).sha256
    assert [finding.code for finding in result.findings] == ["development-files"]
    assert result.notes[0].title == "4 development files are left out."
    assert result.notes[0].where == ".md, .js, package.json, project.config.json"


@pytest.mark.parametrize("root", ["", ".", "./"])
def test_the_top_folder_may_be_named(root: str) -> None:
    assert _inspect(project(_config(miniprogramRoot=root))).findings == []


@pytest.mark.parametrize("root", ["dist/", "../a", "/a/"])
def test_what_was_built_may_keep_the_configuration_of_its_project(root: str) -> None:
    result = _inspect(project(_config(miniprogramRoot=root)))
    assert result.accepted
    assert [(finding.severity, finding.code) for finding in result.findings] == [("note", "program-root")]


def test_a_folder_without_a_program_is_refused() -> None:
    result = _inspect(_config(miniprogramRoot="dist/") | _below("src/", project()))
    assert [finding.code for finding in result.errors] == ["program-root", "app-json-missing", "app-js-missing"]


def test_a_program_at_the_top_gives_way_to_the_one_that_is_named() -> None:
    old = project({"old.js": b""})
    result = _inspect(old | _config(miniprogramRoot="dist") | _below("dist/", project({"new.js": b""})))
    assert "new.js" in {file.path for file in result.files}
    assert "old.js" not in {file.path for file in result.files}

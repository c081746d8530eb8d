"""What is in a project for developers is accepted, left out, and counts towards nothing; source maps are kept (V-5)."""

import io
import json
import zipfile

import pytest

from releases.package import Inspection, Limits, inspect
from releases.package.file_types import is_runtime

from .builder import package, project

KB = 1024
APP = {"pages": ["pages/index/index"]}
NAMES = """
    .gitignore .eslintrc .eslintrc.js .vscode/settings.json .github/workflows/ci.yml LICENSE README.md jest.config.js
    babel.config.js package.json package-lock.json yarn.lock tsconfig.json tsconfig.build.json
    project.private.config.json app.ts app.less typings/index.d.ts node_modules/a/index.js node_modules/a/package.json
    pages/index/index.js.map pages/index/index.scss vendors.js.LICENSE.txt
"""
TOOLS = dict.fromkeys(NAMES.split(), b"x")


def _inspect(files: dict[str, bytes], limits: Limits | None = None) -> tuple[Inspection, dict[str, bytes]]:
    """The verdict, and what is in the archive of source maps."""
    maps = io.BytesIO()
    result = inspect(io.BytesIO(package(files)), limits=limits, source_maps_out=maps)
    if not result.source_maps:
        return result, {}
    with zipfile.ZipFile(maps) as archive:
        return result, {name: archive.read(name) for name in archive.namelist()}


def test_a_whole_project_is_one_note() -> None:
    result, _maps = _inspect(project(TOOLS))
    assert result.accepted
    assert [(finding.severity, finding.code) for finding in result.findings] == [("note", "development-files")]
    assert result.notes[0].title == "23 development files are left out."
    assert result.notes[0].where.startswith("2 × .ts, 2 × node_modules, .eslintrc, ")
    assert {file.path for file in result.files} == set(project())
    assert result.left_out == sorted(TOOLS)


def test_the_package_is_the_same_without_them() -> None:
    assert _inspect(project(TOOLS))[0].sha256 == _inspect(project())[0].sha256


def test_files_that_the_ide_packs_each_time_are_no_note() -> None:
    result, _maps = _inspect(project({"project.config.json": b"{}", "project.private.config.json": b"{}"}))
    assert (result.findings, len(result.left_out)) == ([], 2)


@pytest.mark.parametrize("name", ["a/../b.js", "../b.js", "./b.js", "a/./b.js"])
def test_a_path_with_dots_is_refused_and_nothing_else_is_said_of_it(name: str) -> None:
    result, _maps = _inspect(project({name: b""}))
    assert [(finding.severity, finding.where) for finding in result.findings] == [("error", name)]


def test_they_count_towards_no_limit() -> None:
    limits = Limits(package_size=64 * KB, total_size=64 * KB, unpacked_size=64 * KB, files=4)
    long = "node_modules/" + "folder/" * 40 + "index.js"
    more = {"big.ts": bytes(200 * KB), "app.js.map": bytes(200 * KB), long: b"", **TOOLS}
    result, _maps = _inspect(project(more), limits)
    assert result.accepted, result.findings
    assert result.unpacked_size == result.main_size == sum(map(len, project().values()))


def test_but_they_have_to_be_what_their_headers_say() -> None:
    data = package(project({"big.ts": b"let a: number = 1" * 50}))
    broken = data.replace(b"big.ts", b"big.tx", 1)
    assert [finding.code for finding in inspect(io.BytesIO(broken)).errors] == ["names-differ"]


def test_a_name_of_tools_may_be_that_of_a_page() -> None:
    app = {"pages": ["pages/package/package"]}
    page = {f"pages/package/package.{ending}": b"{}" for ending in ("js", "json", "wxml")}
    result, _maps = _inspect(project({**page, "utils/jest.config.js": b""}, app))
    assert result.findings == []
    assert {*page, "utils/jest.config.js"} < {file.path for file in result.files}


@pytest.mark.parametrize("path", ["app.config.js", "config.js", "a/gulpfile.js", "sitemap.json", "ext.json", "b.PNG"])
def test_what_only_looks_like_it_is_delivered(path: str) -> None:
    assert is_runtime(path, {path})


# A page has files of its own type ------------------------------------------------------------------------------------


def test_a_page_that_was_not_compiled_is_told_so() -> None:
    result, _maps = _inspect(
        project({"app.js": None, "app.ts": b"", "pages/index/index.js": None, "pages/index/index.ts": b""})
    )
    hints = {finding.code: finding.hint for finding in result.errors}
    assert hints["app-js-missing"] == "Compile TypeScript before packing: the package has app.ts instead."
    assert "index.ts" in hints["page-files"]


# staticPath ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["static", "/static/", "./static", ["other", "static"]])
def test_everything_below_static_path_is_delivered(value: object) -> None:
    files = {
        f"static/{name}": name.encode() for name in ("guide.pdf", "a.txt", "m.map", ".hidden", "deep/package.json")
    }
    result, maps = _inspect(project({**files, "guide.pdf": b""}, {**APP, "staticPath": value}))
    assert result.accepted
    assert set(files) < {file.path for file in result.files}
    assert (result.left_out, maps) == (["guide.pdf"], {})
    assert not [finding for finding in result.findings if finding.code == "unknown-key"]


@pytest.mark.parametrize(
    ("value", "codes"), [(1, ["json-type"]), ([1], ["json-type"]), ("../a", []), ("", []), (".", [])]
)
def test_static_path_that_is_none(value: object, codes: list[str]) -> None:
    result, _maps = _inspect(project({"guide.pdf": b""}, {**APP, "staticPath": value}))
    assert ([finding.code for finding in result.errors], result.left_out) == (codes, ["guide.pdf"])


# Source maps ---------------------------------------------------------------------------------------------------------

MAPS = {"app.js.map": b'{"version": 3}' * 20, "pages/index/index.js.map": json.dumps({"version": 3}).encode()}


def test_source_maps_are_kept_apart() -> None:
    result, maps = _inspect(project({**MAPS, "node_modules/a/a.js.map": b"", ".cache/b.js.map": b""}))
    assert maps == MAPS
    assert [file.path for file in result.source_maps] == sorted(MAPS)
    assert "Source maps are kept with the version." in result.notes[0].hint
    assert not [file for file in result.files if file.path.endswith(".map")]


def test_the_archive_of_source_maps_is_the_same_each_time() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    inspect(io.BytesIO(package(project(MAPS))), source_maps_out=first)
    result = inspect(io.BytesIO(package(project(dict(reversed(MAPS.items()))))), source_maps_out=second)
    assert first.getvalue() == second.getvalue()
    assert result.source_maps_size == len(first.getvalue())


def test_without_source_maps_there_is_none() -> None:
    result, _maps = _inspect(project())
    assert (result.source_maps, result.source_maps_sha256, result.source_maps_size) == ([], None, None)


def test_a_refused_upload_has_none() -> None:
    result, _maps = _inspect(project({**MAPS, "app.js": None}))
    assert (result.accepted, result.source_maps_sha256) == (False, None)

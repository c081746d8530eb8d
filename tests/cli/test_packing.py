"""What `mpc` packs of a project, and what it says of a package (A-3)."""

from __future__ import annotations

import hashlib
import json
import zipfile

import pytest
from mpc.contents import contents
from mpc.failures import Usage
from mpc.packing import package

from releases.package import inspect
from tests.cli.conftest import Mpc
from tests.cli.projects import program, taro, write

IGNORED = {
    "folder": "dist/test", "file": "notes.md", "suffix": ".webp", "prefix": "draft-", "regexp": r"\.map$",
    "glob": "mock/**/*.{js,json}",
}  # fmt: skip


def packed(folder):
    with package(folder) as found, zipfile.ZipFile(found.file) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def digest(folder):
    with package(folder) as found:
        return hashlib.file_digest(found.file, "sha256").hexdigest()


def test_packs_the_program_and_no_secret_or_package_of_npm(tmp_path):
    project = taro(tmp_path / "project")
    write(
        project / "dist",
        {".env": "TOKEN=x", "private.mp0.key": "mpc_x", "node_modules/a/index.js": "", "a.js.map": "{}"},
    )
    names = set(packed(project))
    assert names == {*program(), "a.js.map"}


def test_equal_content_gives_equal_bytes(tmp_path):
    assert digest(taro(tmp_path / "one")) == digest(taro(tmp_path / "two"))


def test_obeys_pack_options(tmp_path):
    rules = [{"type": kind, "value": value.removeprefix("dist/")} for kind, value in IGNORED.items()]
    files = [
        "test/a.js",
        "notes.md",
        "a.webp",
        "pages/draft-a.js",
        "a.js.map",
        "mock/b.js",
        "mock/c/d.json",
        "mock/e.png",
    ]
    project = write(
        tmp_path / "project",
        {
            "project.config.json": {
                "miniprogramRoot": "dist/",
                "packOptions": {"ignore": rules, "include": [{"type": "file", "value": "mock/b.js"}]},
            },
            **{f"dist/{name}": content for name, content in program().items()},
            **{f"dist/{name}": "x" for name in files},
        },
    )
    assert set(packed(project)) - set(program()) == {"mock/b.js", "mock/e.png"}


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"miniprogramRoot": "../"}, "leads out"),
        ({"miniprogramRoot": "gone"}, "no app.json"),
        ({"packOptions": {"ignore": [{"type": "regexp", "value": "("}]}}, "regular expression"),
        ({"packOptions": {"ignore": [{"type": "magic", "value": "x"}]}}, "no type"),
        ({"packOptions": {"ignore": ["x"]}}, "list of objects"),
    ],
)
def test_says_what_is_wrong_with_a_project(tmp_path, config, words):
    project = write(tmp_path, {"project.config.json": config, **program()})
    with pytest.raises(Usage, match=words):
        packed(project)


def test_follows_no_link_out_of_the_project(tmp_path):
    write(tmp_path, {"secret.js": "x", **{f"project/{name}": content for name, content in program().items()}})
    (tmp_path / "project/linked.js").symlink_to(tmp_path / "secret.js")
    (tmp_path / "project/same.js").symlink_to(tmp_path / "project/app.js")
    with package(tmp_path / "project") as found:
        assert (found.links, found.files) == (["linked.js"], len(program()) + 1)


def test_packs_a_linked_folder_and_names_the_links_that_it_leaves_out(tmp_path):
    project = write(
        tmp_path / "project", {**program(), "lib/a.js": "x", "lib/deep/b.js": "x", "node_modules/m/i.js": "x"}
    )
    write(tmp_path, {"shared/components/c.js": "x"})
    links = {
        "vendor": "lib", "components": "../shared/components", "lib/deep/up": "..", "all": ".", "gone": "nowhere",
        "self": "self", "module": "node_modules/m", "lib/deep/pages": "../../pages",
    }  # fmt: skip
    for name, target in links.items():
        (project / name).symlink_to(target)
    with package(project) as found, zipfile.ZipFile(found.file) as archive:
        packed = {name for name in set(archive.namelist()) - set(program()) if not name.startswith("lib/deep/pages/")}
        assert packed == {"lib/a.js", "lib/deep/b.js", "vendor/a.js", "vendor/deep/b.js"}
        assert len(archive.namelist()) > len(packed) + len(program())
        assert sorted(found.links) == [
            "all", "components", "gone", "lib/deep/up", "module", "self", "vendor/deep/pages", "vendor/deep/up",
        ]  # fmt: skip


def test_says_that_a_linked_folder_stays_behind(tmp_path, environment):
    write(tmp_path, {"shared/c.js": "x"})
    project = taro(tmp_path / "project")
    (project / "dist/components").symlink_to("../../shared")
    ran = Mpc(project, environment).done("inspect")
    assert "Left out" in ran.err and "components" in ran.err


def test_counts_what_the_console_counts(tmp_path):
    app = {"subpackages": [{"root": "shop", "pages": ["list"]}], "staticPath": "static"}
    more = {
        "shop/list.js": "Page({})", "shop/list.wxml": "<view/>", "static/any.bin": "x" * 3000, "app.ts": "x",
        "package.json": "{}", "tsconfig.json": "{}", "jest.config.txt": "x",
    }  # fmt: skip
    project = write(tmp_path, {**program(**app), **more})
    with package(project) as found:
        ours = contents(found.file)
        found.file.seek(0)
        theirs = inspect(found.file)
    sizes = {part["root"]: part["size"] for part in ours["packages"]}
    assert sizes == {"": theirs.main_size, **{part.root: part.size for part in theirs.subpackages}}
    assert (ours["size"], ours["files"], ours["entry_page"]) == (
        theirs.unpacked_size, len(theirs.files), theirs.entry_page,
    )  # fmt: skip


@pytest.mark.parametrize("top", ["", "program/"])
def test_counts_nothing_that_macos_and_windows_add(tmp_path, top):
    added = {"__MACOSX/program/._app.js": "x", ".DS_Store": "x", f"{top}Thumbs.db": "x", f"{top}desktop.ini": "x"}
    added |= {"program/__MACOSX/._app.json": "x"} if top else {}
    files = {f"{top}{name}": content for name, content in program().items()}
    write(tmp_path / "zipped", {**files, **added})
    file = tmp_path / "zipped.zip"
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted((tmp_path / "zipped").rglob("*.*")):
            archive.write(path, path.relative_to(tmp_path / "zipped"))
    with file.open("rb") as content:
        ours, theirs = contents(content), inspect(content)
    assert (ours["files"], ours["size"], ours["left_out"]) == (len(theirs.files), theirs.unpacked_size, 0)


def test_shows_what_is_in_a_package_to_people_and_programs(tmp_path, environment):
    project = write(tmp_path / "project", {**program(), "big.js": "x" * (3 << 20)})
    mpc = Mpc(project, environment)
    plain, machine = mpc.done("inspect"), mpc.done("inspect", "--json")
    assert "over 2.0 MB" in plain.out and "big.js" in plain.out and "\x1b" not in plain.out
    assert json.loads(machine.out)["largest"][0] == {"name": "big.js", "size": 3 << 20}
    assert mpc("inspect", str(write(tmp_path, {"no.zip": "x"}) / "no.zip")).code == 2

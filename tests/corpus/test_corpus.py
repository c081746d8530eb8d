"""The corpus itself: its programs are whole, its secrets invented, its counting right."""

import json
import re
from pathlib import Path

import pytest

from releases.scan import Open, OriginUse, Place, Scan, Secret, Unread, Use
from tests.corpus import report
from tests.corpus.found import Found, found
from tests.corpus.invented import fill, value_of
from tests.corpus.recipes import FRAMEWORKS, PROGRAMS, recipes
from tests.corpus.score import compare, shortfalls, total
from tests.corpus.truth import NATIVE, Program, Truth, native_programs, read_truth

FORMS = {
    "address", "alias", "bundle", "clean", "computed", "copy", "direct", "manifest", "markup", "minified", "module",
    "obfuscated", "parameter", "secret", "unread", "whole", "wrapper",
}  # fmt: skip
ORIGIN = re.compile(r"(https?|wss?)://[a-z0-9.-]+(:\d+)?")


@pytest.mark.parametrize("program", native_programs(), ids=lambda program: program.name)
def test_programs_are_whole_and_their_truths_well_formed(program):
    files = dict(program.files())
    app = json.loads(files["app.json"])
    pages = [*app["pages"]]
    pages += [f"{package['root']}/{page}" for package in app.get("subPackages", []) for page in package["pages"]]
    assert [f"{page}.{end}" for page in pages for end in ("js", "wxml") if f"{page}.{end}" not in files] == []
    assert "app.js" in files
    truth = program.truth
    assert truth.form in FORMS
    assert truth.obfuscated == (truth.form == "obfuscated")
    assert [origin for origin in truth.called + truth.mentioned if not ORIGIN.fullmatch(origin)] == []
    assert [name for name in truth.apis if not re.fullmatch(r"(wx|component|input|plugin)\.\w+", name)] == []


def test_no_program_is_there_twice():
    texts = [tuple(program.files()) for program in native_programs()]
    assert len(set(texts)) == len(texts) >= 45


def test_secrets_are_invented_and_always_the_same():
    assert value_of("github_token") == fill(b"@{github_token}").decode()
    assert fill(b"'@{app_secret:first}' + '@{app_secret:second}'").decode().replace("' + '", "") == (
        f"'{value_of('app_secret')}'"
    )
    assert re.fullmatch(r"[0-9a-f]{32}", value_of("app_secret"))
    with pytest.raises(KeyError):
        fill(b"@{something_else}")


def test_every_secret_of_a_truth_stands_in_for_an_invented_one():
    for program in native_programs():
        text = b"".join(path.read_bytes() for path in Path(program.folder).rglob("*.*") if path.suffix != ".md")
        places = set(re.findall(rb"@\{([a-z0-9_]+)", text)) - {b"pem_end", b"pem_begin", b"alipay_public_key"}
        assert len(places) == len(program.truth.secrets), program.name


def a_program(**truth):
    return Program("one", "direct", Truth(about="one", **truth), NATIVE)


def a_find(**finds):
    return Found(**{"apis": set(), "called": set(), "mentioned": set(), "secrets": [], "marks": [], **finds})


def test_misses_and_false_finds_are_told_apart():
    program = a_program(apis=["wx.a", "wx.b"], called=["https://a.example.org"], mentioned=["https://b.example.org"])
    seen = a_find(apis={"wx.a", "wx.c"}, called={"https://b.example.org"}, mentioned={"https://a.example.org"})
    score = compare(program, seen)
    assert score.faults == [
        "APIs: missed wx.b",
        "APIs: false wx.c",
        "domains: missed https://a.example.org (asked)",
        "domains: missed https://b.example.org",
        "domains: false https://b.example.org (asked)",
        "nothing says that not all could be followed",
    ]
    stats = total([score, score])["APIs"]
    assert (stats.right, stats.missed, stats.false, stats.recall, stats.precision) == (2, 2, 2, 0.5, 0.5)


def test_secrets_count_by_kind_and_a_general_kind_stands_for_any():
    program = a_program(secrets=["app_secret", "map_key", "map_key"])
    faults = compare(program, a_find(secrets=["app_secret", "credential", "stripe_key"])).faults
    assert faults == ["secrets: missed map_key", "secrets: false stripe_key"]


def test_addresses_of_a_framework_itself_are_no_false_finds():
    seen = a_find(mentioned={"https://docs.example.org"})
    assert compare(a_program(mentions_more=True), seen).faults == []
    assert compare(a_program(either=["https://docs.example.org"]), seen).faults == []
    assert compare(a_program(), seen).faults == ["domains: false https://docs.example.org"]


def test_what_is_missing_must_be_marked():
    missing = a_program(apis=["wx.a"])
    assert shortfalls([compare(missing, a_find(marks=["index.js:1: a computed name"]))]) == [
        "written by hand: recall of APIs is 0.000, at least 0.95 is wanted"
    ]
    silent = "one: something is missing, and no mark says so"
    assert silent in shortfalls([compare(missing, a_find())])
    assert shortfalls([compare(a_program(open=True), a_find())]) == [silent]
    assert shortfalls([compare(a_program(apis=["wx.a"], obfuscated=True), a_find(marks=["index.js:1: letters"]))]) == []


def test_a_scan_in_words_of_the_corpus():
    place = Place("app.js", 1)
    asked, shown = OriginUse(Use("https://a.example.org"), "request", True), OriginUse(Use("https://b.example.org"))
    result = Scan(
        apis=[Use("wx.login", 1, [place]), Use("wx.getPhoneNumber", 1, how="wrapper"), Use("wx.a", 1, how="framework")],
        origins=[asked, shown],
        open=[Open("app.js", 1, "name"), Open("vendor.js", 2, "handed", framework="Taro")],
        secrets=[Secret("app_secret", "a…", place)],
        unread=[Unread("old.js", "syntax", by_patterns=True)],
    )
    seen = found(result)
    assert seen.apis == {"wx.login", "wx.getPhoneNumber"}
    assert (seen.called, seen.mentioned) == ({"https://a.example.org"}, {"https://b.example.org"})
    assert (seen.secrets, seen.marks) == (["app_secret"], ["old.js: syntax", "app.js:1: name"])


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe.name)
def test_recipes_are_pinned_and_name_no_registry(recipe):
    package = json.loads((recipe.folder / "package.json").read_bytes())
    wanted = {**package.get("dependencies", {}), **package["devDependencies"]}
    assert [name for name, version in wanted.items() if not re.fullmatch(r"\d+\.\d+\.\d+(-\d+)?", version)] == []
    assert [way.script for way in recipe.builds if way.script not in package["scripts"]] == []
    lock = json.loads((recipe.folder / "package-lock.json").read_bytes())["packages"]
    assert {**lock[""].get("dependencies", {}), **lock[""]["devDependencies"]} == wanted
    assert [path for path, locked in lock.items() if "resolved" in locked or (path and "integrity" not in locked)] == []


@pytest.mark.parametrize(
    "recipe", [recipe for recipe in recipes() if not recipe.native], ids=lambda recipe: recipe.name
)
def test_recipes_say_what_their_programs_do(recipe):
    sample, empty = (read_truth(recipe.source(program)) for program in PROGRAMS)
    assert len(sample.apis) > 10
    assert (empty.apis, empty.called, empty.mentioned, empty.secrets, empty.open) == ([], [], [], [], False)


def test_nothing_that_a_framework_built_is_in_the_tree():
    sizes = {path: path.stat().st_size for path in FRAMEWORKS.rglob("*") if path.name != "package-lock.json"}
    assert [path for path, size in sizes.items() if size > 5_000 and path.is_file()] == []


def test_the_table_goes_between_its_marks(tmp_path):
    page = tmp_path / "scanner.md"
    page.write_text("# Title\n\ntext\n")
    table = report.rows([compare(a_program(apis=["wx.a", "wx.b"]), a_find(apis={"wx.a"}))])
    report.write(table, page)
    report.write(table, page)
    assert page.read_text().startswith(f"# Title\n\ntext\n\n{report.BEGIN}\n\n| form | programs | APIs: recall |")
    assert page.read_text().count("| direct | 1 | 50% (1/2) | 100% |  |  |  |  | 0 | 1 |") == 1
    assert page.read_text().endswith(f"{report.END}\n")

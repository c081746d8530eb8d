"""The tree of changed files and one file of it, for developers: against the version that is online (V-9, V-18)."""

import io
import re
import tracemalloc
from contextlib import ExitStack

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import escape
from PIL import Image

from releases import actions
from releases.models import Version
from releases.report.readable import readable
from releases.rules import unreadable_package
from releases.scan.parsers import PRINTING
from tests import factories

pytestmark = pytest.mark.django_db
SVG = "<svg xmlns='http://www.w3.org/2000/svg' onload='x()'><script>x()</script></svg>"


def picture(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def version(program):
    """A version that changes app.js and pic.png, adds a page's style, and removes a service."""
    old = {"services/legacy/old.js": "old()\n", "pic.png": picture("red"), "app.js": "App({\n  poll: 60\n})\n"}
    online = upload(program, "1.0.0", **old)
    application = factories.make_binding(program).application
    actions.decide(decision_on(online), approve=True, by=factories.make_reviewer(application))
    online.refresh_from_db()
    actions.publish(online, by=program.created_by)
    new = {"pic.png": picture("blue"), "app.js": "App({\n  poll: 20\n})\n", "pages/index/index.wxss": "view {}\n"}
    return upload(program, "1.1.0", **new, **{"icon.svg": SVG})


def decision_on(version):
    """Submit the version; return what its application decides."""
    audit = actions.submit(version, by=version.uploaded_by)
    return audit.decisions.select_related("application", "audit__version__mini_program").get()


def upload(program, number, **files):
    parts = tuple(map(int, number.split(".")))
    return actions.upload(program, file=factories.make_zip(files), number=parts, notes="Notes", by=program.created_by)


def url(version, end=""):
    return f"/miniprograms/{version.mini_program.app_id}/versions/{version.number}/changes/{end}"


def steps(response):
    return [(row.step, row.name, row.file.kind if row.file else row.count) for row in response.context["rows"]]


def test_the_tree(signed_in, program, version):
    response = signed_in(program.created_by).get(url(version))
    assert response.status_code == 200
    assert steps(response) == [
        ("open", "pages/index", 1),
        ("file", "index.wxss", "added"),
        ("close", "", 0),
        ("open", "services/legacy", 1),
        ("file", "old.js", "removed"),
        ("close", "", 0),
        ("file", "app.js", "changed"),
        ("file", "icon.svg", "added"),
        ("file", "pic.png", "changed"),
    ]
    page = response.content.decode()
    assert "Changes from the online version 1.0.0" in page
    assert f'hx-get="{url(version, "file/")}?path=app.js"' in page


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("added", ["index.wxss", "icon.svg"]),
        ("removed", ["old.js"]),
        ("changed", ["app.js", "pic.png"]),
        ("else", ["index.wxss", "old.js", "app.js", "icon.svg", "pic.png"]),
    ],
)
def test_of_one_kind(signed_in, program, version, kind, names):
    response = signed_in(program.created_by).get(url(version), {"kind": kind})
    assert [name for step, name, _kind in steps(response) if step == "file"] == names


def test_a_file_side_by_side(signed_in, program, version):
    response = signed_in(program.created_by).get(url(version, "file/"), {"path": "app.js"})
    view = response.context["file"]
    assert (view.kind, view.diff.added, view.diff.removed, view.excerpt) == ("changed", 1, 1, None)
    page = re.sub(r"\s+>", ">", response.content.decode())
    assert "<del>  poll: <mark>6</mark>0</del>" in page
    assert "<ins>  poll: <mark>2</mark>0</ins>" in page
    assert "file 3 of 5" in page
    assert "<html" in page


def test_while_the_storage_fails_it_says_so(signed_in, program, version):
    version.package.file.storage.delete(version.package.file.name)
    client = signed_in(program.created_by)
    for headers in ({}, {"HX-Target": "file"}):
        response = client.get(url(version, "file/"), {"path": "app.js"}, headers=headers)
        assert response.status_code == 200
        assert response.context["file"].problem == unreadable_package()
        assert escape(unreadable_package()) in response.content.decode()


def test_in_the_tree_the_part_alone_comes(signed_in, program, version):
    headers = {"HX-Request": "true", "HX-Target": "file"}
    response = signed_in(program.created_by).get(url(version, "file/"), {"path": "app.js"}, headers=headers)
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="file"' in page


@pytest.mark.parametrize(
    ("path", "kind", "added", "removed"),
    [("pages/index/index.wxss", "added", 1, 0), ("services/legacy/old.js", "removed", 0, 1)],
)
def test_new_and_removed_files(signed_in, program, version, path, kind, added, removed):
    view = signed_in(program.created_by).get(url(version, "file/"), {"path": path}).context["file"]
    assert (view.kind, view.diff.added, view.diff.removed) == (kind, added, removed)


def test_the_line_of_a_place_is_shown(signed_in, program, version):
    response = signed_in(program.created_by).get(url(version, "file/"), {"path": "app.json", "line": "1"})
    view = response.context["file"]
    assert (view.kind, view.diff, [line.number for line in view.excerpt.lines]) == ("same", None, [1])
    assert '<tr class="excerpt-line">' in response.content.decode()


def test_a_new_file_is_shown_once(signed_in, program, version):
    client = signed_in(program.created_by)
    query = {"path": "pages/index/index.wxss", "line": "1"}
    page = client.get(url(version, "file/"), query).content.decode()
    assert page.count("view {}") == 1 and "View whole file" not in page
    assert f"<span>{program} 1.1.0</span>" in page
    long = upload(program, "1.2.0", **{"services/new.js": "Page({\n" + "  // more\n" * 40 + "})\n"})
    page = client.get(url(long, "file/"), {"path": "services/new.js", "line": "1"}).content.decode()
    assert 'changes/file/?path=services/new.js">View whole file</a>' in page


def test_a_new_picture_is_not_after_anything(signed_in, program, version):
    page = signed_in(program.created_by).get(url(version, "file/"), {"path": "icon.svg"}).content.decode()
    caption = page.partition("<figcaption")[2].partition("</figcaption>")[0]
    assert "New" in caption and "After" not in caption


@pytest.mark.parametrize("line", ["0", "-1", "x", "²", "9" * 30, "99"])
def test_lines_that_are_none(signed_in, program, version, line):
    response = signed_in(program.created_by).get(url(version, "file/"), {"path": "app.js", "line": line})
    assert response.status_code == 200


def test_pictures_are_shown_and_never_run(signed_in, program, version):
    client = signed_in(program.created_by)
    page = client.get(url(version, "file/"), {"path": "pic.png"}).content.decode()
    assert page.count('src="data:image/png;base64,') == 2
    page = client.get(url(version, "file/"), {"path": "icon.svg"}).content.decode()
    assert page.count('<img src="data:image/svg+xml;base64,') == 1
    assert "<script>x()" not in page
    assert "&lt;script&gt;x()" in page


def test_other_binaries_have_sizes_and_hashes(signed_in, program):
    version = upload(program, "1.0.0", **{"a.wasm": b"\0asm\xff"})
    response = signed_in(program.created_by).get(url(version, "file/"), {"path": "a.wasm"})
    view = response.context["file"]
    assert (view.diff, view.excerpt, view.after.image) == (None, None, "")
    assert view.after.sha256 in response.content.decode()


@pytest.mark.parametrize("path", ["none.js", "../app.js", "/etc/passwd", "pages", "app.js\0", "services/legacy/"])
def test_only_files_of_the_packages(signed_in, program, version, path):
    assert signed_in(program.created_by).get(url(version, "file/"), {"path": path}).status_code == 404


def test_without_a_path_it_goes_to_the_tree(signed_in, program, version):
    response = signed_in(program.created_by).get(url(version, "file/"))
    assert (response.status_code, response["Location"]) == (302, url(version))


def test_without_an_online_version_every_file_is_new(signed_in, program):
    response = signed_in(program.created_by).get(url(upload(program, "1.0.0")))
    assert {kind for step, _name, kind in steps(response) if step == "file"} == {"added"}
    assert "Nothing to compare with: all files are new" in response.content.decode()


def test_the_online_version_is_compared_with_what_it_came_after(signed_in, program, version):
    online = Version.objects.select_related("mini_program").get(state="online")
    client = signed_in(program.created_by)
    response = client.get(url(online))
    assert {kind for step, _name, kind in steps(response) if step == "file"} == {"added"}
    version.refresh_from_db()
    actions.decide(decision_on(version), approve=True, by=factories.make_reviewer(program.bindings.get().application))
    version.refresh_from_db()
    actions.publish(version, by=program.created_by)
    assert "Changes from 1.0.0" in client.get(url(version)).content.decode()
    assert "Changes from the online version 1.1.0" in client.get(url(online)).content.decode()


def test_hostile_names_stay_text(signed_in, program):
    name = "a&b 'i' #%.js"
    version = upload(program, "1.0.0", **{name: "<script>x()</script>\n"})
    client = signed_in(program.created_by)
    page = client.get(url(version)).content.decode()
    assert "a&amp;b &#x27;i&#x27; #%.js" in page
    assert "path=a%26b%20%27i%27%20%23%25.js" in page
    page = client.get(url(version, "file/"), {"path": name}).content.decode()
    assert ("a&b" in page, "<script>x()" in page) == (False, False)


def test_wrong_method(signed_in, program, version):
    client = signed_in(program.created_by)
    assert [client.post(url(version)).status_code, client.post(url(version, "file/")).status_code] == [405, 405]


def test_constant_queries(signed_in, program, version):
    client = signed_in(program.created_by)
    many = upload(program, "1.2.0", **{f"pages/p{n % 20}/f{n}.js": f"module.exports = {n}\n" for n in range(1000)})
    counts = []
    for one in (version, many):
        client.get(url(one))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(url(one))
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert response.context["comparison"].total == 1003


def test_every_change_of_a_long_line_is_seen(signed_in, program):
    """A harmless change at its start, and a call that somebody planted in its middle (V-16)."""
    filler = "".join(f"function f{number}(a,b){{return a*{number}+b}}" for number in range(4_010))
    middle = len(filler) // 2 + filler[len(filler) // 2 :].index("function")
    before = f"var version=1;{filler}"
    after = f"var version=2;{filler[:middle]}wx.getLocation({{success:send}});{filler[middle:]}"
    assert len(before) > 142_000
    online = upload(program, "1.0.0", **{"app.js": before})
    application = factories.make_binding(program).application
    actions.decide(decision_on(online), approve=True, by=factories.make_reviewer(application))
    actions.publish(Version.objects.get(pk=online.pk), by=program.created_by)
    version = upload(program, "1.1.0", **{"app.js": after})
    client = signed_in(program.created_by)
    view = client.get(url(version, "file/"), {"path": "app.js"}).context["file"]
    assert (view.is_minified, view.is_pretty, view.diff.more) == (True, True, 0)
    changed = [
        "".join(piece.text for piece in row.right.pieces)
        for hunk in view.diff.hunks
        for row in hunk.rows
        if row.kind != "same"
    ]
    assert changed == ["var version=2;", "wx.getLocation({success:send});"]
    as_written = client.get(url(version, "file/"), {"path": "app.js", "as_written": "1"}).context["file"]
    assert (as_written.is_pretty, len(as_written.diff.hunks)) == (False, 1)


def test_while_other_scripts_are_formatted_one_is_shown_as_written_and_the_page_says_so(signed_in, program):
    """Each takes a process: so only so many at a time, whoever asks."""
    version = upload(program, "1.0.0", **{"app.js": "var a=1;" * 200})
    client = signed_in(program.created_by)
    with ExitStack() as others:
        others.enter_context(PRINTING)
        assert client.get(url(version, "file/"), {"path": "app.js"}).context["file"].is_pretty
        others.enter_context(PRINTING)
        page = client.get(url(version, "file/"), {"path": "app.js"})
    view = page.context["file"]
    assert (view.is_minified, view.is_pretty, view.diff.added) == (True, False, 1)
    assert "Minified: long lines show their first change only." in page.text
    assert client.get(url(version, "file/"), {"path": "app.js"}).context["file"].is_pretty


def test_json_that_is_too_long_with_lines_is_shown_without():
    """Two megabytes that are nested deep would be gigabytes with their indentation."""
    text = b"[" * 400 + b"0," * 200_000 + b"0" + b"]" * 400
    tracemalloc.start()
    try:
        shown = readable(text, "json")
        assert tracemalloc.get_traced_memory()[1] < 100_000_000
    finally:
        tracemalloc.stop()
    assert shown.replace(b"\n", b"") == text


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("a.json", '{"a":[' + ",".join("1" * 9 for _ in range(90)) + "]}", 94),
        ("a.wxss", ".a{color:red}" * 60, 120),
        ("a.wxml", "<view><text>a</text></view>" * 30, 90),
        ("a.txt", "x" * 1_000, 5),
        ("a.js", "((" * 400, 4),
        ("a.json", "[" * 100_000 + "]" * 100_000, 1_000),
    ],
)
def test_minified_text_gets_lines(path, text, lines):
    shown = readable(text.encode(), path.rpartition(".")[2])
    assert shown.count(b"\n") + 1 == lines
    assert b"".join(shown.split()) == b"".join(text.encode().split())

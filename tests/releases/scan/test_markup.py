"""What is found in WXML and in app.json."""

import json

import pytest

from releases.scan import Limits
from releases.scan.facts import Bound
from releases.scan.manifest import read_manifest
from releases.scan.markup import read_markup, search_markup
from releases.scan.patterns import find_in_sheet


def names(source):
    finds = read_markup(source.encode(), Limits())
    assert finds.why == ""
    found = {}
    for name, line in finds.apis:
        found.setdefault(name, []).append(line)
    return found


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("<camera/>", "component.camera"),
        ("<live-pusher url='{{url}}'></live-pusher>", "component.livePusher"),
        ("<button class='a' open-type='getPhoneNumber'>Call</button>", "wx.getPhoneNumber"),
        ("<button open-type=chooseAvatar>", "wx.chooseAvatar"),
        ("<button open-type='share'>", "button.share"),
        ("<button open-type=\"{{ok ? 'getUserInfo' : ''}}\">", "wx.getUserInfo"),
        ("<input type='nickname'/>", "input.nickname"),
        ("<style><camera/></style>", "component.camera"),
        ("<view>{{a<b}}<camera></camera></view>", "component.camera"),
        ('<view a="{{"><camera/><view b="}}">', "component.camera"),
    ],
)
def test_components_and_buttons(source, name):
    assert list(names(source)) == [name]


@pytest.mark.parametrize(
    "source",
    [
        "<!-- <camera/> -->",
        "<button open-type='{{type}}'/>",
        "<view open-type='getPhoneNumber'/>",
        "<input type='text'/>",
        "<view>camera</view>",
    ],
)
def test_what_is_none(source):
    assert names(source) == {}


def test_lines():
    assert names("<view>\n<camera/>\n\n<camera/></view>") == {"component.camera": [2, 4]}


def test_addresses():
    source = b"<web-view src='https://h5.example/{{x}}'/><image src=\"{{'https://img.example/' + x}}\"/><web-view src='https://{{h}}/'/>"
    finds = read_markup(source, Limits())
    assert finds.addresses == [("https://h5.example", "business", 1, True), ("https://img.example", "", 1, False)]
    assert finds.open == [(1, "address")]


def test_what_the_data_choose_is_looked_for_there_or_is_open():
    source = b"<button open-type='{{type}}'/>\n<web-view src='{{page.url}}'/>\n<button open-type='{{types[0]}}'/>"
    finds = read_markup(source, Limits())
    assert finds.bound == [Bound(1, "name", "type"), Bound(2, "address", "page.url", "business")]
    assert finds.open == [(3, "name")]


def test_addresses_without_a_scheme():
    sheet = (
        b"/* url(//no.example) */ a{background:url('//a.example/x')}\n@import \"//b.example/c.wxss\"; b{width:1px//2}"
    )
    assert find_in_sheet(sheet, Limits()).addresses == [
        ("https://a.example", "", 1, False),
        ("https://b.example", "", 2, False),
    ]
    assert read_markup(b"<image src='//c.example/x.png'/>", Limits()).addresses == [("https://c.example", "", 1, False)]


@pytest.mark.parametrize("begun", [b"/*a", b"/* a * ", rb"\"", b"url(x"])
def test_a_comment_that_is_never_closed_hides_nothing(begun):
    source = b"a{b:url(//a.example)}\n" + begun * 700_000 + b" https://b.example/"  # Quadratic, it takes hours.
    assert find_in_sheet(source, Limits()).addresses == [
        ("https://b.example", "", 2, False),
        ("https://a.example", "", 1, False),
    ]


@pytest.mark.parametrize("begin_end", ['"/*" "*/"', "'/*' '*/'", "url(/*) url(*/)", r'"\"/*" "*/"'])
def test_a_comment_neither_begins_nor_ends_in_a_string_or_an_address_of_a_sheet(begin_end):
    begin, end = begin_end.rsplit(" ", 1)
    sheet = f"a{{x:{begin}}}\nb{{x:url(//a.example)}}\nc{{x:{end}}}"
    assert find_in_sheet(sheet.encode(), Limits()).addresses == [("https://a.example", "", 2, False)]


@pytest.mark.parametrize("comment", ["/*{}*/", "/**{}**/", "/*/{}*/", "/*\n * {}\n **/", "/* * / /* {} */"])
def test_what_is_in_a_comment_of_a_sheet_is_left_out(comment):
    sheet = comment.format("https://no.example url(//no.example)") + "url(//a.example)" + comment.format("")
    found = find_in_sheet(sheet.encode(), Limits()).addresses
    assert [address[0] for address in found] == ["https://a.example"]


@pytest.mark.parametrize(
    ("source", "limits", "why"),
    [
        (b"<camera/>", {"parsed_size": 3}, "size"),
        (b"<camera a='\xff'/>", {}, "encoding"),
        (b"<camera/>" * 11, {"candidates": 10}, "time"),
    ],
)
def test_what_is_refused(source, limits, why):
    assert read_markup(source, Limits(**limits)).why == why


def test_by_patterns():
    finds = search_markup(b"<camera/>\xff\n<!-- <button a\nopen-type='getUserInfo'> --> https://a.example/", Limits())
    assert finds.apis == [("component.camera", 1), ("wx.getUserInfo", 2)]
    assert finds.addresses == [("https://a.example", "", 3, False)]


def test_manifest():
    plugin = {"version": "1.0.0", "provider": "mp0a1b2c3d4e5f6g7h"}
    app = {
        "requiredPrivateInfos": ["getLocation", "no name", 5, "getLocation"],
        "plugins": {"a": plugin, "b": 5},
        "subPackages": [{"plugins": {"c": {"provider": "mp1111111111111111"}}}, 5],
    }
    finds = read_manifest(json.dumps(app).encode(), Limits())
    assert finds.apis == [
        ("wx.getLocation", 0),
        ("wx.getLocation", 0),
        ("plugin.mp0a1b2c3d4e5f6g7h", 0),
        ("plugin.mp1111111111111111", 0),
    ]


@pytest.mark.parametrize(
    ("source", "why"),
    [(b"[1]", ""), (b"{", "syntax"), (b'"\xff"', "encoding"), (b"[" * 100_000, "syntax"), (b" " * 1_048_577, "size")],
)
def test_other_manifests(source, why):
    finds = read_manifest(source, Limits())
    assert (finds.why, finds.apis) == (why, [])

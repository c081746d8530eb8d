"""What is found in WXML and in app.json."""

import json

import pytest

from releases.scan import Limits
from releases.scan.manifest import read_manifest
from releases.scan.markup import read_markup, search_markup


def names(source):
    finds = read_markup(source.encode(), Limits())
    assert finds.why == ""
    return {name: occurrences.lines for name, occurrences in finds.apis.items()}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("<camera/>", "component.camera"),
        ("<live-pusher url='{{url}}'></live-pusher>", "component.livePusher"),
        ("<button class='a' open-type='getPhoneNumber'>Call</button>", "button.getPhoneNumber"),
        ("<button open-type=chooseAvatar>", "button.chooseAvatar"),
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
    assert list(read_markup(source, Limits()).origins) == [
        ("https://h5.example", "business"),
        ("https://img.example", ""),
    ]


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
    found = {name: occurrences.lines for name, occurrences in finds.apis.items()}
    assert found == {"component.camera": [1], "button.getUserInfo": [2]}
    assert list(finds.origins) == [("https://a.example", "")]


def test_manifest():
    plugin = {"version": "1.0.0", "provider": "mp0a1b2c3d4e5f6g7h"}
    app = {
        "requiredPrivateInfos": ["getLocation", "no name", 5, "getLocation"],
        "plugins": {"a": plugin, "b": 5},
        "subPackages": [{"plugins": {"c": {"provider": "mp1111111111111111"}}}, 5],
    }
    finds = read_manifest(json.dumps(app).encode(), Limits())
    assert {name: (occurrences.count, occurrences.lines) for name, occurrences in finds.apis.items()} == {
        "wx.getLocation": (2, [0, 0]),
        "plugin.mp0a1b2c3d4e5f6g7h": (1, [0]),
        "plugin.mp1111111111111111": (1, [0]),
    }


@pytest.mark.parametrize(
    ("source", "why"),
    [(b"[1]", ""), (b"{", "syntax"), (b'"\xff"', "encoding"), (b"[" * 100_000, "syntax"), (b" " * 1_048_577, "size")],
)
def test_other_manifests(source, why):
    finds = read_manifest(source, Limits())
    assert (finds.why, finds.apis) == (why, {})

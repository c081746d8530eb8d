"""Which APIs and addresses are found where it takes more than the call itself: buttons, SDKs' settings, sockets."""

from __future__ import annotations

import pytest

from releases.scan import Limits, Scan
from releases.scan.scanning import scan
from tests.releases.scan.following import apis, follow


def look(limits: Limits | None = None, **files: str) -> Scan:
    """Scan files; `a__b` is the file a/b.js, `a_wxml` a template."""
    named = {
        f"{name[:-5]}.wxml" if name.endswith("_wxml") else f"{name}.js": source.encode()
        for name, source in files.items()
    }
    return scan([(path.replace("__", "/"), content) for path, content in named.items()], limits)


def names(found: Scan) -> list[str]:
    return sorted(use.name for use in found.apis)


def open_lines(found: Scan) -> list[tuple[str, int, str]]:
    return [(one.path, one.line, one.reason) for one in found.open]


def called(found: Scan) -> list[tuple[str, str]]:
    return [(origin.use.name, origin.kind) for origin in found.origins if origin.is_called]


# Buttons -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "found"),
    [
        (
            "<button open-type='getPhoneNumber|agreePrivacyAuthorization'/>",
            ["button.agreePrivacyAuthorization", "wx.getPhoneNumber"],
        ),
        (
            "<button open-type=\"{{ok ? 'getPhoneNumber|agreePrivacyAuthorization' : 'share'}}\"/>",
            ["button.agreePrivacyAuthorization", "button.share", "wx.getPhoneNumber"],
        ),
        ("<van-button open-type='getPhoneNumber'/>", ["wx.getPhoneNumber"]),
        ("<van-button openType='chooseAvatar|share'/>", ["wx.chooseAvatar"]),
        ("<t-button open-type=\"{{ok ? 'getUserInfo' : ''}}\"/>", ["wx.getUserInfo"]),
        ("<button open-type=\"{{kind === 'getUserInfo' ? 'share' : ''}}\"/>", ["button.share"]),
        ("<button open-type=\"{{'getUserInfo' != kind && 'share'}}\"/>", ["button.share"]),
        (
            "<button open-type=\"{{(a || b) ? (c ? 'share' : 'help') : undefined}}\"/>",
            ["button.help", "button.share"],
        ),
        ("<navigator open-type='getUserInfo'/>", []),
    ],
)
def test_a_button_gives_each_of_what_its_open_type_can_be(template, found):
    scanned = look(a_wxml=template)
    assert (names(scanned), open_lines(scanned)) == (found, [])


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("<button open-type=\"{{off || kind === 'getUserInfo' ? '' : kind}}\"/>", []),
        ("<button open-type=\"{{ok ? 'share' : kind}}\"/>", ["button.share"]),
        ("<button open-type=\"{{kind || 'share'}}\"/>", ["button.share"]),
        ("<button open-type=\"{{['getPhoneNumber', 'share'][n]}}\"/>", ["button.share", "wx.getPhoneNumber"]),
        ("<button open-type=\"{{'get' + kind}}\"/>", []),
        ("<button open-type='get{{kind}}'/>", []),
        ('<button open-type="{{' + "a || " * 50 + "'share'}}\"/>", ["button.share"]),
        ("<button open-type=\"{{kind || (ok ? 'share' : '')}}\"/>", ["button.share"]),
        ('<button open-type="{{)kind}}"/>', []),
    ],
)
def test_a_button_whose_open_type_is_not_all_known_is_open(template, found):
    scanned = look(a_wxml=template)
    assert (names(scanned), open_lines(scanned)) == (found, [("a.wxml", 1, "name")])


def test_what_the_data_give_as_an_open_type_may_be_several():
    template = "<button open-type=\"{{ok ? 'share' : kind}}\"/>"
    scanned = look(a="Page({data: {kind: 'getPhoneNumber|agreePrivacyAuthorization'}})", a_wxml=template)
    assert (names(scanned), open_lines(scanned)) == (["button.share", "wx.getPhoneNumber"], [])


def test_an_open_type_in_a_script_may_be_several_or_chosen():
    script = (
        "h('button', {openType: 'getPhoneNumber|agreePrivacyAuthorization'});\n"
        "h('button', {'open-type': ok ? 'agreePrivacyAuthorization|getUserInfo' : ''})"
    )
    assert apis(app=script) == {"wx.getPhoneNumber": [1], "wx.getUserInfo": [2]}


def test_by_patterns_buttons_give_what_their_open_type_can_be():
    template = "<van-button type='x' open-type='getPhoneNumber'/><button open-type='share|getUserInfo'/>"
    assert names(look(Limits(parsed_size=10), a_wxml=template)) == [
        "button.share",
        "wx.getPhoneNumber",
        "wx.getUserInfo",
    ]


# Addresses ---------------------------------------------------------------------------------------------------------

SDK = """
var sdk = {}, _ = {};
_.extend = function (target, source) { for (var name in source) { target[name] = source[name]; } return target; };
sdk.para = {server_url: ''};
sdk.setPara = function (para) { sdk.para = _.extend(sdk.para, para); };
sdk.send = function (data) { wx.request({url: sdk.para.server_url, data: data}); };
module.exports = sdk;
"""


@pytest.mark.parametrize(
    "script",
    [
        "const c = {base: ''}\nObject.assign(c, wx.getStorageSync('cfg'))\nwx.request({url: c.base + '/x'})",
        "const c = {base: ''}, o = wx.getStorageSync('cfg')\nfor (const k in o) c[k] = o[k]\n"
        "wx.uploadFile({url: c.base + '/x'})",
        "const c = {base: ''}\n\nwx.connectSocket({url: c.base})",
    ],
)
def test_an_address_is_open_whose_host_is_set_over_an_empty_one_at_run_time(script):
    assert [(one.line, one.reason) for one in follow(app=script).open] == [(3, "address")]


def test_the_address_that_an_sdk_is_given_over_an_empty_one_is_open():
    app = "var sdk = require('./sdk.js'); sdk.setPara({server_url: 'https://collect.example.net/sa'}); sdk.send({});"
    assert open_lines(look(sdk=SDK, app=app)) == [("sdk.js", 6, "address")]


def test_an_address_that_may_be_relative_is_known_where_it_has_a_host_too():
    script = "const base = d ? 'https://d.example' : ''; wx.request({url: base + '/x'})"
    assert open_lines(look(app=script)) == []
    wrapper = "const ask = o => wx.request(Object.assign({}, o, {url: 'https://e.example' + o.url}))\nask({url: '/x'})"
    assert open_lines(look(app=wrapper)) == []


def test_each_address_that_a_wrapper_is_given_needs_a_host():
    wrapper = "function ask(options) { wx.request(options) }\nask({url: ''})\nask({url: 'https://e.example/x'})"
    assert open_lines(look(app=wrapper)) == [("app.js", 2, "address")]


@pytest.mark.parametrize(
    ("data", "lines"),
    [("{url: ''}", [1]), ("{url: '/a'}", [1]), ("{url: 'https://h5.example'}", [])],
)
def test_a_web_view_without_a_known_host_is_open(data, lines):
    scanned = look(a=f"Page({{data: {data}}})", a_wxml="<web-view src='{{url}}'/>")
    assert [line for _path, line, _reason in open_lines(scanned)] == lines


@pytest.mark.parametrize(
    ("script", "origins"),
    [
        (
            "const t = wx.createTCPSocket(); t.connect({address: 'tcp.example.net', port: 9})",
            ["tcp://tcp.example.net:9"],
        ),
        (
            "const u = wx.createUDPSocket(); u.bind(); u.send({address: '203.0.113.9', port, message})",
            ["udp://203.0.113.9"],
        ),
        (
            "class Line { constructor() { this.line = wx.createTCPSocket() }\n"
            "to(o) { this.line.connect({address: o.host, port: o.port}) } }\n"
            "new Line().to({host: 'a.example.net', port: 1})",
            ["tcp://a.example.net:1"],
        ),
    ],
)
def test_what_sockets_connect_to_and_send_to(script, origins):
    followed = follow(app=script)
    assert [one.origin for one in followed.addresses if one.is_called] == origins
    assert followed.open == []


@pytest.mark.parametrize(
    "script",
    [
        "\nconst t = wx.createTCPSocket(); t.connect(options)",
        "const t = wx.createTCPSocket();\nt.connect({address: wx.getStorageSync('host'), port: 9})",
        "const u = wx.createUDPSocket();\nu.send({address: 'no host', port: 9})",
    ],
)
def test_where_a_socket_goes_is_open_unless_it_is_known(script):
    assert [(one.line, one.reason) for one in follow(app=script).open] == [(2, "address")]


def test_without_a_socket_what_has_an_address_is_asked_nothing():
    followed = follow(app="mailer.send({address: 'a.example.net'}); other.connect({address})")
    assert (followed.addresses, followed.open) == ([], [])


def test_live_streams_are_asked_for():
    template = "<live-pusher url='rtmp://push.example.net:1935/x'/><live-player src='rtmps://play.example.net/y'/>"
    scanned = look(a="const hint = 'rtmp://other.example.net/a'", a_wxml=template)
    assert sorted(called(scanned)) == [("rtmp://push.example.net", ""), ("rtmps://play.example.net", "")]
    assert "rtmp://other.example.net" in [origin.use.name for origin in scanned.origins]
    assert open_lines(scanned) == []


def test_a_live_stream_of_the_pages_data_is_known_or_open():
    page = "Page({data: {known: 'rtmp://push.example.net/x', other: ''}})"
    scanned = look(a=page, a_wxml="<live-pusher url='{{known}}'/>\n<live-player src='{{other}}'/>")
    assert called(scanned) == [("rtmp://push.example.net", "")]
    assert open_lines(scanned) == [("a.wxml", 2, "address")]


# Settings of clients -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "const axios = require('axios'); axios.defaults.baseURL = 'https://api.example.net'",
        "fly.config.baseUrl = dev ? 'https://api.example.net' : 'https://api.example.net/v2'",
    ],
)
def test_the_base_that_a_client_is_set_to_is_asked(script):
    found = follow(app=script)
    assert {one.origin for one in found.addresses if one.is_called} == {"https://api.example.net"}


# One entry for one thing -------------------------------------------------------------------------------------------


def test_remax_lists_every_component_wherever_its_runtime_is():
    scanned = look(base_wxml="<camera/>", remax_vendors="var a = '__remax'; wx.showToast()", page_wxml="<map/>")
    assert {use.name: use.how for use in scanned.apis}["component.camera"] == "framework"
    assert {use.name: use.how for use in scanned.apis}["component.map"] == "written"


@pytest.mark.parametrize(
    "script",
    [
        "wx.request({url: cfg.base + (a ? '/x' : '/y')})",
        "wx.request({url: 'https://' + h + (a ? '/x' : b ? '/y/' + c : '?z')})",
        "wx.request({url: 'https://{Region}.example.net' + (a ? '?x' : '/y')})",
        "wx.request({url: (a ? 'https://' : 'https://https://') + h})",
    ],
)
def test_a_host_that_is_not_known_is_open_once_at_a_place(script):
    assert [one.reason for one in follow(app=script).open] == ["address"]


def test_different_hosts_that_are_not_known_are_open_one_by_one():
    script = "wx.request({url: a ? 'https://a.' + h + '/x' : 'https://b.' + h + '/x'})"
    assert [one.detail for one in follow(app=script).open] == ["'https://a.' + … + '/x'", "'https://b.' + … + '/x'"]


def test_an_address_that_can_only_be_one_of_a_scheme_is_open():
    assert [one.reason for one in follow(app="wx.request({url: 'https://https://a.example.net'})").open] == ["address"]


def test_the_host_of_an_address_ends_before_an_ampersand():
    assert called(look(app="wx.request({url: 'https://a.example.net&x=' + y})")) == [
        ("https://a.example.net", "request"),
    ]


def test_an_origin_that_is_called_for_something_known_is_not_listed_without_it():
    script = "axios.defaults.baseURL = 'https://a.example.net'; wx.request({url: 'https://a.example.net/x'})"
    assert called(look(app=script)) == [("https://a.example.net", "request")]


def test_what_is_deleted_is_not_read():
    script = "const f = 'f' + Math.random(); delete window[f]; delete wx[f]; delete wx.getLocation; delete g().a"
    assert apis(app=script + "\nfunction g() { wx.login() }") == {"wx.login": [2]}


# What there is room for --------------------------------------------------------------------------------------------


def test_the_programs_own_code_has_room_before_what_it_was_given():
    code = "wx.login();" * 10
    files = {
        "lib__xlsx": code,
        "miniprogram_npm__a__index": code,
        "pages__a": code,
        "pages__a.min": code,
        "pages__library": code,
        "pages__libs__b": code,
    }
    found = look(Limits(followed_size=3 * len(code)), **files)
    assert sorted(one.path for one in found.unread) == [
        "miniprogram_npm/a/index.js",
        "pages/a.min.js",
        "pages/libs/b.js",
    ]
    assert (found.script_size, found.followed_size) == (6 * len(code), 3 * len(code))
    assert [place.path for place in found.apis[0].places] == [f"{name.replace('__', '/')}.js" for name in files]


# Names of APIs on what is known ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        "const lib = require('./lib.js'); lib.getLocation({})",
        "const o = {a: 1}; o.getLocation({})",
        "class A {} class B extends A { go() { this.getLocation({}) } }",
    ],
)
def test_an_api_of_an_object_that_has_no_such_member_is_named(script):
    found = follow(lib="module.exports = {a: 1}", app=script)
    assert [(one.name, one.how) for one in found.apis] == [("wx.getLocation", "named")]


@pytest.mark.parametrize(
    "script",
    [
        "class A { getLocation() {} } class B extends A {} class C extends B {} new C().getLocation()",
        "Component({methods: {go() { const that = this; that.createSelectorQuery(); this.createSelectorQuery() }}})",
        "const A = made([{key: 'getLocation', value: function () {}}]); function F() {} new F().getLocation()",
        "const o = {a: 1}; o.request()",
    ],
)
def test_what_the_program_or_a_component_has_by_itself_is_not_named(script):
    assert follow(app=script).apis == []

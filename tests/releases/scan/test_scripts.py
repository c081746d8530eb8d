"""What the parser finds in JavaScript: APIs, addresses and the calls that they stand in; not in comments or strings."""

import pytest

from releases.scan import Limits
from releases.scan.scripts import read_script


def apis(source, **limits):
    finds = read_script(source.encode(), Limits(**limits))
    assert finds.why == ""
    return {name: occurrences.lines for name, occurrences in finds.apis.items()}


def origins(source):
    finds = read_script(source.encode(), Limits())
    assert finds.why == ""
    return list(finds.origins)


@pytest.mark.parametrize(
    "source",
    [
        "wx.getLocation({})",
        "wx['getLocation']({})",
        'wx["getLocation"]',
        "wx[`getLocation`]",
        "wx?.getLocation?.()",
        "wx\n  .getLocation()",
        "wx/* now */.getLocation()",
        "const {getLocation} = wx",
        "const {getLocation: where} = wx",
        "const {getLocation = none} = wx",
        "({getLocation} = wx)",
        "const w = wx; w.getLocation()",
        "let w; w = wx; w['getLocation']()",
        "function f() { var e = wx; return () => e.getLocation() }",
        "promisify(wx.getLocation)",
        "`${wx.getLocation()}`",
        "async () => { for await (const x of wx.getLocation()) ; }",
    ],
)
def test_ways_to_name_an_api(source):
    assert list(apis(source)) == ["wx.getLocation"]


@pytest.mark.parametrize(
    "source",
    [
        "// wx.getLocation()",
        "/* wx.getLocation() */",
        "'wx.getLocation()'",
        '"fail: wx.getLocation"',
        "`wx.getLocation`",
        "/wx.getLocation/.test(x)",
        "other.wx.getLocation()",
        "({wx: 1}).getLocation()",
        "wxx.getLocation(); $wx.getLocation(); _wx.getLocation()",
        "wx()",
        "function f() { var e = wx } e.getLocation()",
        "const {length} = other, {size} = wx2",
    ],
)
def test_what_is_none(source):
    assert apis(source) == {}


def test_only_the_first_name_counts():
    assert apis("wx.getFileSystemManager().readFile({}); wx.cloud.database()") == {
        "wx.getFileSystemManager": [1],
        "wx.cloud": [1],
    }


def test_each_use_has_its_line():
    assert apis("wx.a()\n\nwx.a(\nwx.b())\n") == {"wx.a": [1, 3], "wx.b": [4]}


def test_names_that_are_computed():
    finds = read_script(b"wx[name]()\nwx['get' + what]\nwx[0]", Limits())
    assert (finds.apis, finds.computed.count, finds.computed.lines) == ({}, 3, [1, 2, 3])


def test_typescript_is_read_as_far_as_it_is_javascript():
    source = b"interface A { a: string }\nconst x: number = 1\nfunction f(a: A): void { wx.login() } // wx.no()\n"
    assert list(read_script(source, Limits(), typed=True).apis) == ["wx.login"]
    assert read_script(source, Limits()).why == "syntax"
    assert read_script(b"let x = <any>y; wx.login()", Limits(), typed=True).why == "syntax"


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("wx.request({url: 'https://a.example/x'})", ("https://a.example", "request")),
        ("wx.request({method: 'POST', url: base ? `https://a.example/${x}` : ''})", ("https://a.example", "request")),
        ("w.uploadFile({url: 'https://a.example:8443' + path})", ("https://a.example:8443", "uploadFile")),
        ("wx.downloadFile({url: 'https://a.example:443'})", ("https://a.example", "downloadFile")),
        ("wx.connectSocket({url: 'wss://a.example/'})", ("wss://a.example", "socket")),
        ("const socket = 'wss://a.example'", ("wss://a.example", "socket")),
        ("wx.request({success() { open('https://a.example') }})", ("https://a.example", "")),
        ("wx.request({success: () => open('https://a.example')})", ("https://a.example", "")),
        ("const base = 'HTTPS://A.Example'", ("https://a.example", "")),
        ("const base = 'https:\\/\\/a.example\\/x'", ("https://a.example", "")),
        ("const base = 'https://bücher.example'", ("https://xn--bcher-kva.example", "")),
        ("const base = 'http://192.168.1.7:8080/x'", ("http://192.168.1.7:8080", "")),
        ("const base = 'http://localhost:3000'", ("http://localhost:3000", "")),
        ("const base = 'https://user:word@a.example/'", ("https://a.example", "")),
        ("const base = `https://a.example${path}`", ("https://a.example", "")),
    ],
)
def test_addresses(source, found):
    assert origins(source) == [found]


@pytest.mark.parametrize(
    "source",
    [
        "// https://a.example",
        "/https:\\/\\/a.example/.test(x)",
        "const base = `https://${host}/x`",
        "const base = `https://a.${zone}.example/x`",
        "const base = `https://a${number}.example/x`",
        "const base = 'https://' + host",
        "const svg = 'http://www.w3.org/2000/svg'",
        "const a = 'https://nodot', b = 'https://-.example', c = 'https://a.example:0', d = 'https://1.2.3'",
        "https://a.example\n1",
    ],
)
def test_what_is_no_address(source):
    assert origins(source) == []


# Windows -----------------------------------------------------------------------------------------------------------


def test_a_large_file_is_read_window_by_window_as_if_it_were_one():
    part = (
        "!function(e,t){var n='wx.no(\"',r=`wx.no ${t.map(function(x){return wx.inTemplate(x),`;,${x};`})},;`;"
        "/* wx.no(); ' */e(/[/'\"`;,]/.test(n)?wx.getLocation({type:'wgs84'}):wx.request({url:'https://a.example/'}),r)}(a,b);\n"
    )
    whole = part * 200
    once, windows = (read_script(whole.encode(), Limits(window=size)) for size in (1 << 24, 2_000))
    assert (once.why, windows.why) == ("", "")
    assert {name: occurrences.count for name, occurrences in windows.apis.items()} == {
        "wx.inTemplate": 200,
        "wx.getLocation": 200,
        "wx.request": 200,
    }
    assert (windows.apis, windows.origins) == (once.apis, once.origins)


def test_another_name_holds_over_windows():
    source = "const w = wx;\n" + "let x = 'w.no;';\n" * 500 + "w.getLocation()"
    assert apis(source, window=1_000) == {"wx.getLocation": [502]}


@pytest.mark.parametrize(
    ("source", "limits", "why"),
    [
        (b"wx.a", {"parsed_size": 3}, "size"),
        (b"wx.a('\xff')", {}, "encoding"),
        (b"wx.a(((", {}, "syntax"),
        (b"{{{{ wx.a)", {}, "syntax"),
        (b"wx.a\n" * 100, {"window": 100}, "syntax"),
        (b"wx.a\n" * 1000, {"file_seconds": 0.0}, "time"),
        (b"wx.a\n" * 11, {"candidates": 10}, "time"),
    ],
)
def test_what_is_refused(source, limits, why):
    assert read_script(source, Limits(**limits)).why == why

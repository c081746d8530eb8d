"""What following a script finds: APIs, addresses and the calls that they stand in; not in comments or strings."""

import msgspec
import pytest

from releases.scan import Limits
from releases.scan.flow.frameworks import FRAMEWORKS
from releases.scan.scripts import read_script
from tests.releases.scan.following import apis, follow


@pytest.mark.parametrize(
    "source",
    [
        "wx.getLocation({})",
        "wx['getLocation']({})",
        'wx["getLocation"]()',
        "wx[`getLocation`]()",
        "wx['get' + 'Location']()",
        "wx[['get', 'Location'].join('')]()",
        "wx['\\x67etLocation']()",
        "wx?.getLocation?.()",
        "wx\n  .getLocation()",
        "wx/* now */.getLocation()",
        "const {getLocation} = wx; getLocation()",
        "const {getLocation: where} = wx; where()",
        "const {getLocation = none} = wx; getLocation()",
        "let getLocation; ({getLocation} = wx); getLocation()",
        "const w = wx; w.getLocation()",
        "let w; w = wx; w['getLocation']()",
        "function f() { var e = wx; return () => e.getLocation() }",
        "`${wx.getLocation()}`",
        "async () => { for await (const x of wx.getLocation()) ; }",
        "wx.getLocation.call(wx, {}); wx.getLocation.bind(wx)",
        "var _a; (_a = wx.getLocation) === null || _a === void 0 ? void 0 : _a.call(wx)",
        "list.map(wx.getLocation)",
        "(0, wx.getLocation)({})",
        "(function (t) { t.getLocation() })(wx)",
        "(function (t) { t.getLocation() }).call(this, wx)",
        "(function () { this.getLocation() }).call(wx)",
        "function f(t = wx) { t.getLocation() }",
        "globalThis.wx.getLocation()",
        "const g = Function('return this')(); g.wx.getLocation()",
        "const g = new Function('return this')(); g.wx.getLocation(); Function('r', 'runtime = r')(1)",
        "globalThis[['w', 'x'].join('')].getLocation()",
        "const a = {...wx}; a.getLocation()",
        "const a = Object.assign({}, wx); a.getLocation()",
        "const a = {}; for (const k in wx) a[k] = wx[k]; a.getLocation()",
        "const a = {}; Object.keys(wx).forEach(k => { a[k] = function (o) { wx[k](o) } }); a.getLocation()",
        "const a = new Proxy({}, {get: (_, k) => o => new Promise(s => wx[k]({...o, success: s}))}); a.getLocation()",
        "const p = f => o => new Promise(s => f({...o, success: s})); const g = p(wx.getLocation); g()",
        "class A { constructor() { this.api = wx } go() { this.api.getLocation() } }",
        "App({globalData: {api: wx}}); getApp().globalData.api.getLocation()",
        "const call = (name, o) => wx[name](o); call('getLocation')",
        "['getLocation'].forEach(name => wx[name]())",
        "[wx].forEach(api => api.getLocation())",
        "const a = {__proto__: wx}; a.getLocation()",
        "const a = {}; Object.setPrototypeOf(a, wx); a.getLocation()",
        "const a = Object.create(wx); a.getLocation()",
        "for (const api of [wx]) api.getLocation()",
        "[1, wx].pop().getLocation()",
    ],
)
def test_ways_to_call_an_api(source):
    assert list(apis(app=source)) == ["wx.getLocation"]


@pytest.mark.parametrize(
    "source",
    [
        "!function (root, f) { root.wx.login() }(globalThis, function () {})",
        "!function (root) { root.wx.login() }(typeof globalThis != 'undefined' ? globalThis : this)",
        "const it = x => x; const g = it(typeof window == 'object' && window) || it(globalThis); g.wx.login()",
        "const o = {g: globalThis}; o.g.wx.login()",
        "const [g] = [globalThis]; g.wx.login()",
        "function f() { return self } f().wx.login()",
    ],
)
def test_where_the_global_object_is_passed_on(source):
    assert apis(app=source) == {"wx.login": [1]}


@pytest.mark.parametrize(
    "source",
    [
        "// wx.getLocation()",
        "/* wx.getLocation() */",
        "'wx.getLocation()'",
        '"fail: wx.getLocation"',
        "`wx.getLocation`",
        "/wx.getLocation/.test(x)",
        "other.wx.login()",
        "({wx: 1}).getLocation()",
        "wxx.login(); $wx.login(); _wx.login()",
        "wx()",
        "function f() { var e = wx } e.login()",
        "const {length} = other, {size} = wx2",
        "function f(wx) { wx.login() }",
        "const wx = {getLocation() {}}; wx.getLocation()",
        "if (wx.getLocation) console.log('there is one')",
        "const p = f => o => f(o); const unused = p(wx.getLocation)",
    ],
)
def test_what_is_none(source):
    assert apis(app=source) == {}


def test_over_modules():
    assert apis(
        api="module.exports = wx",
        more="exports.take = function (host) { return host.chooseImage }",
        app="const a = require('./api'); a.login(); require('./more').take(wx)()",
    ) == {"wx.login": [1], "wx.chooseImage": [1]}


def test_over_es_modules():
    assert apis(
        lib__api="export default wx; export const {chooseImage: pick} = wx",
        pages__index="import api, {pick} from '../lib/api'; api.login(); pick()",
    ) == {"wx.login": [1], "wx.chooseImage": [1]}


def test_over_a_table_of_modules():
    source = """
    (self.chunk = self.chunk || []).push([[1], {
        7: function (t, e, n) { n.d(e, {a: function () { return r }}); var r = function () { return wx } },
        8: function (t, e, n) { var o = n(7); (0, o.a)().login() }
    }])"""
    assert apis(app=source) == {"wx.login": [4]}


@pytest.mark.parametrize(
    "source",
    [
        "const h = {get(t, k) { return wx[k] }}; const p = new Proxy({}, h); p.login()",
        "const h = {get: (t, k) => o => new Promise(s => wx[k]({...o, success: s}))}; new Proxy({}, h).login()",
        "const h = {}; h.get = function (t, k) { return wx[k] }; const p = new Proxy({}, h); p.login()",
        "function get(t, k) { return wx[k] } const p = new Proxy({}, {get}); p.login()",
        "class H { get(t, k) { return wx[k] } } const p = new Proxy({}, new H()); p.login()",
        "const make = api => { const h = {get: (t, k) => api[k]}; return new Proxy({}, h) }; make(wx).login()",
    ],
)
def test_the_handler_of_a_proxy_may_stand_elsewhere(source):
    assert apis(app=source) == {"wx.login": [1]}


def test_through_a_wrapper_of_the_program():
    (found,) = follow(app="const p = f => o => f(o)\nconst g = p(wx.getLocation)\ng()").apis
    assert (found.name, found.line, found.how, found.through) == ("wx.getLocation", 3, "wrapper", "p")


def test_a_call_by_the_name_of_an_api_is_named_where_the_object_is_not_known():
    (found,) = follow(app="other.getLocation(); other.login(); ({getUserInfo() {}}).getUserInfo()").apis
    assert (found.name, found.how) == ("wx.getLocation", "named")


def test_a_name_that_is_put_together():
    (found,) = follow(app="wx['get' + 'Location']()").apis
    assert found.how == "built"


def test_a_name_is_taken_of_all_members_only_where_it_is_not_known_of_which():
    followed = follow(app="const names = {a: 'login', b: 'getLocation'}; wx[names[which]]()")
    assert [(one.name, one.how) for one in followed.apis] == [("wx.login", "built"), ("wx.getLocation", "built")]
    followed = follow(app="const which = 'c', names = {a: 'login', b: 'getLocation'}; wx[names[which]]()")
    assert (followed.apis, [one.reason for one in followed.open]) == ([], ["name"])


def test_what_a_framework_does_by_itself():
    taro = "'initNativeApi'; wx.createSelectorQuery(); wx.getLocation()"
    found = {one.name: (one.how, one.through) for one in follow(taro=taro).apis}
    assert found == {"wx.createSelectorQuery": ("framework", "Taro"), "wx.getLocation": ("written", "")}
    assert {framework.name for framework in FRAMEWORKS} >= {"Taro", "uni-app", "Mpx"}


@pytest.mark.parametrize("mark", ["requireMiniProgram", "__uniConfig", "invokeCreateVueAppHook"])
def test_the_runtime_of_uni_app_holds_that_of_vue(mark):
    vue = "const isVNode = value => value ? value.__v_isVNode === true : false\n"
    assert read_script(f"{vue}exports.{mark} = 1".encode(), Limits()).framework == "uni-app"
    assert read_script(vue.encode(), Limits()).framework == "Vue"


@pytest.mark.parametrize(
    "source",
    [
        "hooks.call('initNativeApi', taro)",
        "Current.initNativeApi(taro)",
        "Current.initNativeApi?.(taro)",
        "var _a; (_a = hooks.initNativeApi) === null || _a === void 0 ? void 0 : _a.call(hooks, taro)",
    ],
)
def test_what_gives_taro_the_api_in_any_of_its_releases(source):
    (found,) = follow(taro=f"var taro = {{a: 1}}; {source}; exports.t = taro", app="require('./taro').t.login()").apis
    assert (found.name, found.path, found.how, found.through) == ("wx.login", "app.js", "wrapper", "Taro")


@pytest.mark.parametrize(
    ("page", "framework"),
    [
        ("other.login()", ""),
        ("(0, other.login)()", ""),
        ("Object(other.login)()", ""),
        ("const t = require('./taro').t; t.login(); other.login()", "Taro"),
        ("wx.login(); const o = {login() {}}; o.login(); this.login()", "Taro"),
        ("", "Taro"),
    ],
)
def test_what_stays_open_in_a_framework_is_its_own_only_where_programs_were_followed_into_it(page, framework):
    taro = "const initNativeApi = 1; const taro = {...wx}; other(wx); exports.t = taro"
    (one,) = follow(taro=taro, app=page).open
    assert (one.path, one.reason, one.framework) == ("taro.js", "handed", framework)


def test_only_the_first_name_counts():
    assert apis(app="wx.getFileSystemManager().readFile({}); wx.cloud.database()") == {
        "wx.getFileSystemManager": [1],
        "wx.cloud": [1],
    }


def test_each_use_has_its_line():
    assert apis(app="wx.a()\n\nwx.a(\nwx.b())\n") == {"wx.a": [1, 3], "wx.b": [4]}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("wx[name]()", "name"),
        ("wx['get' + what]()", "name"),
        ("globalThis[name].getLocation()", "name"),
        ("const a = {}; a[kind] = () => wx[name]()", "name"),
        ("other(wx)", "handed"),
        ("eval('wx.login()')", "code"),
        ("new Function('a', 'wx.login()')", "code"),
        ("with (wx) getLocation()", "handed"),
        ("function* f() { yield wx } [...f()][0].login()", "handed"),
        ("tag`a ${wx} b`", "handed"),
        ("try { throw wx } catch (e) { e.login() }", "handed"),
        ("Object.keys(wx).map(k => wx[k]).pop()()", "name"),
        ("other.then(() => wx)", "handed"),
        ("other.call(wx)", "handed"),
        ("function f(...all) { all[0].getLocation() } f(wx)", "handed"),
        ("function f() { arguments[0].getLocation() } f(wx)", "handed"),
        ("function f(name) { wx[name]() } other(f); f('login')", "name"),
        ("wx.request({url})", "address"),
        ("wx.request(options)", "address"),
        ("wx.request({url: 'https://' + host})", "address"),
        ("wx.request({url: 'https://a.example' + more})", "address"),
    ],
)
def test_what_stays_open(source, reason):
    assert [(one.path, one.line, one.reason) for one in follow(app=source).open] == [("app.js", 1, reason)]


def test_an_open_address_is_shown_as_far_as_it_is_known():
    (one,) = follow(app="wx.request({url: 'https://' + host + '/v2'})").open
    assert one.detail == "'https://' + … + '/v2'"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"'\uD83D\uDC76'", "👶"),
        (r"`\uD83D\uDC76`", "👶"),
        (r"'\uDC76\uD83D'", "\ufffd\ufffd"),
        ("String.fromCharCode(0xD83D, 0xDC76)", "👶"),
        ("String.fromCharCode.apply(String, [0xD83D])", "\ufffd"),
    ],
)
def test_a_character_that_is_written_as_two_halves_is_one_and_a_half_alone_is_none(text, shown):
    (one,) = follow(app=f"wx.request({{url: 'https://' + host + {text}}})").open
    assert one.detail == f"'https://' + … + '{shown}'"
    assert msgspec.json.decode(msgspec.json.encode(one)) == msgspec.to_builtins(one)


def test_typescript_is_read_as_far_as_it_is_javascript():
    source = b"interface A { a: string }\nconst x: number = 1\nfunction f(a: A): void { wx.login() } // wx.no()\n"
    assert read_script(source, Limits(), typed=True).why == ""
    assert read_script(source, Limits()).why == "syntax"


# Addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("wx.request({url: 'https://a.example/x'})", ("https://a.example", "request", True)),
        ("wx.request({url: base ? `https://a.example/${x}` : ''})", ("https://a.example", "request", True)),
        ("wx.uploadFile({url: 'https://a.example:8443/' + path})", ("https://a.example:8443", "uploadFile", True)),
        ("wx.downloadFile({url: 'https://a.example:443'})", ("https://a.example", "downloadFile", True)),
        ("wx.connectSocket({url: 'wss://a.example/'})", ("wss://a.example", "socket", True)),
        ("const h = 'a.example'; wx.request({url: `https://${h}/x`})", ("https://a.example", "request", True)),
        (
            "const h = 'a.example'; wx.request({url: 'https://'.concat(h, '/x')})",
            ("https://a.example", "request", True),
        ),
        (
            "const get = p => wx.request({url: 'https://a.example' + p}); get('/x')",
            ("https://a.example", "request", True),
        ),
        ("axios.get('https://a.example/x')", ("https://a.example", "", True)),
        ("axios.create({baseURL: 'https://a.example'})", ("https://a.example", "", True)),
        ("wx.request({url: '//a.example/x'})", ("https://a.example", "request", True)),
        ("const base = 'wss://a.example'", ("wss://a.example", "", False)),
        ("const base = 'HTTPS://A.Example'", ("https://a.example", "", False)),
        ("const base = 'https:\\/\\/a.example\\/x'", ("https://a.example", "", False)),
        ("const base = 'https://bücher.example'", ("https://xn--bcher-kva.example", "", False)),
        ("const base = 'http://192.168.1.7:8080/x'", ("http://192.168.1.7:8080", "", False)),
        ("const base = 'http://localhost:3000'", ("http://localhost:3000", "", False)),
        ("const base = 'https://user:word@a.example/'", ("https://a.example", "", False)),
        ("const base = `https://a.example${path}`", ("https://a.example", "", False)),
    ],
)
def test_addresses(source, found):
    addresses = follow(app=source).addresses
    called = [one for one in addresses if one.is_called] or addresses
    assert {(one.origin, one.kind, one.is_called) for one in called} == {found}


@pytest.mark.parametrize(
    "source",
    [
        "// https://a.example",
        "/https:\\/\\/a.example/.test(x)",
        "const base = `https://${host}/x`",
        "const base = 'https://' + host",
        "const svg = 'http://www.w3.org/2000/svg'",
        "const a = 'https://nodot', b = 'https://-.example', c = 'https://a.example:0', d = 'https://1.2.3'",
        "https://a.example\n1",
    ],
)
def test_what_is_no_address(source):
    assert follow(app=source).addresses == []


@pytest.mark.parametrize(
    ("source", "limits", "why"),
    [
        (b"wx.a", {"parsed_size": 3}, "size"),
        (b"wx.a('\xff')", {}, "encoding"),
        (b"wx.a(((", {}, "syntax"),
        (b"{{{{ wx.a)", {}, "syntax"),
        (b"wx.a\n" * 100_000, {"file_seconds": 0.0}, "time"),
        (b"[" * 3_000 + b"wx.a" + b"]" * 3_000, {}, "size"),
    ],
)
def test_what_is_refused_is_searched_by_patterns(source, limits, why):
    finds = read_script(source, Limits(**limits))
    assert (finds.why, finds.root, finds.apis[0][0]) == (why, b"", "wx.a")

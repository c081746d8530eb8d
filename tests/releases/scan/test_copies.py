"""The API object copied onto other objects, and what a program itself writes onto the API object."""

import pytest

from tests.releases.scan.following import apis, follow

PROMISES = "o => new Promise((success, fail) => wx[k]({...o, success, fail}))"


def surely(found):
    return {one.name for one in found.apis if one.how != "named"}


@pytest.mark.parametrize(
    "source",
    [
        "class A { constructor() { Object.assign(this, wx) } }",
        "class A { constructor() { for (const k in wx) this[k] = wx[k] } }",
        f"class A {{ constructor() {{ Object.keys(wx).forEach(k => {{ this[k] = {PROMISES} }}) }} }}",
        "class A { constructor() { this.init() } init() { Object.assign(this, wx) } }",
        "class B { constructor() { Object.assign(this, wx) } } class A extends B {}",
        "class B { constructor() { Object.assign(this, wx) } } class C extends B {} class A extends C {}",
        "class A {} Object.assign(A.prototype, wx)",
        "function A() { Object.assign(this, wx) }",
        "function A() {} Object.assign(A.prototype, wx)",
        "function A() {} for (var k in wx) A.prototype[k] = wx[k]",
        "function A() {} A.mix = function (o) { for (var k in o) A.prototype[k] = o[k] }; A.mix(wx)",
    ],
)
def test_what_is_made_of_a_class_onto_which_the_api_is_copied(source):
    assert apis(a=f"{source}\nconst a = new A()\na.getLocation()\na.own()") == {"wx.getLocation": [3]}
    assert apis(a=f"{source}\nmodule.exports = new A()", b="require('./a').getLocation()") == {"wx.getLocation": [1]}


def test_what_is_made_of_another_class_has_no_api():
    source = "class A { constructor() { Object.assign(this, wx) } } class B {}\nnew B().getLocation()"
    assert surely(follow(a=source)) == set()


@pytest.mark.parametrize("source", ["const a = {}; a[f()] = wx.login", "const a = {[f()]: wx.login}"])
def test_a_method_under_a_name_known_at_run_time_only_is_used_there_and_brings_no_others(source):
    found = follow(a=f"{source}\na.getLocation()\nother(a)")
    assert (surely(found), found.open) == ({"wx.login"}, [])


@pytest.mark.parametrize(
    "body",
    [
        "Object.assign(t, wx)",
        "for (const k in wx) t[k] = wx[k]",
        f"Object.keys(wx).forEach(k => {{ t[k] = {PROMISES} }})",
    ],
)
@pytest.mark.parametrize(
    ("base", "lib"),
    [
        (
            "exports.create = function (A) { new A().init(this) }",
            "const {create} = require('./base'); module.exports = {create}",
        ),
        (
            "exports.create = function (A) { new A().init(this) }",
            "module.exports = {create: require('./base').create}",
        ),
        (
            "module.exports = {create(A) { const a = new A(), b = this; a.init(b) }}",
            "const base = require('./base'), lib = {}; lib.create = base.create; module.exports = lib",
        ),
        ("exports.create = function (A) { (() => new A().init(this))() }", "exports.create = require('./base').create"),
    ],
)
def test_a_copy_onto_this_of_a_function_that_is_called_of_another_object(base, lib, body):
    app = f"const lib = require('./lib'); class A {{ init(t) {{ {body} }} }}\nlib.create(A)"
    assert apis(base=base, lib=lib, app=app, page="require('./lib').getLocation()") == {"wx.getLocation": [1]}


def test_a_copy_onto_this_of_a_function_that_is_called_with_another_object():
    source = (
        "function copy() { Object.assign(this, wx) }\nconst a = {}, b = {}; copy.call(a)\na.getLocation(); b.login()"
    )
    assert apis(a=source) == {"wx.getLocation": [3]}


@pytest.mark.parametrize("source", ["new wx[f()]", "new wx[f()]()", "new wx[f()](1)", "wx[f()]()"])
def test_what_is_made_by_a_name_known_at_run_time_only_is_open(source):
    assert [(one.line, one.reason) for one in follow(a=source).open] == [(1, "name")]


# What a program writes onto the API object, and onto the global one ------------------------------------------------


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("wx.$find = wx.getLocation", "wx.$find()"),
        ("wx.$find = wx.getLocation", "const {$find} = wx; $find()"),
        ("wx.$find = wx.getLocation", "wx['$' + 'find']()"),
        ("wx['$' + 'find'] = wx.getLocation", "wx.$find()"),
        ("const a = wx; a.$find = wx.getLocation", "wx.$find()"),
        ("const f = wx.getLocation, a = wx, b = a; b.$find = f", "const a = wx, b = a; b.$find()"),
        ("wx.$find = o => wx.getLocation(o)", "wx.$find()"),
        ("wx.$a = {find: wx.getLocation}", "wx.$a.find()"),
        ("wx.p = {}; Object.assign(wx.p, wx)", "wx.p.getLocation()"),
        ("const p = wx.p = {}; for (const k in wx) p[k] = wx[k]", "wx.p.getLocation()"),
        (f"const p = wx.p = {{}}; Object.keys(wx).forEach(k => {{ p[k] = {PROMISES} }})", "wx.p.getLocation()"),
        ("class A { constructor() { Object.assign(this, wx) } } wx.p = new A()", "wx.p.getLocation()"),
        ("Object.assign(wx, {$find: wx.getLocation})", "wx.$find()"),
        ("Object.defineProperty(wx, '$find', {value: wx.getLocation})", "wx.$find()"),
        ("Object.defineProperty(wx, '$find', {get() { return wx.getLocation }})", "wx.$find()"),
        ("globalThis.find = wx.getLocation", "globalThis.find()"),
        ("global.a = {find: wx.getLocation}", "globalThis.a.find()"),
        ("globalThis.find = wx.getLocation", "find()"),
        ("globalThis.p = {...wx}", "p.getLocation()"),
        ("find = wx.getLocation", "globalThis.find()"),
        ("Object.assign(globalThis, {find: wx.getLocation})", "globalThis.find()"),
    ],
)
def test_what_is_written_onto_the_api_object_or_the_global_one(source, asks):
    found = follow(a=source, b=asks)
    assert (surely(found), found.open) == ({"wx.getLocation"}, [])


def test_an_address_that_is_asked_through_what_is_written_onto_the_api_object():
    found = follow(a="wx.$ask = wx.request", b="wx.$ask({url: 'https://api.example.org/a'})")
    assert [(one.origin, one.kind) for one in found.addresses if one.is_called] == [
        ("https://api.example.org", "request")
    ]


@pytest.mark.parametrize(
    "source",
    [
        "wx.$chat = {ask() {}}",
        "const a = wx; a.$chat = other",
        "wx.$chat = other; wx.$chat.ask()",
        "Object.assign(wx, {$chat: other})",
        "Object.defineProperty(wx, '$chat', {value: other})",
    ],
)
def test_what_a_program_writes_onto_the_api_object_by_itself_is_no_api(source):
    assert apis(a=f"{source}\nwx.$chat.ask()\nwx.$chat()") == {}


@pytest.mark.parametrize(
    "source",
    [
        "wx.login = o => other(o)",
        "wx.hostScan = wx.hostScan || other",
        "const scan = wx.hostScan; wx.hostScan = o => scan(o)",
    ],
)
def test_an_api_that_a_program_writes_over_stays_one(source):
    names = apis(a=f"{source}\nwx.login()\nwx.hostScan()")
    assert (names["wx.login"], names["wx.hostScan"][-1]) == ([2], 3)


def test_a_property_of_the_api_object_that_has_no_name_is_nothing():
    assert apis(a="Object.defineProperty(wx)") == {}

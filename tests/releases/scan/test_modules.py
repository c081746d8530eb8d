"""Modules that are required under other names than `require`, and those of which can't be said which they are."""

import pytest

from tests.releases.scan.following import apis, follow


@pytest.mark.parametrize(
    "source",
    [
        "(function (r) { r('./w').w.login() })(require)",
        "(function (r) { r('./w').w.login() }).call(this, require)",
        "!function (e, t, r) { 'use strict'; var o = r('./w'); o.w.login() }(module, exports, require)",
        "var r = require; r('./w').w.login()",
        "var r; r = require; r('./w').w.login()",
        "var r = typeof require == 'function' && require; r('./w').w.login()",
        "const r = typeof require == 'function' ? require : none; const q = r; q('./w').w.login()",
        "function boot(r) { r('./w').w.login() } boot(require)",
    ],
)
def test_a_renamed_require(source):
    assert apis(w="exports.w = wx", app=source) == {"wx.login": [1]}


@pytest.mark.parametrize(
    "source",
    [
        "(function (m) { m.exports = {w: wx} })(module)",
        "!function (e, t) { t.w = wx }(module, exports)",
        "!function (e, t, r) { var o; (o = e).exports = {w: wx}, o.exports.default = o.exports }(module, exports)",
        "var m = module; m.exports = {w: wx}",
        "var m = typeof module == 'object' && module; m.exports.w = wx",
    ],
)
def test_a_renamed_module(source):
    assert apis(w=source, app="require('./w').w.login()") == {"wx.login": [1]}
    assert apis(w=source, app="const {w} = require('./w'); [w].forEach(api => api.login())") == {"wx.login": [1]}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("require('./w' + x).w.login()", "name"),
        ("require('./' + 'w').w.login()", "name"),
        ("import('./w' + x).then(m => m.w.login())", "name"),
        ("require.call(null, './w').w.login()", "name"),
        ("require.bind(null)('./w').w.login()", "name"),
        ("require.async(x).then(m => m.w.login())", "name"),
        ("module.require('./w').w.login()", "name"),
        ("(function (m) { m.require('./w').w.login() })(module)", "name"),
        ("(function (r) { r(x).w.login() })(require)", "name"),
        ("(0, require)('./w').w.login()", "handed"),
        ("other(require)", "handed"),
        ("function f(r) { return r('./w') } f(require).w.login(); f(other)", "handed"),
        ("var o = {r: require}; o.r('./w').w.login()", "handed"),
        ("globalThis.r = require", "handed"),
    ],
)
def test_a_module_that_is_required_in_a_way_that_can_not_be_followed_is_open(source, reason):
    followed = follow(w="exports.w = wx", app=source)
    assert {(one.path, one.reason) for one in followed.open} == {("app.js", reason)}


def test_a_require_that_is_passed_on_through_too_many_expressions_is_open():
    around = 30
    source = f"const r = {'(other || ' * around}require{')' * around}; r('./w').w.login()"
    followed = follow(w="exports.w = wx", app=source)
    assert [(one.path, one.reason) for one in followed.open] == [("app.js", "handed")]


@pytest.mark.parametrize(
    "source", ["require('other')", "require('./oth' + 'er')", "if (typeof require == 'function') f()"]
)
def test_a_module_that_is_not_there_gives_nothing(source):
    assert apis(w="exports.w = wx", app=source) == {}

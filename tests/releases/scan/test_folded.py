"""Secrets in texts that scripts put together, and under names that stand elsewhere than the text."""

import pytest

from releases.scan import Limits
from tests.releases.scan.following import follow

HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
KEY = "Zq8vT1mN4bX7cL0pR3sW6yE9kH2jD5aG"
TOKEN = "ghp_abcdefghijklmnopqrstuvwxyz0123456789"


def kinds(source):
    return [(secret.kind, secret.place.line) for secret in follow(a=source).secrets]


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (f"const appSecret = '{HEX[:9]}' + '{HEX[9:]}'", "app_secret"),
        (f"const e = '{HEX[:9]}';exports.appSecret = e.concat('{HEX[9:]}')", "app_secret"),
        (f"wx.f(['{TOKEN[:9]}', '{TOKEN[9:]}'].join(''))", "github_token"),
        (f"wx.f(`{TOKEN[:9]}${{'{TOKEN[9:]}'}}`)", "github_token"),
        (f"var e='{KEY}';exports.merchant={{mchKey:e}}", "wechat_pay_key"),
        (f"var e='{KEY}';exports.sign=function(t){{return t+'&key='+e}}", "wechat_pay_key"),
        (f"var e='{KEY}';exports.sign=t=>`${{t}}&key=${{e}}`", "wechat_pay_key"),
        (f"var e='{HEX}';exports.amap={{key:e}}", "map_key"),
        (f"var e='{HEX}';exports.find=t=>'https://restapi.amap.com/v3/geo?address='+t+'&key='+e", "map_key"),
        (f"var e='{KEY[:18]}';exports.password=e", "credential"),
        (f"var n='console',p='{KEY[:18]}';exports.store='mysql://'+n+':'+p+'@db.example.org/a'", "connection_string"),
        ("wx.f('Basic '+'Y29uc29sZTpacTh2VDFtTjRiWDdjTDA=')", "basic_auth"),
    ],
)
def test_what_is_put_together(source, kind):
    assert kinds(source) == [(kind, 1)]


@pytest.mark.parametrize(
    "source",
    [
        f"exports.token = wx.f('{HEX}')",
        f"exports.appSecret = '{HEX[:9]}' + wx.f() + '{HEX[9:]}'",
        "exports.tokenKey = 'user_' + 'access_token_' + 'v2_of_3'",
        "const path = '/api/v2/' + 'oauth2/token'; exports.token = path",
        f"exports.list = items.map(one => ({{ key: one.id }})), exports.id = '{HEX}'",
        "exports.basic = 'Basic ' + 'base64(name:password)'",
    ],
)
def test_what_is_none(source):
    assert kinds(source) == []


def test_what_one_of_the_pieces_is_by_itself_is_left_to_the_text():
    assert kinds(f"exports.password = '{KEY[:18]}' + 'x1'") == []


def test_the_secret_itself_is_not_passed_on():
    secret = follow(a=f"const appSecret = '{HEX[:9]}' + '{HEX[9:]}'").secrets[0]
    assert (secret.hint, len(secret.sha256)) == ("0f1e…f0", 64)
    assert HEX not in repr(secret)


def test_where_it_stopped_looking_is_open():
    source = f"const a = 'a' + 'b'\nconst appSecret = '{HEX[:9]}' + '{HEX[9:]}'\nconst b = x + 'long enough text'"
    found = follow(Limits(folded=1), a=source)
    assert [(one.line, one.reason) for one in found.open] == [(1, "texts")]

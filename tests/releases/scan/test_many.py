"""What is more than following goes on with is open; what is told by an unknown key, or copied over, is not believed."""

import pytest

from tests.releases.scan.following import apis, follow

WORDS = ["push", "shift", "length", "apply", "bind", "log", "warn", "info", "error", "data"]


def hosts(source):
    """Return the hosts that are asked, and where an address is open."""
    found = follow(a=source)
    asked = {one.origin.removeprefix("https://") for one in found.addresses if one.is_called}
    return asked, [(one.line, one.reason, one.detail) for one in found.open]


def names(source):
    """Return the APIs that are called, and why a name is open."""
    found = follow(a=source)
    return {one.name for one in found.apis}, [one.reason for one in found.open]


def calls(count, call):
    return "\n".join(call.format(number) for number in range(count))


# More than a few -----------------------------------------------------------------------------------------------------


def test_paths_take_no_places_of_hosts():
    base = "const b = dev ? 'https://dev.example.net' : 'https://prod.example.net'"
    source = f"{base}; function get(p) {{ wx.request({{url: b + p}}) }}\n"
    source += calls(90, "get('/p{}')")
    assert hosts(source) == ({"dev.example.net", "prod.example.net"}, [])


def test_paths_behind_what_is_known_only_when_it_runs_are_one_open_place():
    source = "function get(p) { wx.request({url: host() + p}) }\n" + calls(30, "get('/p{}')")
    assert hosts(source) == (set(), [(1, "address", "… + '/' + …")])


@pytest.mark.parametrize("given", ["o", "{url: o.url}", "{url: o.url, data: o.data}"])
def test_every_host_that_calls_ask_through_one_function(given):
    source = f"function ask(o) {{ wx.request({given}) }}\n"
    source += calls(60, "ask({{url: 'https://h{}.example.net/a'}})")
    assert hosts(source) == ({f"h{number}.example.net" for number in range(60)}, [])


@pytest.mark.parametrize("given", ["o", "{url: o.url}", "{url: `https://${o.host}/a`}"])
@pytest.mark.parametrize("count", [101, 250])
def test_calls_that_are_not_looked_at_are_open(given, count):
    call = "ask({{url: 'https://h{0}.example.net/a', host: 'h{0}.example.net'}})"
    asked, opened = hosts(f"function ask(o) {{ wx.request({given}) }}\n{calls(count, call)}")
    assert len(asked) > 30
    assert {reason for _line, reason, _detail in opened} == {"address"}


def test_hosts_that_are_too_many_are_open():
    source = f"const h = {[f'https://h{number}.example.net/' for number in range(70)]}\nwx.request({{url: h[i]}})"
    asked, opened = hosts(source)
    assert len(asked) == 64
    assert opened == [(2, "address", "")]


def test_functions_that_are_too_many_are_open():
    made = calls(20, "function f{0}() {{ return 'https://h{0}.example.net/' }}")
    source = f"{made}\nfunction ask(f) {{ wx.request({{url: f.base}}) }}\n{calls(20, 'f{0}.base = f{0}()')}\n"
    assert hosts(f"{source}{calls(20, 'ask(f{})')}")[1] != []


def test_every_name_in_a_list_is_called():
    called = [*WORDS[:8], "getLocation", "chooseContact"]
    assert set(apis(a=f"{called}.forEach(n => wx[n]({{}}))")) == {f"wx.{name}" for name in called}


def test_apis_are_found_among_more_names_than_are_kept():
    found, opened = names(f"{[*WORDS, 'getLocation']}.forEach(n => wx[n]({{}}))")
    assert "wx.getLocation" in found
    assert opened == ["name"]


def test_a_name_behind_many_calls_with_another():
    source = "function call(n, o) { return wx[n](o) }\n" + calls(60, "call('showToast')") + "\ncall('getLocation')"
    assert set(apis(a=source)) == {"wx.showToast", "wx.getLocation"}


def test_names_of_calls_that_are_not_looked_at_are_open():
    source = "function call(n, o) { return wx[n](o) }\n" + calls(120, "call('showToast')") + "\ncall('getLocation')"
    assert names(source)[1] == ["name"]


@pytest.mark.parametrize("other", ["x{}.base = 1", "Object.assign(x{}, {{base: 1}})"])
@pytest.mark.parametrize(
    "written", ["c.base = 'https://api.example.net'", "Object.assign(c, {base: 'https://api.example.net'})"]
)
def test_what_is_written_behind_many_other_writes(other, written):
    source = f"const c = {{}}\n{calls(120, other)}\n{written}\nwx.request({{url: c.base + '/a'}})"
    assert hosts(source) == ({"api.example.net"}, [])


@pytest.mark.parametrize(
    "other", ["const x{0} = {{}}; x{0}.base = 1", "const x{0} = {{}}; Object.assign(x{0}, {{a: 1}})"]
)
def test_writes_that_are_not_looked_at_are_open(other):
    source = f"const c = {{base: 'https://old.example.net/'}}\n{calls(220, other)}\nc.base = a()"
    asked, opened = hosts(f"{source}\nwx.request({{url: c.base}})")
    assert asked == {"old.example.net"}
    assert (223, "address", "") in opened


# Any of a table ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        [*WORDS, "getLocation"],
        ["push", "getLocation", "getSetting"],
        ["zxQ0", "mJa4", "rLb4"],
    ],
)
def test_a_name_by_an_unknown_key_of_words_is_open(table):
    source = f"var a = {table}; function d(i) {{ return a[i - 3] }} wx[d(11)]({{}})"
    assert names(source) == (set(), ["name"])


def test_a_name_by_an_unknown_key_of_apis_is_any_of_them():
    source = "const a = ['getLocation', 'chooseContact']; exports.f = i => wx[a[i]]({})"
    assert set(apis(a=source)) == {"wx.getLocation", "wx.chooseContact"}


def test_a_name_that_is_put_together_of_a_table_is_believed_where_all_are_apis():
    source = "const a = ['Location', 'Setting']; exports.f = i => wx['get' + a[i]]({})"
    assert set(apis(a=source)) == {"wx.getLocation", "wx.getSetting"}


@pytest.mark.parametrize(
    "change",
    [
        "a.push(a.shift())",
        "(function (b) { b['push'](b['shift']()) })(a)",
        "a.reverse()",
        "a.splice(0, 1)",
        "a.unshift('x')",
        "a.sort()",
    ],
)
def test_a_name_in_an_array_whose_elements_move_is_open(change):
    assert "name" in names(f"var a = ['push', 'getLocation', 'getSetting']; {change}; wx[a[1]]({{}})")[1]


def test_names_that_are_put_into_a_list_later_are_open():
    source = "const n = ['login']; n.push(other()); n.forEach(name => wx[name]({}))"
    assert names(source) == ({"wx.login"}, ["name"])


def test_addresses_in_a_table_of_words_are_asked_and_the_rest_is_open():
    source = f"const t = {[*WORDS, 'request', 'https://api.example.net']}; wx.request({{url: t[i - 3] + '/a'}})"
    assert hosts(source) == ({"api.example.net"}, [(1, "address", "… + '/a'")])


def test_words_of_a_table_are_no_end_of_a_host():
    source = f"const t = {[*WORDS, 'request']}; wx.request({{url: 'https://api.example.net' + t[i - 3]}})"
    assert hosts(source)[0] == {"api.example.net"}


@pytest.mark.parametrize(
    "source",
    [
        "const h = ['https://a.example.net', 'https://b.example.net']; wx.request({url: h[i] + '/x'})",
        "const h = ['https://a.example.net', 'https://b.example.net']; h.sort(); wx.request({url: h[0] + '/x'})",
        "const h = ['a', 'b']; wx.request({url: 'https://' + h[i] + '.example.net'})",
        "const h = {a: 'https://a.example.net', b: 'https://b.example.net'}; wx.request({url: h[e || 'a']})",
    ],
)
def test_addresses_by_an_unknown_key_are_all_of_them(source):
    assert hosts(source) == ({"a.example.net", "b.example.net"}, [])


# Over a default ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    [
        "const c = {base: 'https://a.example.net'}; Object.assign(c, wx.getStorageSync('c'))",
        "const c = {base: 'https://a.example.net', ...wx.getStorageSync('c')}",
        "let c = {base: 'https://a.example.net'}; c = {...c, ...wx.getStorageSync('c')}",
        "const c = Object.assign({base: 'https://a.example.net'}, wx.getStorageSync('c'))",
    ],
)
def test_what_is_copied_over_a_default_is_open(source):
    assert hosts(f"{source}\nwx.request({{url: c.base + '/x'}})") == (
        {"a.example.net"},
        [(2, "address", "… + '/x'")],
    )


@pytest.mark.parametrize(
    "source",
    [
        "const c = {...wx.getStorageSync('c'), base: 'https://a.example.net'}",
        "const c = Object.assign({}, wx.getStorageSync('c'), {base: 'https://a.example.net'})",
        "const c = {base: 'https://a.example.net', ...{other: 1}}",
        "const c = {base: 'https://a.example.net', ...(d && {other: 1})}",
        "const c = Object.setPrototypeOf({base: 'https://a.example.net'}, null)",
    ],
)
def test_what_is_copied_below_a_value_leaves_it(source):
    assert hosts(f"{source}\nwx.request({{url: c.base + '/x'}})") == ({"a.example.net"}, [])


def test_what_a_copy_of_itself_is_given_is_asked():
    source = "let c = {base: 'https://a.example.net'}; c = {...c, ...{base: 'https://b.example.net'}}"
    assert hosts(f"{source}; wx.request({{url: c.base}})") == ({"a.example.net", "b.example.net"}, [])

"""The whole of a package: the parsers' processes, what they die of, what is kept; and no bytes raise."""

import resource
import signal
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releases.scan import Limits, Place, Secret
from releases.scan.addresses import ADDRESS, origin_at
from releases.scan.credentials import find_secrets, hint_of
from releases.scan.facts import Finds
from releases.scan.flow.nodes import Node
from releases.scan.flow.uses import Follower
from releases.scan.manifest import read_manifest
from releases.scan.markup import read_markup, search_markup
from releases.scan.parsers import Parsers, printed
from releases.scan.parsing import Request, read, serve, write
from releases.scan.patterns import search
from releases.scan.printing import pretty
from releases.scan.scanning import scan
from releases.scan.scripts import OutOfTimeError, read_script

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
NESTED = b"{a:" * 600_000 + b"\nwx.getLocation()"
SMALL = 64 << 20  # bytes of address space, too few for its tree


def names(finds):
    return [name for name, _line in finds.apis]


def plain(value):
    return msgspec.to_builtins(value)


def test_files_in_their_order():
    files = [(f"{number}.js", f"wx.getLocation()\nwx.a{number}()".encode()) for number in range(9)]
    found = scan(files)
    assert [use.name for use in found.apis] == ["wx.getLocation", *(f"wx.a{number}" for number in range(9))]
    assert (found.apis[0].count, found.apis[0].places) == (9, [Place(f"{number}.js", 1) for number in range(9)])
    assert (found.unread, found.left_out) == ([], {})


def test_every_kind_of_file():
    files = [
        ("app.json", b'{"requiredPrivateInfos": ["getLocation"]}'),
        ("data/hosts.json", b'{"api": "https:\\/\\/api.example"}'),
        ("package.json", b'{"homepage": "https://home.example"}'),
        ("a.wxml", b"<camera/>"),
        ("a.wxs", b"var x = 'https://wxs.example'"),
        ("a.ts", b"let x: string = wx.login()"),
        ("a.wxss", b".a{background:url(https://css.example)}"),
        ("a.png", b"wx.getLocation() appSecret='0f1e2d3c4b5a69788796a5b4c3d2e1f0'"),
        ("a.txt", b"\nappSecret='0f1e2d3c4b5a69788796a5b4c3d2e1f0'"),
    ]
    found = scan(files)
    assert [use.name for use in found.apis] == ["wx.getLocation", "component.camera", "wx.login"]
    assert [origin.use.name for origin in found.origins] == [
        "https://api.example",
        "https://wxs.example",
        "https://css.example",
    ]
    assert found.secrets == [Secret("app_secret", "0f1e…f0", Place("a.txt", 2), sha256(SECRET.encode()).hexdigest())]
    assert [suspect.place for suspect in found.suspects] == [Place("a.txt", 2)]


# Bounded -----------------------------------------------------------------------------------------------------------


def test_what_a_parser_dies_of_is_searched_by_patterns():
    with Parsers(Limits(parsers=1, memory=SMALL)) as parsers:
        finds = [parsers.submit("script", source).result() for source in (NESTED, b"wx.login()")]
    assert [(names(found), found.why) for found in finds] == [(["wx.getLocation"], "size"), (["wx.login"], "")]
    assert [bool(found.root) for found in finds] == [False, True]


def test_memory_is_bounded_by_the_system():
    with Parsers(Limits(parsers=1, memory=80 << 20, parsed_size=4 << 20)) as parsers:
        finds = parsers.submit("script", b"x=[" + b"0," * (1 << 20) + b"wx.login()]").result()
    assert (names(finds), finds.why) == (["wx.login"], "size")


def test_a_file_that_takes_too_long():
    with Parsers(Limits(parsers=1, file_seconds=0.0)) as parsers:
        finds = parsers.submit("script", b"a;wx.login();" * 20_000).result()
    assert (len(finds.apis), finds.why) == (20_000, "time")


@pytest.mark.parametrize("limits", [Limits(seconds=0.0), Limits(crashes=0)])
def test_when_all_is_spent_nothing_more_is_parsed(limits):
    with Parsers(limits) as parsers:
        assert parsers.submit("script", b"wx.login() // wx.out()").result().why == "time"
        assert [parser.process for parser in parsers._parsers] == [None, None]


def test_crashes_are_counted():
    with Parsers(Limits(parsers=1, crashes=2, memory=SMALL)) as parsers:
        whys = [parsers.submit("script", NESTED).result().why for _ in range(4)]
    assert whys == ["size", "size", "time", "time"]


def test_where_the_system_limits_nothing_files_are_read_all_the_same(monkeypatch):
    def refuse(*_limit):
        raise ValueError("current limit exceeds maximum limit")  # macOS says so of the address space

    monkeypatch.setattr(resource, "setrlimit", refuse)
    requests, answers = BytesIO(), BytesIO()
    for message in (Limits(), Request("script", b"wx.login()"), Request("markup", b"<camera/>")):
        write(requests, message)
    requests.seek(0)
    serve(requests, answers)
    answers.seek(0)
    finds = [msgspec.msgpack.decode(read(answers), type=Finds) for _ in range(2)]
    assert [(names(found), found.why) for found in finds] == [(["wx.login"], ""), (["component.camera"], "")]
    assert read(answers) == b""


def test_an_answer_that_breaks_off_is_none():
    stream = BytesIO()
    write(stream, Finds(apis=[("wx.login", 1)]))
    whole = stream.getvalue()
    assert [read(BytesIO(whole[:end])) for end in (0, 3, 4, len(whole) - 1)] == [b""] * 4
    assert read(BytesIO(whole)) == whole[4:]


def test_a_parser_that_is_killed_is_searched_by_patterns_and_no_zombie_stays():
    with Parsers(Limits(parsers=1)) as parsers:
        parsers.submit("script", b"wx.login()").result()
        process = parsers._parsers[0].process
        process.kill()
        assert (found := parsers.submit("script", b"wx.pay()").result()).why == "time"
        assert (names(found), process.returncode) == (["wx.pay"], -signal.SIGKILL)
        assert parsers.submit("script", b"wx.login()").result().why == ""


def test_the_parsers_know_nothing_of_the_console(monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_CONSOLE", "secret")
    with Parsers(Limits(parsers=1)) as parsers:
        parsers.submit("script", b"wx.login()").result()
        process = parsers._parsers[0].process
        folder = Path(f"/proc/{process.pid}")
        assert b"SECRET_OF_THE_CONSOLE" not in (folder / "environ").read_bytes()
        rows = (folder / "limits").read_text().splitlines()
        (memory,) = [row.split()[3] for row in rows if row.startswith("Max address space")]
    assert int(memory) == Limits().memory
    assert process.poll() is not None


def test_lists_are_cut_and_counted():
    files = [
        ("a.js", b"wx.a0();wx.a1();wx.a2();wx.a2()"),
        ("b.js", b"'https://a0.example';'https://a1.example';'https://a2.example'"),
        ("c.js", b"wx.a0();" * 5),
        ("d.js", b"wx.a3()"),
        ("e.txt", b"secret='Zq8vT1mN4bX7cL0pR3sW6yE9'\n" * 4),
        *((f"{number}.js", b"((wx.a0") for number in range(3)),
    ]
    found = scan(files, Limits(places=3, names=2, secrets=3))
    assert [(use.name, use.count, len(use.places)) for use in found.apis] == [("wx.a0", 9, 3), ("wx.a1", 1, 1)]
    assert [origin.use.name for origin in found.origins] == ["https://a0.example", "https://a1.example"]
    assert [len(found.secrets), len(found.unread)] == [3, 2]
    assert found.left_out == {"apis": 3, "origins": 1, "secrets": 1, "unread": 1}


def test_so_many_addresses_of_one_file_are_looked_at():
    found = scan([("a.json", b'["https://a.example", "https://a.example", "https://b.example"]')], Limits(candidates=2))
    assert [(origin.use.name, origin.use.count) for origin in found.origins] == [("https://a.example", 2)]
    assert found.left_out == {"names": 1}


def test_what_is_behind_the_limit_of_one_file_is_not_read():
    found = scan([("a.js", b"wx.a();" + b" " * 100 + b"wx.b()")], Limits(searched_size=50))
    assert [use.name for use in found.apis] == ["wx.a"]
    assert plain(found.unread) == [{"path": "a.js", "why": "size", "by_patterns": True}]


@pytest.mark.parametrize("limits", [{"follow_seconds": 0.0}, {"follow_memory": SMALL}, {"followed_size": 1}])
def test_scripts_that_can_not_be_followed_are_known_by_patterns(limits):
    content = b"wx.pay(); // wx.no()\n" * 30_000
    found = scan([("a.js", content), ("b.js", content)], Limits(**limits))
    assert {use.name for use in found.apis} == {"wx.pay", "wx.no"}
    assert {use.how for use in found.apis if use.name == "wx.no"} == {"named"}
    assert [unread.path for unread in found.unread] == ["a.js", "b.js"]
    assert (found.followed_size, found.script_size) == (0, 2 * len(content))


@pytest.mark.parametrize(
    ("script", "called", "open_lines"),
    [
        ("Page({data: {type: 'getPhoneNumber', u: {rl: 'https://a.example/x'}}})", {"https://a.example"}, []),
        (
            "Page({go() { this.setData({type: 'getPhoneNumber', 'u.rl': 'https://a.example/' + x}) }})",
            {"https://a.example"},
            [],
        ),
        ("Page({data: {type: 'getPhoneNumber', u: {rl: ''}}, go(url) { this.setData({'u.rl': url}) }})", set(), [2]),
        ("Component({properties: {type: String}, data: {type: 'getPhoneNumber'}})", set(), [1, 2]),
    ],
)
def test_what_a_template_takes_from_the_data_of_its_page(script, called, open_lines):
    template = b"<button open-type='{{type}}'/>\n<web-view src='{{u.rl}}'/>"
    found = scan([("p/a.js", script.encode()), ("p/a.wxml", template)])
    assert "wx.getPhoneNumber" in {use.name for use in found.apis}
    assert {origin.use.name for origin in found.origins if origin.is_called} == called
    assert [(one.path, one.line) for one in found.open] == [("p/a.wxml", line) for line in open_lines]


def test_what_there_is_no_room_for_is_known_by_patterns_and_the_rest_is_followed():
    files = [("a.js", b"const w = wx; w.login()"), ("b.js", b"wx.pay(); // wx.no()" * 9), ("c.wxml", b"<camera/>")]
    found = scan(files, Limits(followed_size=30))
    assert [(use.name, use.how) for use in found.apis] == [
        ("wx.login", "written"),
        ("wx.pay", "named"),
        ("wx.no", "named"),
        ("component.camera", "written"),
    ]
    assert plain(found.unread) == [{"path": "b.js", "why": "size", "by_patterns": True}]
    assert found.followed_size == len(files[0][1])


def test_how_much_of_the_code_was_read():
    found = scan([("a.js", b"wx.login()"), ("b.js", b"((wx.a")])
    assert (found.followed_size, found.script_size) == (10, 16)


def test_a_secret_in_the_text_is_not_found_again_where_it_is_used():
    files = [
        ("a.js", f"exports.secret = '{SECRET}'".encode()),
        ("b.js", b"const { secret } = require('./a')\nexports.query = '&secret=' + secret"),
        ("c.js", b"const half = '0f1e2d3c4b5a6978'\n\nexports.appSecret = half + '8796a5b4c3d2e1f0'"),
        ("d.js", f"const e = '{SECRET.translate(str.maketrans('abcdef', 'fedcba'))}'\nexports.appSecret = e".encode()),
    ]
    found = scan(files)
    assert [(one.kind, one.place) for one in found.secrets] == [
        ("app_secret", Place("a.js", 1)),
        ("app_secret", Place("d.js", 2)),
    ]
    assert [one.place for one in found.suspects] == [Place("a.js", 1), Place("d.js", 1)]


def test_so_many_expressions_are_folded():
    names = "+".join(f"a{number}" for number in range(20))
    source = "".join(f"var a{number}='x{number}';\nwx.f(a{number}+'b'+a{number})\n" for number in range(3_000))
    split = f"wx.h('{SECRET[:9]}'+'{SECRET[9:]}')"
    content = f"{source};wx.g({names});exports.appSecret='{SECRET[:9]}'+a0;{split}".encode()
    found = scan([("a.js", content)], Limits(folded=100))
    assert (found.unread, found.left_out, found.suspects) == ([], {}, [])
    assert len(scan([("a.js", content)], Limits(fold_seconds=60)).suspects) == 1


def test_a_script_that_gets_too_long_with_lines_is_not_printed():
    source = b"{" * 40 + b"wx.a;" * 10_000 + b"}" * 40
    lines = printed(source, Limits())
    assert len(lines) > 15 * len(source)
    assert printed(source, Limits(printed_size=len(lines))) == lines
    assert printed(source, Limits(printed_size=len(lines) - 1)) is None


# Any bytes ---------------------------------------------------------------------------------------------------------

PIECES = [
    *(b"wx", b".", b"[", b"]", b"(", b")", b"{", b"}", b"'", b'"', b"`", b"${", b"//", b"/*", b"*/", b";", b","),
    *(b"<camera", b"<!--", b"-->", b"<![", b"/>", b"w.x", b":443", b"const w = wx;", b"https://", b"wss://"),
    *(b"a.example", b"secret=", b"AKIA", b"eyJ", b"0f1e2d3c", b"-----BEGIN PRIVATE KEY-----", b"\n", b"\0", b"\xff"),
]
sources = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(PIECES), max_size=40).map(b"".join))


@given(sources)
@settings(max_examples=300)
def test_no_bytes_raise(source):
    limits = Limits()
    for finds in (
        read_script(source, limits),
        read_script(source, limits, typed=True),
        search(source, limits),
        read_markup(source, limits),
        search_markup(source, limits),
        read_manifest(source, limits),
    ):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(finds), type=type(finds)) == finds
        msgspec.json.encode(finds.apis)
    for found in ADDRESS.finditer(source):
        origin_at(source, found)


@given(st.lists(sources, max_size=3))
@settings(max_examples=200)
def test_following_raises_nothing(scripts):
    follower = Follower(Limits())
    for number, source in enumerate(scripts):
        if root := read_script(source, Limits()).root:
            follower.add(f"{number}.js", msgspec.msgpack.decode(root, type=Node), "")
    msgspec.json.encode(follower.follow())


@given(sources)
@settings(max_examples=300)
def test_a_hint_tells_less_than_half(source):
    for secret in find_secrets(source):
        assert 0 <= secret.begin < secret.end <= len(source)
        assert len(hint_of(secret.text)) <= 7
        assert 2 * (len(hint_of(secret.text)) - 1) < len(secret.text)


@given(
    st.lists(st.tuples(st.sampled_from(["a.js", "a.ts", "a.wxml", "app.json", "a.json", "a.txt"]), sources), max_size=3)
)
@settings(max_examples=15)
def test_no_package_raises(files):
    msgspec.json.encode(scan(files))


@given(sources)
@settings(max_examples=200)
def test_printing_changes_nothing_but_white_space(source):
    try:
        lines = pretty(source, Limits())
    except (SyntaxError, OutOfTimeError):
        return
    assert b"".join(lines.split()) == b"".join(source.split())

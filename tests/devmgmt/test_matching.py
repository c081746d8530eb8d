"""Reading hosts and judging URLs (D-1), against tables and an oracle that parses nothing."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.base.core.errors import ActionRefused
from devmgmt.lookalikes import is_lookalike
from devmgmt.matching import (
    Domain,
    Problem,
    fingerprint,
    in_letters,
    normalise,
    read_list,
    to_ascii,
    verdict,
)
from devmgmt.states import MOST_DOMAINS, DomainType

REQUEST, SOCKET = DomainType.REQUEST, DomainType.SOCKET
OWN = "console.example.net"

# Reading one line ---------------------------------------------------------------------------------------------------

TAKEN = [
    ("api.example.com", "https://api.example.com"),
    ("  api.example.com\t", "https://api.example.com"),
    ("\u3000api.example.com\u00a0", "https://api.example.com"),
    ("https://api.example.com", "https://api.example.com"),
    ("https://api.example.com/", "https://api.example.com"),
    ("HTTPS://API.Example.COM", "https://api.example.com"),
    ("https://api.example.com:8443", "https://api.example.com:8443"),
    ("api.example.com:8443/", "https://api.example.com:8443"),
    ("api.example.com:1", "https://api.example.com:1"),
    ("api.example.com:65535", "https://api.example.com:65535"),
    ("api.example.com:443", "https://api.example.com"),
    ("api.example.com:80", "https://api.example.com:80"),
    ("r3---sn-4g5e6nzl.example.com", "https://r3---sn-4g5e6nzl.example.com"),
    ("127.0.0.1.example.com", "https://127.0.0.1.example.com"),
    ("0x7f.example.com", "https://0x7f.example.com"),
    ("localhost.example.com", "https://localhost.example.com"),
    ("notconsole.example.net", "https://notconsole.example.net"),
    ("Bücher.example", "https://xn--bcher-kva.example"),
    ("bu\u0308cher.example", "https://xn--bcher-kva.example"),
    ("xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ("XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
    ("faß.example", "https://xn--fa-hia.example"),
    ("ＡＰＩ.example.com", "https://api.example.com"),
    ("例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
    ("נמל.example", "https://xn--hebdf.example"),
    ("\u0dc1\u0dca\u200d\u0dbb\u0dd3.example", "https://xn--10cl1a0b660p.example"),
    (f"{'a' * 63}.example", f"https://{'a' * 63}.example"),
]


@pytest.mark.parametrize(("line", "origin"), TAKEN)
def test_takes(line: str, origin: str) -> None:
    domain = normalise(line, REQUEST, OWN)

    assert domain.origin(REQUEST) == origin
    assert normalise(origin, REQUEST, OWN) == domain


@pytest.mark.parametrize(
    ("line", "origin"), [("live.example.com", "wss://live.example.com"), ("wss://a.example/", "wss://a.example")]
)
def test_takes_sockets(line: str, origin: str) -> None:
    assert normalise(line, SOCKET, OWN).origin(SOCKET) == origin


REFUSED = [
    ("*.example.com", "Wildcards"),
    ("https://*", "Wildcards"),
    ("127.0.0.1", "IP addresses"),
    ("https://127.0.0.1:8443/", "IP addresses"),
    ("127.1", "IP addresses"),
    ("2130706433", "IP addresses"),
    ("0x7f000001", "IP addresses"),
    ("0x7f.0.0.0x1", "IP addresses"),
    ("0177.0.0.1", "IP addresses"),
    ("１２７.0.0.１", "IP addresses"),
    ("127。0。0。1", "IP addresses"),
    ("999.999.999.999", "IP addresses"),
    ("[::1]", "IP addresses"),
    ("https://[2001:db8::1]:8443/", "IP addresses"),
    ("::1", "IP addresses"),
    ("2001:db8::1", "IP addresses"),
    ("fe80::1%eth0", "IP addresses"),
    ("::ffff:127.0.0.1", "IP addresses"),
    ("localhost", "localhost"),
    ("LOCALHOST:8443", "localhost"),
    ("ｌｏｃａｌｈｏｓｔ", "localhost"),
    ("api.localhost", "localhost"),
    ("intranet", "no dot"),
    ("printer.local", "only exists on a local network"),
    ("API.Internal:8443", "only exists on a local network"),
    ("nas.home.arpa", "only exists on a local network"),
    ("a.b.lan", "only exists on a local network"),
    ("co.uk", "domain suffix"),
    ("https://com.cn/", "domain suffix"),
    ("公司.cn", "domain suffix"),
    ("bücher", "no dot"),
    ("api.example.com/v1", "path"),
    ("https://api.example.com//", "path"),
    ("api.example.com\\v1", "path"),
    ("https://api.example.com?a=1", "the ? and everything after it"),
    ("https://api.example.com/?", "the ? and everything after it"),
    ("https://api.example.com#top", "the # and everything after it"),
    ("https://api.example.com/?a#top", "the # and everything after it"),
    ("https://user@api.example.com", "user name"),
    ("user:secret@api.example.com", "user name"),
    ("https://api.example.com@evil.example", "user name"),
    ("http://api.example.com", "use https, not http"),
    ("wss://api.example.com", "use https, not wss"),
    ("ftp://api.example.com", "use https, not ftp"),
    ("//api.example.com", "Enter the scheme"),
    ("https:api.example.com", "Enter the scheme"),
    ("https:/api.example.com", "Enter the scheme"),
    ("https://", "domain is missing"),
    (":8443", "domain is missing"),
    ("api.example.com:", "Enter a port after the colon"),
    ("api.example.com:0", "isn’t a valid port"),
    ("api.example.com:65536", "isn’t a valid port"),
    ("api.example.com:08443", "isn’t a valid port"),
    ("api.example.com:+1", "isn’t a valid port"),
    ("api.example.com:https", "isn’t a valid port"),
    ("api.example.com:٤٤٣", "isn’t a valid port"),
    ("api.example.com:80:90", "isn’t a valid port"),
    ("api.example.com:" + "9" * 5000, "isn’t a valid port"),
    ("api.example.com.", "dot at the end"),
    ("api..example.com", "Part of the domain is missing"),
    (".example.com", "Part of the domain is missing"),
    ("-api.example.com", "can’t be used in a domain"),
    ("api-.example.com", "can’t be used in a domain"),
    ("a_b.example.com", "can’t be used in a domain"),
    ("a%2eb.example.com", "can’t be used in a domain"),
    ("a／b.example.com", "can’t be used in a domain"),
    ("a,b.example.com", "can’t be used in a domain"),
    ("☃.example", "can’t be used in a domain"),
    ("💩.example", "can’t be used in a domain"),
    ("xn--a-ecp.ru", "can’t be used in a domain"),
    ("xn--zz--zz.example", "can’t be used in a domain"),
    ("a\u200db.example.com", "can’t be used in a domain"),
    (f"{'a' * 64}.example", "at most 63"),
    (f"{'ü' * 60}.example", "at most 63"),
    (f"{'a' * 62}." * 4 + "example", "at most 253"),
    ("a" * 100_000, "at most 253"),
    ("api .example.com", "Remove the space"),
    ("api.example.com b.example.com", "Remove the space"),
    ("api\u2003.example.com", "Remove the space"),
    ("api\x00.example.com", "invisible"),
    ("api\t.example.com", "invisible"),
    ("api\u200b.example.com", "invisible"),
    ("\u202eapi.example.com", "invisible"),
    ("api\u00ad.example.com", "invisible"),
    ("api\ufe0f.example.com", "invisible"),
    ("api\ud800.example.com", "invisible"),
    ("api\u2028.example.com", "invisible"),
    (OWN, "own domain"),
    ("https://CONSOLE.example.net:8443", "own domain"),
]


@pytest.mark.parametrize(("line", "words"), REFUSED)
def test_refuses(line: str, words: str) -> None:
    with pytest.raises(ActionRefused) as refused:
        normalise(line, REQUEST, OWN)

    assert words in refused.value.message
    assert len(refused.value.message) < 200


def test_sockets_need_wss_and_no_port() -> None:
    for line, words in [("https://a.example", "use wss, not https"), ("wss://a.example:443", "allow any port")]:
        with pytest.raises(ActionRefused, match=words):
            normalise(line, SOCKET, OWN)


@given(st.text() | st.from_regex(r"(https://)?[a-zß*@:/.%\[\]0-9-]{1,40}"), st.sampled_from(list(DomainType)))
def test_every_line_is_a_plain_host_or_refused(line: str, kind: DomainType) -> None:
    try:
        domain = normalise(line, kind, OWN)
    except ActionRefused:
        return
    assert re.fullmatch(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*", domain.host)
    assert len(domain.host) <= 253
    assert domain.port is None or (0 < domain.port < 65536 and domain.port != 443 and kind != SOCKET)
    assert normalise(domain.origin(kind), kind, OWN) == domain
    assert to_ascii(in_letters(domain.host)) == domain.host


@pytest.mark.parametrize(
    ("host", "marked"),
    [
        ("аррӏе.com", True),  # all Cyrillic
        ("gооgle.com", True),  # Cyrillic among Latin
        ("ɡoogle.com", True),  # a Latin letter of phonetics
        ("москва.com", False),
        ("bücher.example", False),
        ("例え.テスト", False),
        ("abc公司.cn", False),
        ("apple.com", False),
    ],
)
def test_lookalikes_are_marked(host: str, marked: bool) -> None:
    assert is_lookalike(to_ascii(host)) == marked


# Reading a list -----------------------------------------------------------------------------------------------------


def test_a_list_keeps_its_order_and_skips_empty_lines() -> None:
    text = "b.example\r\n\r\n  \na.example:8443\rb.example:8443"

    assert read_list(text, REQUEST, OWN) == (
        [Domain("b.example"), Domain("a.example", 8443), Domain("b.example", 8443)],
        [],
    )


def test_each_bad_line_is_named_by_its_number() -> None:
    text = "a.example\n\n*.example\nHTTPS://A.example:443/\nb.example\nlocalhost"

    domains, problems = read_list(text, REQUEST, OWN)

    assert domains == [Domain("a.example"), Domain("b.example")]
    assert [problem.line for problem in problems] == [3, 4, 6]
    assert str(problems[1]) == "Line 4: Duplicate of line 1: https://a.example."


def test_a_line_ends_only_where_an_editor_ends_it() -> None:
    _domains, problems = read_list("a.example\x0b\x85\u2028b.example\n*", REQUEST, OWN)

    assert [problem.line for problem in problems] == [1, 2]


def test_a_list_has_a_limit() -> None:
    lines = [f"a{number}.example" for number in range(MOST_DOMAINS)]

    assert len(read_list("\n".join(lines), REQUEST, OWN)[0]) == MOST_DOMAINS
    _domains, problems = read_list("\n".join(["", *lines, "one-more.example", "*"]), REQUEST, OWN)
    assert problems == [
        Problem(MOST_DOMAINS + 2, "Too many domains from this line on: 202 entered, at most 200 allowed.")
    ]


def test_the_fingerprint_goes_by_what_is_in_the_lists() -> None:
    one = {"request": [Domain("a.example"), Domain("b.example", 8443)]}

    assert fingerprint(one) == fingerprint({"request": reversed(one["request"]), "socket": []})
    assert fingerprint(one) != fingerprint({"request": [Domain("a.example"), Domain("b.example")]})
    assert fingerprint(one) != fingerprint({"business": one["request"]})


# Judging a URL ------------------------------------------------------------------------------------------------------

LIST = [Domain("api.example.com"), Domain("id.example.com", 8443), Domain("xn--bcher-kva.example")]
BOTH = [Domain("api.example.com"), Domain("api.example.com", 8443), Domain("api.example.com", 9443)]


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com",
        " https://api.example.com/v2/stops?a=b c#d ",
        "HTTPS://API.example.com/",
        "https://api.example.com:443/",
        "https://api.example.com:/",
        "https://id.example.com:8443/token",
        "https://bücher.example/ä",
        "https://api.example.com/http://evil.example@x",
    ],
)
def test_allows(url: str) -> None:
    found = verdict(url, REQUEST, LIST)

    assert found.allowed
    assert [check.ok for check in found.checks] == [True, True, True]


@pytest.mark.parametrize(
    ("url", "checks", "words"),
    [
        ("http://api.example.com/", [False, True, True], "Scheme is http, but wx.request only supports https."),
        ("wss://api.example.com/", [False, True, True], "Scheme is wss"),
        ("https://api.example.com.evil.example/", [True, False], "is not in the request list"),
        ("https://sub.api.example.com/", [True, False], "is not in the request list"),
        ("https://example.com/", [True, False], "example.com is not in the request list."),
        ("https://127.0.0.1/", [True, False], "IP addresses aren’t supported"),
        ("https://api.example.com./", [True, False], "dot at the end"),
        ("https://a b.example/", [True, False], "Remove the space"),
        ("https:///", [True, False], "domain is missing"),
        ("https://api.example.com:8443/", [True, True, False], "allowed without a port, but the URL has port 8443."),
        ("https://api.example.com:80/", [True, True, False], "but the URL has port 80."),
        ("https://id.example.com/", [True, True, False], "only allowed with port 8443, but the URL has no port."),
        ("https://id.example.com:443/", [True, True, False], "but the URL has no port."),
        ("api.example.com/v2", [], "A URL must start with its scheme"),
        ("", [], "A URL must start with its scheme"),
        ("//api.example.com", [], "A URL must start with its scheme"),
        ("https://user@api.example.com/", [], "user name"),
        ("https://evil.example\\@api.example.com/", [], "backslash"),
        ("https://api.example.com\\.evil.example/", [], "backslash"),
        ("https://api.exa\tmple.com/", [], "control character"),
        ("https://api.example.com:08443/", [], "isn’t a valid port"),
        ("https://[::1]/", [], "IP addresses"),
    ],
)  # fmt: skip
def test_blocks_and_says_why(url: str, checks: list[bool], words: str) -> None:
    found = verdict(url, REQUEST, LIST)

    assert not found.allowed
    assert [check.ok for check in found.checks] == checks
    assert words in found.words


def test_a_host_may_stand_there_with_several_ports() -> None:
    assert verdict("https://api.example.com/", REQUEST, BOTH).allowed
    assert verdict("https://api.example.com:9443/", REQUEST, BOTH).allowed
    assert verdict("https://api.example.com:1/", REQUEST, BOTH).words == (
        "This domain is only allowed without a port and with ports 8443, 9443, but the URL has port 1."
    )


def test_sockets_are_allowed_on_any_port() -> None:
    for port in ("", ":443", ":9000"):
        assert verdict(f"wss://api.example.com{port}/live", SOCKET, LIST).allowed
    assert not verdict("ws://api.example.com/live", SOCKET, LIST).allowed


HOSTS = st.sampled_from(["api.example.com", "id.example.com", "a.b.example", "example.com"])
PORTS = st.sampled_from([None, 80, 443, 8443, 65535])


@given(
    kind=st.sampled_from(list(DomainType)),
    entries=st.lists(st.tuples(HOSTS, PORTS), max_size=4),
    scheme=st.sampled_from(["https", "wss", "http", "ws", "HTTPS", "WSS"]),
    host=HOSTS,
    port=PORTS,
    rest=st.text(st.characters(blacklist_categories=["Cc", "Cs"], blacklist_characters="\\"), max_size=10),
)
def test_agrees_with_the_rule_as_written(
    kind: DomainType, entries: list[tuple[str, int | None]], scheme: str, host: str, port: int | None, rest: str
) -> None:
    """D-1, for URLs put together from known parts: nothing is parsed to know what must come out."""
    shown = [f"{name}{'' if number is None or kind == SOCKET else f':{number}'}" for name, number in entries]
    domains = {normalise(line, kind, OWN) for line in shown}
    url = f"{scheme}://{host}{'' if port is None else f':{port}'}/{rest}"

    if kind == SOCKET:
        expected = scheme.lower() == "wss" and any(name == host for name, _number in entries)
    else:
        bare, listed = (443, None), [number for name, number in entries if name == host]
        fits = any(number in bare if port in bare else number == port for number in listed)
        expected = scheme.lower() == "https" and fits

    assert verdict(url, kind, domains).allowed is expected


PIECES = ["https:", "//", "/", "api.example.com", "evil.example", "@", ":", "443", "8443", "\\", "#", "?", ".", "%2e",
          " ", "\t", "。", "／", "＠", "[", "]"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_what_is_allowed_is_so_for_another_parser_too(url: str) -> None:
    if verdict(url, REQUEST, [Domain("api.example.com")]).allowed:
        parts = urlsplit(url.strip())
        assert (parts.scheme, to_ascii(parts.hostname or "")) == ("https", "api.example.com")
        assert parts.port in (None, 443)
        assert parts.username is None

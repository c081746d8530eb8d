"""No address that a person typed leads into our own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from console.base.core import egress

pytestmark = pytest.mark.usefixtures("no_running_loop")

LOCAL = ["127.0.0.0/8", "::1/128"]


@pytest.fixture(autouse=True)
def nothing_allowed(settings):
    settings.EGRESS_ALLOWED = []


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",  # shared by a provider's customers
        "100.100.100.200",  # metadata of a cloud
        "127.0.0.1",
        "168.63.129.16",  # metadata of another
        "169.254.169.254",  # and of most
        "172.16.0.1",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a00:1",  # NAT64 of 10.0.0.1
        "64:ff9b:1::a00:1",
        "2002:a00:1::",  # 6to4 of 10.0.0.1
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ],
)
def test_not_public(address):
    assert egress.is_public(ipaddress.ip_address(address)) is False


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::"]
)
def test_public(address):
    assert egress.is_public(ipaddress.ip_address(address)) is True


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://messages.example.com/inbox", ""),
        ("https://messages.example.com:8443/inbox?a=1", ""),
        ("https://1.1.1.1/", ""),
        ("https://[2606:4700::1111]/", ""),
        ("", egress.NOT_HTTPS),
        ("messages.example.com", egress.NOT_HTTPS),
        ("ftp://messages.example.com/", egress.NOT_HTTPS),
        ("file:///etc/passwd", egress.NOT_HTTPS),
        ("http://messages.example.com/", egress.NOT_HTTPS),
        ("http://1.1.1.1/", egress.NOT_HTTPS),
        ("https://", egress.NOT_AN_ADDRESS),
        ("https://:443/", egress.NOT_AN_ADDRESS),
        ("https://a b/", egress.NOT_AN_ADDRESS),
        ("https://a\n.example.com/", egress.NOT_AN_ADDRESS),
        ("https://a\x00.example.com/", egress.NOT_AN_ADDRESS),
        ("https://[::1/", egress.NOT_AN_ADDRESS),
        ("https://example.com:99999/", egress.NOT_AN_ADDRESS),
        ("https://me@example.com/", egress.USERINFO),
        ("https://me:secret@example.com/", egress.USERINFO),
        ("https://@example.com/", egress.USERINFO),
        ("https://localhost/", egress.PRIVATE),
        ("https://127.0.0.1/", egress.PRIVATE),
        ("https://127.1/", egress.PRIVATE),
        ("https://2130706433/", egress.PRIVATE),
        ("https://0x7f000001/", egress.PRIVATE),
        ("https://0177.0.0.1/", egress.PRIVATE),
        ("https://[::ffff:127.0.0.1]/", egress.PRIVATE),
        ("https://169.254.169.254/latest/meta-data/", egress.PRIVATE),
    ],
)
def test_why_not(url, reason):
    assert egress.why_not(url) == reason


def test_allowed_networks_may_be_private_and_plain(settings):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8", "10.20.0.0/16"]
    allowed = ["http://127.0.0.1:8105/good", "http://localhost/", "https://10.20.1.1/", "http://[::ffff:10.20.1.1]/"]
    assert [egress.why_not(url) for url in allowed] == [""] * 4
    assert egress.why_not("http://gateway.example.com/") == ""  # Its name may lead there; that is seen later.
    assert egress.why_not("http://10.21.0.1/") == egress.PRIVATE
    assert egress.why_not("http://1.1.1.1/") == egress.NOT_HTTPS


class Names(aiohttp.abc.AbstractResolver):
    """Answers with these addresses, one look-up after the other: a name that changes its mind."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    async def resolve(self, host, port=0, family=socket.AF_INET):
        found = self.answers.pop(0)
        return [{"hostname": host, "host": ip, "port": port, "family": family, "proto": 0, "flags": 0} for ip in found]

    async def close(self):
        pass


async def ask(url, *answers, times=1, close=True):
    """POST to the URL, for which names are looked up in `answers`; return the statuses, of a server on a free port."""

    async def answer(request):
        headers = {"Connection": "close"} if close else {}
        if request.path == "/away":
            return web.Response(status=302, headers={"Location": "http://127.0.0.2/", **headers})
        return web.Response(text=request.headers.get("Authorization", ""), headers=headers)

    runner = web.ServerRunner(web.Server(answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    try:
        async with egress.session(owner="team 1") as session:
            if answers:
                session.connector._resolver = Names(*answers)
                session.connector._use_dns_cache = False
            statuses = []
            for _ in range(times):
                async with session.post(url.format(port=port), data=b"{}", allow_redirects=False) as response:
                    statuses.append(response.status)
            return statuses
    finally:
        await runner.cleanup()


def refusal(url, *answers, **options):
    """Return the words of the refusal."""
    with pytest.raises(egress.EgressRefused) as caught:
        asyncio.run(ask(url, *answers, **options))
    return str(caught.value)


def test_connects_to_what_is_allowed(settings):
    settings.EGRESS_ALLOWED = LOCAL
    assert asyncio.run(ask("http://127.0.0.1:{port}/")) == [200]
    assert asyncio.run(ask("http://gateway.example.com:{port}/", ["127.0.0.1"])) == [200]


def test_no_literal_address_gets_around():
    assert refusal("http://127.0.0.1:{port}/") == "The address is in a private network"
    assert refusal("https://[::ffff:127.0.0.1]:{port}/") == "The address is in a private network"


def test_what_a_name_leads_to_is_checked():
    assert refusal("https://gateway.example.com:{port}/", ["127.0.0.1"]) == "The address is in a private network"
    assert refusal("https://gateway.example.com:{port}/", ["10.0.0.1", "192.168.0.1"]) == (
        "The address is in a private network"
    )


@pytest.mark.parametrize("addresses", [["127.0.0.1", "1.1.1.1"], ["::1", "1.1.1.1"], ["1.1.1.1", "::1"]])
def test_a_refusal_among_other_failures_is_told(settings, addresses):
    """Of several addresses each fails in its own way; aiohttp puts the words together."""
    settings.EGRESS_ALLOWED = ["10.20.0.0/16"]
    words = refusal("http://gateway.example.com:{port}/", addresses)
    assert words in ("The address is in a private network", "The address must begin with https://")


def test_a_refused_address_beside_one_where_nobody_listens(settings):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    assert refusal("https://gateway.example.com:1/", ["::1", "127.0.0.1"]) == "The address is in a private network"


@pytest.mark.parametrize("error", [aiohttp.ClientOSError, None])
def test_a_refusal_is_told_however_it_is_wrapped(error):
    """As ClientConnectorError, or as plain ClientOSError with the refusal as its cause."""

    async def handler(request):
        try:
            egress._open((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.1", 443)))
        except OSError as refused:
            key = aiohttp.client_reqrep.ConnectionKey("gateway.example.com", 443, True, True, None, None, None)
            raise (error(*refused.args) if error else aiohttp.ClientConnectorError(key, refused)) from refused

    async def go():
        await egress._guard(SimpleNamespace(url=URL("https://gateway.example.com/"), headers={}), handler)

    with pytest.raises(egress.EgressRefused, match="private network"):
        asyncio.run(go())


def test_a_name_that_changes_its_mind_is_checked_again(settings):
    settings.EGRESS_ALLOWED = ["127.0.0.1/32"]
    words = refusal("http://gateway.example.com:{port}/", ["127.0.0.1"], ["127.0.0.2"], times=2)
    assert words == "The address is in a private network"


def test_plain_http_goes_to_allowed_networks_only(settings):
    settings.EGRESS_ALLOWED = LOCAL
    assert refusal("http://gateway.example.com:{port}/", ["1.1.1.1"]) == "The address must begin with https://"


def test_no_other_scheme_and_no_password(settings):
    settings.EGRESS_ALLOWED = LOCAL
    words = refusal("http://me:secret@127.0.0.1:{port}/")
    assert words == "The address must not contain a user name or a password"


def test_redirects_are_left_alone(settings):
    settings.EGRESS_ALLOWED = LOCAL
    assert asyncio.run(ask("http://127.0.0.1:{port}/away")) == [302]


def test_proxies_of_the_environment_mean_nothing(settings, monkeypatch):
    settings.EGRESS_ALLOWED = LOCAL
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert asyncio.run(ask("http://127.0.0.1:{port}/")) == [200]

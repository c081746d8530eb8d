"""Whom `mpc` trusts: a console whose certificate a company signs itself, and proxies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import free_port
from tests.tls_server import https_server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a web server that has nothing, with a certificate for 127.0.0.1 by nobody."""
    with https_server(tmp_path) as address:
        yield address


@pytest.mark.parametrize("command", [("whoami",), ("login", "--no-browser")])
def test_a_certificate_by_nobody_ends_it_at_once(mpc, server, command):
    ran = mpc(*command, MPC_URL=server, MPC_TOKEN="mpc_none", MPC_RETRY_SECONDS="180")
    assert ran.code == 4
    assert "certificate is not trusted (self-signed certificate)" in ran.err
    assert "SSL_CERT_FILE" in ran.err
    assert "Trying again" not in ran.err


def test_a_company_s_authority_is_named_by_a_variable(mpc, server, tmp_path):
    """The server is asked then, and is no console."""
    trusted = {"MPC_TOKEN": "mpc_none", "SSL_CERT_FILE": str(tmp_path / "cert.pem")}
    ran = mpc("whoami", MPC_URL=server, **trusted)
    assert ran.code == 4
    assert "answered 501, and not as a console does" in ran.err
    elsewhere = mpc("whoami", MPC_URL=server.replace("127.0.0.1", "localhost"), **trusted)
    assert elsewhere.code == 4
    assert "certificate is not valid for 'localhost'" in elsewhere.err
    assert "SSL_CERT_FILE" not in elsewhere.err


@pytest.mark.parametrize("proxy", ["ftp://proxy:3128", "socks5://proxy:1080"])
def test_a_proxy_that_is_none_is_named(mpc, server, proxy):
    ran = mpc("whoami", MPC_URL=server, MPC_TOKEN="mpc_none", HTTPS_PROXY=proxy)
    assert ran.code == 2
    assert "HTTPS_PROXY" in ran.err


@pytest.mark.django_db(transaction=True)
def test_a_token_goes_through_no_proxy_to_a_console_on_this_machine(program, pipeline):
    """To http on this machine: a proxy would read it."""
    proxy = f"http://127.0.0.1:{free_port()}"
    proxies = {"HTTP_PROXY": proxy, "http_proxy": proxy, "ALL_PROXY": proxy, "MPC_RETRY_SECONDS": "0"}
    assert pipeline("read").done("whoami", "--json", **proxies).json["name"] == "release"

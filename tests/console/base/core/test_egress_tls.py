"""A gateway that can't prove its name, or speaks only what is broken, gets nothing."""

from __future__ import annotations

import asyncio
import ssl

import aiohttp
import pytest
from aiohttp import web

from console.base.core import egress
from tests.tls_server import self_signed

pytestmark = pytest.mark.usefixtures("no_running_loop")


async def ask(context: ssl.SSLContext) -> tuple[Exception | None, int]:
    """Post to a server with this context; return what was raised, and how many requests arrived."""
    arrived = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        return web.Response()

    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with egress.session(owner="team 1", timeout=aiohttp.ClientTimeout(total=20)) as session:
            await session.post(f"https://127.0.0.1:{port}/", data=b"secret")
    except aiohttp.ClientError as error:
        return error, arrived
    finally:
        await runner.cleanup()
    return None, arrived


@pytest.fixture
def context(settings, tmp_path):
    settings.EGRESS_ALLOWED = ["127.0.0.0/8"]
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*self_signed(tmp_path))
    return made


def test_a_certificate_that_nobody_vouches_for(context):
    error, arrived = asyncio.run(ask(context))
    assert isinstance(error, aiohttp.ClientConnectorCertificateError)
    assert arrived == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_a_version_of_tls_that_is_broken(context):
    assert egress.tls().minimum_version == ssl.TLSVersion.TLSv1_2
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    error, arrived = asyncio.run(ask(context))
    assert isinstance(error, aiohttp.ClientConnectorError)
    assert arrived == 0

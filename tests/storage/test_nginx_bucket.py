"""Debian's nginx with the shipped configuration, which sends packages from a bucket (R-2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from console.local.pytest_plugin import NO_NGINX
from releases.models import Package
from tests import factories, faulty_server, stored
from tests.console.api.device.asking import authorization
from tests.console.api.device.serving import up_to_date
from tests.console.platform.servers import serve
from tests.console.platform.test_nginx import ask
from tests.faulty_server import Faulty
from tests.nginx import ENVIRONMENT, executable, nginx
from tests.object_storage import storage_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(executable() is None, reason=NO_NGINX),
    # A server of the console and nginx cost more than all else here.
    pytest.mark.skipif(not settings.STORAGE_URL, reason="make test-storage"),
]


class Site(NamedTuple):
    """nginx's port and folder, the port of the console's process for devices, and what is before the bucket."""

    https: int
    folder: Path
    devices: int
    network: Faulty
    url: str


@pytest.fixture(scope="module")
def site(django_db_setup: None, server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("nginx")
    with faulty_server.before(server) as network:
        url = storage_url(network.address, "behind-nginx")
        ours = {**ENVIRONMENT, "STORAGE_URL": url, "PACKAGE_ACCEL_PREFIX": "/object-storage/"}
        with serve("runtime", ours, threads=2) as devices:
            with nginx(folder, web=devices.port, devices=devices.port, bucket=network.address) as (https, _plain):
                yield Site(https, folder, devices.port, network, url)


@pytest.fixture
def package(site: Site, monkeypatch: pytest.MonkeyPatch) -> Package:
    """The one that is online, in the bucket that the server uses."""
    stored.use(monkeypatch, site.url)
    site.network.fail("passes")
    binding = factories.make_binding(factories.make_program())
    factories.make_online(binding.mini_program)
    up_to_date(f"http://127.0.0.1:{site.devices}")
    return Package.objects.get()


def get(site: Site, package: Package, method: str = "GET", query: str = "", **headers: str):
    application = package.versions.get().mini_program.bindings.get().application
    path = f"/runtime/v1/packages/{package.sha256}.apkg{query}"
    return ask(site.https, method, path, **{"Authorization": authorization(application), **headers})


def test_it_says_what_the_console_says(site: Site, package: Package) -> None:
    with package.file.open("rb") as file:
        content = file.read()
    etag, size = f'"{package.sha256}"', package.size
    status, headers, body = get(site, package, query="?trial_token=not-for-others", Cookie="a=b")
    assert (status, body) == (200, content)
    said = ("etag", "cache-control", "content-type", "content-length", "accept-ranges", "x-content-type-options")
    assert [headers[name] for name in said] == [
        etag,
        "private, max-age=31536000, immutable",
        "application/octet-stream",
        str(size),
        "bytes",
        "nosniff",
    ]
    assert {name for name in headers if name.startswith("x-package")} == set()
    assert get(site, package, **{"If-None-Match": etag})[0] == 304
    status, headers, body = get(site, package, Range="bytes=3-9", **{"If-Range": etag})
    assert (status, body, headers["content-range"], headers["etag"]) == (206, content[3:10], f"bytes 3-9/{size}", etag)
    assert get(site, package, Range="bytes=3-9", **{"If-Range": '"other"'})[0] == 200
    status, headers, _ = get(site, package, Range="bytes=99999999-")
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")
    status, headers, body = get(site, package, "HEAD")
    assert (status, headers["content-length"], body) == (200, str(size), b"")


def test_nobody_gets_to_the_bucket_past_the_console(site: Site, package: Package) -> None:
    """And what a device sends does not get there: the bucket has a log of its own."""
    prefix = urlsplit(site.url).path
    site.network.requests.clear()
    path = f"/object-storage/console-tests{prefix}/packages/{package.file.name}"
    assert (ask(site.https, "GET", path)[0], site.network.requests) == (503, [])
    get(site, package, query="?trial_token=not-for-others", Cookie="session=secret")
    # The console has asked whether the file is there, by itself.
    sent = b"".join(site.network.requests).lower()
    assert b"get /console-tests/behind-nginx/packages/" in sent
    assert [word for word in (b"trial_token", b"not-for-others", b"cookie", b"basic ") if word in sent] == []


@pytest.mark.parametrize("way", ["refuses", "is overloaded"])
def test_a_bucket_that_is_away(site: Site, package: Package, way) -> None:
    """Seen by the console a moment ago, so it is nginx that finds out."""
    assert get(site, package)[0] == 200
    site.network.fail(way)
    status, headers, body = get(site, package)
    assert (status, headers["retry-after"], b"package_missing" in body) == (503, "60", True)
    assert "X-Amz" not in "".join(log.read_text() for log in (site.folder / "log").iterdir())

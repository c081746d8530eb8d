"""The bucket as a storage: write-once, and OSError in time whatever the network and the server do."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from io import BytesIO
from pathlib import Path

import pytest
import requests
from django.core.exceptions import ImproperlyConfigured

from console import storage_url
from console.base.core import object_storage
from console.base.core.object_storage import ObjectStorage
from tests.faulty_server import Faulty, Way
from tests.object_storage import storage_url as address_of
from tests.tls_server import https_server

NAME = f"ab/{'ab' * 32}.apkg"
LARGE = os.urandom(300_000)
AWAY = (errno.ETIMEDOUT, errno.EHOSTDOWN)


def read(storage: ObjectStorage, name: str = NAME) -> bytes:
    with storage.open(name) as file:
        content: bytes = file.read()
    return content


def test_a_name_is_written_once(storage: ObjectStorage) -> None:
    for _ in range(2):
        storage.put(NAME, BytesIO(LARGE))
    for other in (LARGE[:-1], LARGE + b".", b"", LARGE[:-1] + b"."):
        with pytest.raises(FileExistsError, match="other bytes"):
            storage.put(NAME, BytesIO(other))
    assert read(storage) == LARGE


def test_a_server_that_knows_no_conditional_writes(storage: ObjectStorage, network: Faulty) -> None:
    network.fail("knows no conditions")
    for _ in range(2):
        storage.put(NAME, BytesIO(LARGE))
    with pytest.raises(FileExistsError):
        storage.put(NAME, BytesIO(b"other"))
    assert read(storage) == LARGE


def test_what_is_read(storage: ObjectStorage) -> None:
    storage.put(NAME, BytesIO(LARGE))
    assert (storage.size(NAME), storage.exists(NAME), storage.listdir("")) == (len(LARGE), True, (["ab"], []))
    assert b"".join(storage.part(NAME, range(7, 200_000))) == LARGE[7:200_000]
    storage.check(NAME, len(LARGE))
    for wrong in (lambda: storage.check(NAME, 7), lambda: storage.part(NAME, range(len(LARGE) + 1))):
        with pytest.raises(OSError, match=f"{len(LARGE)} bytes instead of"):
            wrong()
    for ask in (storage.size, storage.get_modified_time, read, lambda name: storage.part(name, range(1))):
        with pytest.raises(FileNotFoundError):
            ask(storage, "no") if ask is read else ask("no")
    storage.delete(NAME)
    storage.delete(NAME)
    assert not storage.exists(NAME)


def test_a_signed_address(storage: ObjectStorage, network: Faulty) -> None:
    """It says of the file what we say; devices may know the bucket by another name."""
    storage.put(NAME, BytesIO(LARGE))
    reply = requests.get(storage.link(NAME, seconds=60, public=True), headers={"Range": "bytes=1-3"}, timeout=10)
    assert (reply.status_code, reply.content) == (206, LARGE[1:4])
    said = ("Content-Type", "Cache-Control", "Content-Disposition")
    assert [reply.headers[name] for name in said] == [
        "application/octet-stream",
        "private, max-age=31536000, immutable",
        f'attachment; filename="{NAME[3:]}"',
    ]
    storage.public_endpoint = "https://packages.example.com"
    public, ours = (storage.link(NAME, seconds=60, public=public) for public in (True, False))
    assert (public.partition("/console-tests/")[0], ours.partition("/console-tests/")[0]) == (
        "https://packages.example.com",
        network.address,
    )
    assert "X-Amz-Expires=60&" in public


@pytest.mark.parametrize("way", ["refuses", "is silent", "is overloaded"])
def test_nobody_waits_for_one_that_is_away(
    storage: ObjectStorage, network: Faulty, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two calls fail, each tried twice; then nobody asks for a while, and then it is there again."""
    storage.put(NAME, BytesIO(LARGE))
    network.fail(way)
    for ask in (storage.size, lambda name: storage.put(name, BytesIO(LARGE)), storage.exists, storage.open):
        with pytest.raises(OSError) as raised:
            ask(NAME)
        assert raised.value.errno in AWAY
    assert network.connections == 2 * object_storage.TRIES
    network.fail("passes")
    storage._away_until = 0.0
    assert storage.size(NAME) == len(LARGE)


def test_a_silent_one_holds_two_threads(
    storage: ObjectStorage, network: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of eight that ask; and when it is known to be away, one that finds out whether it is back."""
    storage.put(NAME, BytesIO(LARGE))
    monkeypatch.setattr(object_storage, "PATIENCE", 0)
    monkeypatch.setattr(object_storage, "AWAY_SECONDS", 60)
    network.fail("is silent")

    def ask(_number: int) -> bool:
        try:
            return storage.exists(NAME)
        except OSError:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(ask, range(8)))
        assert network.connections == object_storage.AT_ONCE * object_storage.TRIES
        network.fail("is silent")
        storage._away_until = 0.0
        assert not any(pool.map(ask, range(8)))
    assert network.connections == object_storage.TRIES


def test_an_upload_that_breaks_off_goes_on_or_leaves_nothing(storage: ObjectStorage, network: Faulty) -> None:
    network.fail("cuts uploads")
    with pytest.raises(OSError):
        storage.put(NAME, BytesIO(LARGE))
    network.fail("passes")
    assert not storage.exists(NAME)
    storage._client(storage.endpoint_url).meta.client.close()  # the connections that are kept
    network.fail("cuts uploads", times=1)
    storage.put(NAME, BytesIO(LARGE))
    assert read(storage) == LARGE


def test_a_download_that_breaks_off_goes_on_once(storage: ObjectStorage, network: Faulty) -> None:
    storage.put(NAME, BytesIO(LARGE))
    network.fail("cuts answers", times=1)
    part = storage.part(NAME, range(10, len(LARGE)))
    assert b"".join(part) == LARGE[10:]
    part.close()
    network.fail("cuts answers")
    with pytest.raises(OSError, match="broke off"):
        b"".join(storage.part(NAME, range(len(LARGE))))
    with pytest.raises(OSError):
        read(storage)


def test_what_the_probe_learns(storage: ObjectStorage, network: Faulty) -> None:
    assert (storage.fault(), storage.fault()) == ("", "")
    assert storage.listdir("") == ([], [])  # its object is beside the packages
    assert methods(network) == ["PUT", "HEAD", "GET"]
    storage.bucket_name = "no-such-bucket"
    with pytest.raises(FileNotFoundError, match="404"):
        storage.fault()


def test_a_bucket_that_can_not_be_written_any_more_is_noticed(
    storage: ObjectStorage, network: Faulty, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage.fault()
    network.fail("cuts uploads")
    with pytest.raises(OSError):
        storage.put(NAME, BytesIO(LARGE))
    network.fail("passes")
    network.requests.clear()
    storage.fault()  # after the upload that failed
    monkeypatch.setattr(object_storage, "WRITTEN_SECONDS", 0.0)
    storage._written_until = 0.0
    storage.fault()
    storage.fault()  # WRITTEN_SECONDS later
    assert methods(network) == ["PUT", "PUT", "PUT"]


def methods(network: Faulty) -> list[str]:
    """What the server was asked."""
    return [request.partition(b" ")[0].decode() for request in network.requests]


# STORAGE_URL ------------------------------------------------------------------------------------------------------


def test_what_the_url_says() -> None:
    url = "s3://KEY:a%2Fb@packages/one/two/?endpoint=https://s3.example.com/&region=eu-1&addressing=virtual&public=http://b:9"
    found = storage_url.bucket(url)["packages"]["OPTIONS"]
    assert found == {
        "access_key": "KEY",
        "secret_key": "a/b",
        "bucket_name": "packages",
        "location": "one/two/packages",
        "probe": "one/two/probe",
        "endpoint_url": "https://s3.example.com",
        "public_endpoint": "http://b:9",
        "region_name": "eu-1",
        "addressing_style": "virtual",
    }
    plain = storage_url.bucket("s3://packages")["default"]["OPTIONS"]
    assert (plain["location"], plain["probe"], "access_key" in plain) == ("media", "probe", False)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://packages", "Write STORAGE_URL as s3://"),
        ("s3://", "Write STORAGE_URL as s3://"),
        ("s3://bucket/a b", "names may have letters"),
        ("s3://bucket?host=x", "STORAGE_URL has host. It may have endpoint"),
        ("s3://KEY@bucket", "the access key and the secret"),
        ("s3://bucket?endpoint=s3.example.com", "write endpoint as https://HOST"),
        ("s3://bucket?public=https://s3.example.com/path", "write public as https://HOST"),
        ("s3://bucket?addressing=dns", "addressing is path or virtual"),
    ],
)
def test_a_wrong_url(url: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words):
        storage_url.bucket(url)


@pytest.mark.parametrize(
    ("seconds", "url", "accel"),
    [(60, "", ""), (60, "s3://bucket", "/x/"), (3601, "s3://bucket", ""), (-1, "s3://b", "")],
)
def test_redirects_that_can_not_be(seconds: int, url: str, accel: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="PACKAGE_REDIRECT_SECONDS"):
        storage_url.redirect_seconds(seconds, url=url, accel=accel)
    assert storage_url.redirect_seconds(0, url=url, accel=accel) == 0


class Empty(BaseHTTPRequestHandler):
    """A bucket without anything, as far as HEAD can tell."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "AWS_CA_BUNDLE"])
def test_a_certificate_of_a_company_s_own_authority(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with https_server(tmp_path, Empty) as address:
        options = storage_url.bucket(address_of(address, "test"))["packages"]["OPTIONS"]
        with pytest.raises(OSError, match="certificate verify failed"):
            ObjectStorage(**options).exists(NAME)
        monkeypatch.setenv(variable, str(tmp_path / "cert.pem"))
        assert not ObjectStorage(**options).exists(NAME)

"""A bucket, and one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from console.base.core import object_storage
from console.base.core.object_storage import ObjectStorage
from console.storage_url import bucket
from tests import faulty_server, stored
from tests.faulty_server import Faulty
from tests.object_storage import s3_server, storage_url

_numbers = count()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The address of an S3 server."""
    with s3_server() as address:
        yield address


@pytest.fixture
def network(server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faulty]:
    """What lies between us and the server; it is waited for a moment only."""
    monkeypatch.setattr(object_storage, "READ", 0.5)
    with faulty_server.before(server) as faulty:
        yield faulty


@pytest.fixture
def url(network: Faulty) -> str:
    """STORAGE_URL of a place in the bucket that is the test's own."""
    return storage_url(network.address, f"test-{next(_numbers)}")


@pytest.fixture
def storage(url: str) -> ObjectStorage:
    """The storage of packages there."""
    return ObjectStorage(**bucket(url)["packages"]["OPTIONS"])


@pytest.fixture
def in_bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Packages and icons are there."""
    stored.use(monkeypatch, url)
    return url

"""One installation on two machines for all tests of this folder: it takes the better part of a minute to start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import nginx
from tests.cluster import machines, pgbouncer
from tests.cluster.machines import Cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make drill` take the long way."""
    parser.addoption("--long", action="store_true", help="five minutes without PostgreSQL, and more of the suite")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """Two machines."""
    if nginx.executable() is None or pgbouncer.executable() is None:
        pytest.skip(f"{pgbouncer.MISSING}, or no nginx")
    with machines.running(workers=1) as found:
        yield found

"""A real server, for modules of which many tests ask one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from tests.console.api.device.serving import Served, server, up_to_date


@pytest.fixture(scope="module")
def long_running(django_db_setup: None) -> Iterator[str]:
    """The address of a server that runs as long as the module; it has seen the rows of tests before."""
    with server() as address:
        yield address


@pytest.fixture
def served(transactional_db: None, long_running: str) -> Served:
    """Return what waits until that server knows all that is committed, and returns its address."""
    return partial(up_to_date, long_running)

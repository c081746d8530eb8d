"""Both log stores, each empty: ClickHouse where its engine is installed (`make test-clickhouse`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.utils import timezone

from devmgmt.logs.postgres import PostgresStore
from devmgmt.logs.store import LogStore

STORES = ["postgres", "clickhouse"] if find_spec("chdb") else ["postgres"]


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> LogStore:
    """The store on ClickHouse inside this process."""
    folder: Path = tmp_path_factory.mktemp("clickhouse")
    module = importlib.import_module("devmgmt.logs.clickhouse")
    store: LogStore = module.ClickHouseStore(f"chdb://{folder}")
    return store


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, db: None) -> Iterator[LogStore]:
    """A store without entries, with room for today's."""
    chosen = PostgresStore() if request.param == "postgres" else request.getfixturevalue("clickhouse")
    chosen.keep(at=timezone.now())
    yield chosen
    if request.param == "clickhouse":
        chosen._client.command("TRUNCATE TABLE log_entry")

"""Days of logs on ClickHouse: dropped whatever their size, and each for itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from devmgmt.logs.criteria import StoreAway
from tests.devmgmt.logs.test_store import criteria, entry

LARGEST = "max_partition_size_to_drop"


@pytest.fixture
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    """The store on ClickHouse, empty; skips where its engine is not installed."""
    pytest.importorskip("chdb")
    store = request.getfixturevalue("clickhouse")
    yield store
    store._client.set_client_setting(LARGEST, 0)
    store._client.command("TRUNCATE TABLE log_entry")


def test_a_day_is_dropped_however_large_it_is(store: Any) -> None:
    """ClickHouse refuses to drop what is larger than a limit, 50 GB unless its operator says otherwise."""
    now = timezone.now()
    store.write([entry(time=now - timedelta(days=days)) for days in (30, 20)])
    store._client.set_client_setting(LARGEST, 1)  # byte
    assert store.keep(at=now) == 2


def test_a_day_that_can_not_be_dropped_stops_no_other(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    days = [f"{now - timedelta(days=days):%Y%m%d}" for days in (30, 20)]
    store.write([entry(time=now - timedelta(days=days)) for days in (30, 20)])
    command = store._client.command

    def refusing(query: str, *args: Any, **options: Any) -> Any:
        return command(query.replace(days[0], "refused"), *args, **options)

    with monkeypatch.context() as server:
        server.setattr(store._client, "command", refusing)
        with pytest.raises(StoreAway):
            store.keep(at=now)
    left = store.latest(criteria(start=now - timedelta(days=99), end=now))
    assert [f"{each.time:%Y%m%d}" for each in left] == days[:1]
    assert store.keep(at=now) == 1

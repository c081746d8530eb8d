"""How large a store of logs is, for the page of sizes."""

from __future__ import annotations

from devmgmt.logs import postgres
from devmgmt.logs.store import LogStore
from tests.devmgmt.logs.test_store import entry


def test_says_how_large_it_is_unless_it_is_a_table_of_ours(store: LogStore) -> None:
    if isinstance(store, postgres.PostgresStore):
        assert store.size() is None
        return
    assert store.size() == (0, 0)
    store.write([entry(), entry()])
    size, entries = store.size() or (0, 0)
    assert (size > 0, entries) == (True, 2)

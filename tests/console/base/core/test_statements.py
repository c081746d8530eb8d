"""Statements of hot paths: planned once for a connection, with the errors that Django's own have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from console.base.core.statements import ask

DIVIDE = "SELECT %(one)s::int / %(two)s::int"


def prepared() -> list[str]:
    """What this connection keeps of them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [statement for (statement,) in cursor.fetchall() if "/ $2::int" in statement]


def test_planned_once(db: None) -> None:
    assert [ask(DIVIDE, {"one": number, "two": 2}) for number in (8, 6, 4)] == [[(4,)], [(3,)], [(2,)]]
    assert prepared() == ["SELECT $1::int / $2::int"]


@pytest.mark.parametrize("parameters", [{"one": 1, "two": 0}, {"one": "x", "two": 1}])
def test_errors_are_djangos(db: None, parameters: Mapping[str, Any]) -> None:
    with pytest.raises(DataError), transaction.atomic():
        ask(DIVIDE, parameters)
    with transaction.atomic():
        transaction.set_rollback(True)
        with pytest.raises(transaction.TransactionManagementError):
            ask(DIVIDE, {"one": 1, "two": 1})
    assert ask(DIVIDE, {"one": 1, "two": 1}) == [(1,)]


def test_queries_that_are_noted_are_seen(db: None) -> None:
    with CaptureQueriesContext(connection) as noted:
        assert ask(DIVIDE, {"one": 8, "two": 4}) == [(2,)]
    assert [query["sql"] for query in noted] == ["SELECT 8::int / 4::int"]

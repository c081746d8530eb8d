"""Statements that machines cause by the thousand: the database plans each once for a connection, not at each call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

from console import databases, roles

# A pooler gives each transaction another connection, and may not know what was prepared in the one before.
_prepares = not databases.is_pooled(roles.current())


def ask(statement: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a statement, which is a constant: it stays prepared as long as its connection lives.

    Where Django is asked to note its queries, and behind a pooler, it runs by Django's own cursor. Raises Django's
    errors of databases.
    """
    connection: Any = connections[DEFAULT_DB_ALIAS]
    connection.ensure_connection()
    if not _prepares or connection.execute_wrappers or connection.queries_logged:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return list(cursor.fetchall())
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        own = connection.connection
        own.prepare_threshold = 0  # Django's cursors never prepare, so this is about ours.
        cursor = psycopg.Cursor(own)
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())

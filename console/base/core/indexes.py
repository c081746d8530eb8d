"""Indexes that migrations build while everyone goes on (docs/upgrading.md)."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import ProjectState

IS_VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"
BUILDS = "SELECT EXISTS (SELECT FROM pg_stat_progress_create_index WHERE index_relid = to_regclass(%s))"
# How long a build of somebody else is awaited, and how often it is looked for. To wait for its lock would be a
# deadlock: it waits for the end of all transactions before.
LONGEST, PAUSE = 6 * 3600.0, 0.5


class AddIndexRepeatably(AddIndexConcurrently):
    """AddIndexConcurrently that can be run again after an interruption, whatever was left behind.

    That is an invalid index where the build ended in its middle, which PostgreSQL keeps. Where only the client ended,
    the server goes on: its build is awaited, and what it made is taken.
    """

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Build the index, unless it is there and valid. Raises NotSupportedError in a transaction."""
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            _wait_for_others(cursor, name)
            found = _is_valid(cursor, name)
        if found is False:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        if not found:
            super().database_forwards(app_label, schema_editor, from_state, to_state)


def _wait_for_others(cursor: Any, name: str) -> None:
    """Return when nobody builds the index any more, or after LONGEST."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        cursor.execute(BUILDS, [name])
        if not cursor.fetchone()[0]:
            return
        time.sleep(PAUSE)


def _is_valid(cursor: Any, name: str) -> bool | None:
    """Return whether the index can be used; None: there is none."""
    cursor.execute(IS_VALID, [name])
    found = cursor.fetchone()
    return found and bool(found[0])

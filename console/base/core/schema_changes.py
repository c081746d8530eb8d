"""What a migration may do while the code of the previous release is still running (docs/upgrading.md).

Old code leaves columns out that it does not know, and goes on reading and writing those that it does; and nobody may
wait behind a migration. `makemigrations` refuses to write what breaks this, and a test reads every migration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db.migrations import Migration
from django.db.migrations.operations import (
    AddConstraint,
    AddField,
    AddIndex,
    AlterField,
    CreateModel,
    DeleteModel,
    RemoveField,
    RenameField,
    RenameModel,
    RunSQL,
    SeparateDatabaseAndState,
)
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import NOT_PROVIDED, CheckConstraint, Field, ManyToManyField

RULE = (
    "During an upgrade the previous release runs on this schema. A new column needs db_default=… or null=True; what "
    "the previous release uses is removed one release later (docs/upgrading.md)."
)
FILL = "the previous release does not fill this column: give the field db_default=… or null=True"
FIT = "the previous release may write values that no longer fit: change the code now, the column a release later"
KEEP = "the previous release uses it: stop using it in the code now, and remove it one release later"
REWRITE = "this may lock the table while it is rewritten: add another column, and fill it in small steps"
CONCURRENTLY = (
    "the table can't be written while the index is built: use AddIndexRepeatably (core/indexes.py), alone in a "
    "migration with atomic = False"
)
UNIQUE = (
    "the table can't be written while the index is built: CREATE UNIQUE INDEX CONCURRENTLY by RunSQL, alone in a "
    "migration with atomic = False, and the constraint in the state only (SeparateDatabaseAndState)"
)
NOT_VALID = (
    "the table can't be used while its rows are checked: use AddConstraintNotValid, and ValidateConstraint in the next "
    "migration"
)
_COLUMN = r"(?:\([^()]*\)|[^,;()])*?"  # the rest of a column's definition, up to a word that follows
_ADD_COLUMN = r"\bADD\s+(?:COLUMN\s+)?(?!(?:CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE|VALUE)\b)"
# What plain SQL may not say, whatever its case.
STATEMENTS = (
    (rf"{_ADD_COLUMN}(?={_COLUMN}\bNOT\s+NULL\b)(?!{_COLUMN}\bDEFAULT\b)", FILL),
    (r"\bSET\s+NOT\s+NULL\b|\bDROP\s+DEFAULT\b", FILL),
    (r"\bDROP\s+(?:COLUMN|TABLE)\b|\bRENAME\s+(?:COLUMN|TO)\b", KEEP),
    (r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)", CONCURRENTLY),
    (r"\bADD\s+(?:CONSTRAINT\s+\S+\s+)?UNIQUE\b(?!\s+USING\b)", UNIQUE),
)


def objections(migration: Migration, state: ProjectState, created: set[tuple[str, str]]) -> list[str]:
    """Return what would break the previous release or block everyone, as “app.name: operation: why, and what to do”.

    `state` is the project's before the migration and becomes the one after it. `created` holds the models, as
    (app, name in lower case), that the previous release does not know; those that the migration makes are added.
    """
    found = []
    for operation in migration.operations:
        for part in _database_parts(operation):
            if isinstance(part, CreateModel):
                created.add((migration.app_label, part.name_lower))
            if why := _objection(part, migration.app_label, state, created):
                found.append(f"{migration.app_label}.{migration.name}: {part.describe()}: {why}")
        operation.state_forwards(migration.app_label, state)
    return found


def _database_parts(operation: Operation) -> Iterator[Operation]:
    if isinstance(operation, SeparateDatabaseAndState):
        for part in operation.database_operations:
            yield from _database_parts(part)
    else:
        yield operation


def _objection(operation: Operation, app: str, state: ProjectState, created: set[tuple[str, str]]) -> str:
    if isinstance(operation, RunSQL):
        return _about_sql(operation.sql)
    if (app, _model(operation)) in created:
        return ""
    if isinstance(operation, AddField) and not _filled_by_database(operation.field):
        return FILL
    if isinstance(operation, AlterField):
        before = state.models[app, operation.model_name_lower].fields[operation.name]
        return _about_change(before, operation.field)
    if isinstance(operation, RemoveField | DeleteModel | RenameField | RenameModel):
        return KEEP
    if isinstance(operation, AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return CONCURRENTLY
    if isinstance(operation, AddConstraint) and not isinstance(operation, AddConstraintNotValid):
        return NOT_VALID if isinstance(operation.constraint, CheckConstraint) else UNIQUE
    return ""


def _model(operation: Operation) -> str:
    """The model that it is about, in lower case; "" for none."""
    names = ("model_name_lower", "name_lower", "old_name_lower")
    return next((getattr(operation, name) for name in names if hasattr(operation, name)), "")


def _filled_by_database(field: Field[Any, Any]) -> bool:
    return isinstance(field, ManyToManyField) or field.null or field.db_default is not NOT_PROVIDED


def _about_change(before: Field[Any, Any], after: Field[Any, Any]) -> str:
    if _filled_by_database(before) and not _filled_by_database(after):
        return FILL
    if before.null and not after.null:
        return FIT
    types = before.get_internal_type(), after.get_internal_type()
    if types[0] != types[1]:
        return "" if types == ("CharField", "TextField") else REWRITE
    return FIT if (after.max_length or 0) < (before.max_length or 0) else ""


def _about_sql(sql: Any) -> str:
    """`sql` in any form that RunSQL takes: a string, or a list of strings and of (string, parameters)."""
    parts = [sql] if isinstance(sql, str) else [part if isinstance(part, str) else part[0] for part in sql]
    text = re.sub(r"--[^\n]*|/\*.*?\*/", " ", "\n".join(parts), flags=re.DOTALL)
    return next((why for pattern, why in STATEMENTS if re.search(pattern, text, re.IGNORECASE)), "")

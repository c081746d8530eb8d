"""Each column that the snapshot reads is noted when it changes: else devices would get stale answers (L-4, P-3)."""

from __future__ import annotations

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from console.api.device.snapshot import load

# What the snapshot reads and no trigger looks at, as it is written once. Primary keys go without saying.
WRITTEN_ONCE = {
    "grayscale_objectlist": {"kind", "key"},  # a list is added to a task or removed, never changed
    "releases_package": {"sha256", "size", "file"},
    "releases_version": {"major", "minor", "patch"},
}
TRIGGERS = """
    SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal AND tgfoid IN ('device_note_change'::regproc, 'device_note_condition'::regproc)
"""
USED = """
    SELECT DISTINCT table_name::text, column_name::text FROM information_schema.view_column_usage
    WHERE view_name LIKE 'looked_at_%%'
"""
COLUMNS = "SELECT column_name::text FROM information_schema.columns WHERE table_name = %s"


def columns_read() -> dict[str, set[str]]:
    """What `load` reads, as the database itself understands the statements: by a view of each."""
    with CaptureQueriesContext(connection) as queries:
        load()
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        for number, query in enumerate(queries):
            cursor.execute(f"SELECT * FROM ({query['sql']}) AS one LIMIT 0")
            names = ", ".join(f"c{column}" for column in range(len(cursor.description)))
            cursor.execute(f"CREATE VIEW looked_at_{number} ({names}) AS {query['sql']}")
        cursor.execute(USED)
        for table, column in cursor.fetchall():
            found.setdefault(table, set()).add(column)
    return found


def columns_noted() -> dict[str, set[str]]:
    """The columns whose change a trigger notes."""
    found: dict[str, set[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS)
        for table, trigger in cursor.fetchall():
            if "UPDATE" not in trigger.split(" ON ")[0]:
                continue
            cursor.execute(COLUMNS, [table])
            columns = {column for (column,) in cursor.fetchall()}
            compared = set(re.findall(r"\bold\.(\w+)", trigger))
            if ignored := re.search(r"to_jsonb\(old\.\*\) - '\{([^}]*)\}'", trigger):
                assert set(ignored[1].split(",")) <= columns, "a trigger ignores what is not there"
                compared = columns - set(ignored[1].split(","))
            elif "UPDATE OF" in trigger:  # As the only trigger of that kind compares the same column.
                assert compared == set(re.findall(r"UPDATE OF (\w+) ON", trigger))
            found.setdefault(table, set()).update(compared if " WHEN " in trigger else columns)
    return found


def test_what_the_snapshot_reads_is_noted(db: None) -> None:
    read, noted = columns_read(), columns_noted()
    missed = {table: columns - noted.get(table, set()) - {"id"} for table, columns in read.items()}
    assert {table: columns for table, columns in missed.items() if columns} == WRITTEN_ONCE
    assert {"starts_at", "networks", "keeps"} <= read["grayscale_grayscaletask"]  # The views do tell.

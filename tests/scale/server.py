"""A PostgreSQL of its own whose tables seem to be as large as `sizes` says.

The planner multiplies the density of rows in a table's statistics by the size of its file. So both are set: the
statistics by the functions that pg_upgrade uses, and the files by making them longer, which takes no room on the disk:
the new pages are holes, and PostgreSQL takes an empty page for one without rows. What was in the tables stays there, so
the console's own code can be run on them as well, only EXPLAIN believes in the rest.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
from psycopg import sql

from console.local import addresses, postgres
from console.local.process import stop_all
from tests.scale.sizes import DAYS, DISTINCT, ROWS

PAGE, SEGMENT = 8192, 1 << 30  # bytes
INDEXES = """
    SELECT index.indexrelid::regclass::text, pg_get_expr(index.indpred, index.indrelid) IS NOT NULL,
        (SELECT coalesce(sum(stats.avg_width), 8)::integer FROM pg_attribute AS key
         LEFT JOIN pg_stats AS stats ON stats.tablename = %(table)s AND stats.attname = key.attname
         WHERE key.attrelid = index.indexrelid)
    FROM pg_index AS index WHERE index.indrelid = %(table)s::regclass
"""
RELATION = """
    SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %(name)s::text, 'relpages', %(pages)s::integer,
        'reltuples', %(rows)s::real, 'relallvisible', %(visible)s::integer)
"""
ATTRIBUTE = """
    SELECT pg_restore_attribute_stats('schemaname', 'public', 'relname', %(table)s::text, 'attname', %(column)s::text,
        'inherited', false, 'null_frac', %(nulls)s::real, 'avg_width', %(width)s::integer, 'n_distinct',
        %(distinct)s::real{more})
"""


class Server:
    """PostgreSQL without autovacuum, in a folder that `grow` may reach into."""

    def __init__(self, base: Path) -> None:
        self.data, self._base = base / "postgres", base
        self._service = postgres.service(self.data, sockets=base, log=base / "postgres.log", durable=False)
        self.indexes: dict[str, int] = {}  # the bytes that those of a table seem to have
        self.url = addresses.database_url(sockets=base)

    def start(self) -> None:
        """Start it and wait until it answers."""
        postgres.prepare(self.data, sockets=self._base)
        self._service.start()
        postgres.wait_until_ready(self._service, sockets=self._base)

    def stop(self) -> None:
        """Stop it; everything is in its files then."""
        stop_all([self._service], patience=30)

    def grow(self) -> None:
        """Let the tables be as large as `sizes` says."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ANALYZE")
            files = {path: size for table in ROWS for path, size in self._grown(connection, table)}
            for (table, column), distinct in DISTINCT.items():
                _describe(connection, table, column, distinct=distinct)
            for (table, column), days in DAYS.items():
                _describe(connection, table, column, distinct=-0.9, days=days)
            connection.execute("CHECKPOINT")
        self.stop()
        for path, size in files.items():
            _lengthen(self.data / path, size)
        self.start()

    def _grown(self, connection: psycopg.Connection, table: str) -> Iterator[tuple[str, int]]:
        """Write the statistics of a table and its indexes; yield their files and how long each has to be."""
        rows, width = ROWS[table]
        yield _described(connection, table, rows=rows, size=rows * width)
        self.indexes[table] = 0
        for index, is_partial, key in connection.execute(INDEXES, {"table": table}).fetchall():
            entries = rows // 5 if is_partial else rows
            size = int(entries * (key + 16) / 0.7)
            self.indexes[table] += size
            yield _described(connection, index, rows=entries, size=size)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """Start one in a folder of its own, and name it in the environment; nothing is left in the end."""
    base = Path(tempfile.mkdtemp(prefix="console-scale-", dir="/tmp"))
    base.chmod(0o711)
    one = Server(base)
    before = os.environ.get("DATABASE_URL")
    try:
        one.start()
        os.environ["DATABASE_URL"] = one.url
        yield one
    finally:
        one.stop()
        shutil.rmtree(base, ignore_errors=True)
        os.environ.pop("DATABASE_URL")
        if before is not None:
            os.environ["DATABASE_URL"] = before


def _described(connection: psycopg.Connection, name: str, *, rows: int, size: int) -> tuple[str, int]:
    pages = max(size // PAGE, 1)
    values = {"name": name.strip('"'), "pages": pages, "rows": rows, "visible": int(pages * 0.9)}
    connection.execute(RELATION, values)
    (path,) = connection.execute("SELECT pg_relation_filepath(%s::regclass)", [name]).fetchone()  # type: ignore[misc]
    return path, pages * PAGE


def _describe(
    connection: psycopg.Connection, table: str, column: str, *, distinct: float, days: int | None = None
) -> None:
    """Say how many values a column has, and over how many days they are spread; none is commoner than others."""
    query = "SELECT null_frac, avg_width FROM pg_stats WHERE tablename = %s AND attname = %s"
    nulls, width = connection.execute(query, [table, column]).fetchone() or (0.0, 32)
    clear = sql.SQL("SELECT pg_clear_attribute_stats('public', {}, {}, false)")
    connection.execute(clear.format(sql.Literal(table), sql.Literal(column)))
    values = {"table": table, "column": column, "nulls": nulls, "width": width, "distinct": distinct}
    if days is None:
        connection.execute(ATTRIBUTE.format(more=""), values)
        return
    now = datetime.now(UTC)
    bounds = ",".join(f'"{now - timedelta(days=days) * (100 - n) / 100}"' for n in range(101))
    more = ", 'histogram_bounds', %(bounds)s::text, 'correlation', 0.5::real"
    connection.execute(ATTRIBUTE.format(more=more), {**values, "bounds": "{" + bounds + "}"})


def _lengthen(file: Path, size: int) -> None:
    """Make a relation's file `size` bytes long, in segments, as holes; one that is longer stays."""
    if file.stat().st_size >= size:
        return
    owner = file.stat()
    for number in range(-(-size // SEGMENT)):
        segment = file if number == 0 else file.with_name(f"{file.name}.{number}")
        with segment.open("ab") as written:
            written.truncate(min(SEGMENT, size - number * SEGMENT))
        os.chown(segment, owner.st_uid, owner.st_gid)
        segment.chmod(0o600)

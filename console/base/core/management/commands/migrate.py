"""`manage.py migrate`: Django's, which does not let everyone wait behind it on a busy database."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands import migrate
from django.db import DatabaseError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.errors import DeadlockDetected, LockNotAvailable

SECONDS = 5.0
# A migration that locks two tables and a page that reads both may wait for each other. PostgreSQL ends the one that
# looks first, which is to be the migration: it can be run again. A role may set this where it was granted to it.
DEADLOCK = "SELECT set_config('deadlock_timeout', {}, false) FROM pg_settings WHERE name = 'deadlock_timeout' AND {}"
MAY_SET = "has_parameter_privilege('deadlock_timeout', 'SET')"
LOOK_FIRST, LOOK_AS_EVER = (DEADLOCK.format(value, MAY_SET) for value in ("'50ms'", "reset_val || unit"))
# Who uses one of these tables, the longest transaction first.
USERS = """
SELECT class.relname, activity.pid, activity.application_name, activity.state,
    max(clock_timestamp() - activity.xact_start), left(activity.query, 120)
FROM pg_locks AS held
JOIN pg_class AS class ON class.oid = held.relation AND class.relkind IN ('r', 'p')
JOIN pg_stat_activity AS activity ON activity.pid = held.pid AND activity.datname = current_database()
-- The two views are not of one moment: a transaction may be over in the second one.
WHERE held.granted AND activity.pid <> pg_backend_pid() AND activity.xact_start IS NOT NULL AND class.relname = ANY(%s)
GROUP BY 1, 2, 3, 4, 6
ORDER BY 5 DESC
LIMIT 5
"""


class Command(migrate.Command):
    """Migrates; a lock that does not come within seconds ends it, and it can be run again.

    An ALTER TABLE that waits for its lock makes everyone else who needs the table wait behind it.
    """

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare Django's options and the patience."""
        super().add_arguments(parser)
        parser.add_argument(
            "--lock-timeout",
            type=float,
            default=SECONDS,
            metavar="SECONDS",
            help=f"how long to wait for a lock; 0: forever; default: {SECONDS:g}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate; raises CommandError with who uses the table that a statement waited for in vain."""
        seconds: float = options.pop("lock_timeout")
        connection = connections[options["database"]]
        waited: list[tuple[str, bool]] = []
        try:
            with _patience(connection, seconds, waited):
                super().handle(*args, **options)
        except OperationalError as error:
            if not waited:
                raise
            raise CommandError("\n".join(_explanation(connection, *waited[0], seconds))) from error


@contextlib.contextmanager
def _patience(connection: BaseDatabaseWrapper, seconds: float, waited: list[tuple[str, bool]]) -> Iterator[None]:
    """Bound the waiting for locks; `waited` gets the statement that waited in vain, and whether for each other.

    Other limits of a session, which are meant for pages, must not end a migration.
    """
    limit = f"SET lock_timeout = {round(seconds * 1000)}"

    def bounded(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
        # An index that is built concurrently holds nobody up while it waits for the transactions before it.
        concurrently = re.search(r"\bCONCURRENTLY\b", str(sql)) and not connection.in_atomic_block
        try:
            if concurrently:
                execute("SET lock_timeout = 0", None, False, context)
            return execute(sql, params, many, context)
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
                waited.append((str(sql), isinstance(error.__cause__, DeadlockDetected)))
            raise
        finally:
            if concurrently:
                execute(limit, None, False, context)

    with connection.cursor() as cursor:
        cursor.execute(f"{limit}; SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0")
        cursor.execute(LOOK_FIRST)
    try:
        with connection.execute_wrapper(bounded):
            yield
    finally:
        # After a failure inside somebody else's transaction the database takes all of it back anyway.
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout; RESET statement_timeout; RESET idle_in_transaction_session_timeout")
            cursor.execute(LOOK_AS_EVER)


def _explanation(connection: BaseDatabaseWrapper, statement: str, mutual: bool, seconds: float) -> Iterator[str]:
    """The lines that say what happened and what to do."""
    why = "and another session waited for each other" if mutual else f"got no lock within {seconds:g} s"
    yield f"The database was too busy. This statement {why}:"
    yield f"  {statement}"
    with connection.cursor() as cursor:
        cursor.execute(USERS, [re.findall(r"\w+", statement)])
        for table, pid, name, state, age, query in cursor.fetchall():
            yield f"  {table} is in use by process {pid} {name} ({state} for {age.total_seconds():.0f} s): {query}"
    yield "This migration was rolled back; earlier ones are kept. Run migrate again."

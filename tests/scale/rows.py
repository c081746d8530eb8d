"""`python -m tests.scale.rows [ROWS]`: the same with real rows: how long they are, how fast they are found and deleted.

Fills the tables of enrolments and reports of a database of its own, with commits that wait for the disk, and measures
at a hundredth of the rows and at all of them. Writes its table in docs/scale.md.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator

import psycopg

from console.local import throwaway
from tests.bench import stand

ROWS = 10_000_000
TASKS = 100
RUN_SECONDS = 20.0
ASKED = 2_000
OLD = "now() - interval '600 days'"
FILL = {
    "grayscale_claim": """
        INSERT INTO grayscale_claim
            (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
        SELECT 1 + n %% %(tasks)s, md5(n::text), now() - interval '500 days' + n * interval '1 ms', 1,
            '9.2.' || n %% 10,
            (ARRAY['android', 'ios'])[1 + n %% 2], 10 + n %% 8, (ARRAY['wifi', '5g', '4g'])[1 + n %% 3]
        FROM generate_series(%(first)s::bigint, %(last)s) AS n""",
    "grayscale_updatereport": """
        INSERT INTO grayscale_updatereport (version_id, guid, application_id, result, failures, reason, reported_at)
        SELECT 1 + n %% %(tasks)s, md5(n::text), 1, 'installed', 0, '',
            now() - interval '500 days' + n * interval '1 ms'
        FROM generate_series(%(first)s::bigint, %(last)s) AS n""",
}
ENDED = f"""
    INSERT INTO grayscale_grayscaletask (id, name, starts_at, ends_at, user_limit, networks, state, state_reason,
        state_since, keeps, revision, created_at, created_by_id, mini_program_id, version_id)
    SELECT n, 'task', {OLD}, now() - interval '450 days', 100000000, '{{}}', 'ended', 'end_time',
        now() - interval '450 days', false, 1, now(), 1, 1, 1
    FROM generate_series(1, {TASKS}) AS n"""
LOOK = "SELECT FROM grayscale_claim WHERE task_id = %s AND guid = md5(%s::text)"
NEW = """
    INSERT INTO grayscale_claim (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
    VALUES (%s, md5('new' || %s), now(), 1, '9', 'ios', '17', '5g') ON CONFLICT DO NOTHING"""
SIZES = """
    SELECT pg_table_size(%(table)s::regclass)::float8 / %(rows)s,
        pg_indexes_size(%(table)s::regclass)::float8 / %(rows)s
"""
Line = tuple[str, str, str]


def measure(connection: psycopg.Connection, rows: int) -> Iterator[Line]:
    """Yield what was measured, at a hundredth of `rows` and at all of them."""
    connection.execute("SET session_replication_role = replica")
    connection.execute(ENDED)
    few = rows // 100
    speeds = {}
    for first, last in ((1, few), (few + 1, rows)):
        for table, query in FILL.items():
            began = time.monotonic()
            connection.execute(query, {"tasks": TASKS, "first": first, "last": last})
            speeds[table] = (last - first + 1) / (time.monotonic() - began)
        connection.execute("VACUUM (ANALYZE) grayscale_claim")
        connection.execute("VACUUM (ANALYZE) grayscale_updatereport")
        yield f"an enrolled device is found, of {last:,}", *_milliseconds(connection, LOOK, last)
        yield f"a new enrolment, beside {last:,}", *_milliseconds(connection, NEW, last)
    for table, speed in speeds.items():
        heap, indexes = connection.execute(SIZES, {"table": table, "rows": rows}).fetchone()  # type: ignore[misc]
        yield f"`{table}`, a row", f"{heap:.0f} B", f"and {indexes:.0f} B of indexes"
        yield f"`{table}`, filled by one statement", f"{speed:,.0f} rows/s", "both indexes are kept meanwhile"


def _milliseconds(connection: psycopg.Connection, query: str, rows: int) -> tuple[str, str]:
    taken = []
    for n in range(ASKED):
        number = 1 + n * 7919 % rows
        began = time.perf_counter()
        connection.execute(query, [1 + number % TASKS, number])
        taken.append((time.perf_counter() - began) * 1000)
    median, slow = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
    return f"{median:.2f} ms", f"99 of 100 within {slow:.2f} ms"


def deleted() -> Iterator[Line]:
    """Yield how fast retention deletes, a step after the other for RUN_SECONDS, and what is left to VACUUM."""
    from django.db import connection
    from django.utils import timezone

    from console.base.core.retention import KINDS, Place

    for name in ("enrolments", "reports"):
        kind, steps = KINDS[name], 0
        gone, began = 0, time.monotonic()
        for rows in kind.steps(timezone.now(), kind.days, Place()):
            gone, steps = gone + rows, steps + 1
            if time.monotonic() - began > RUN_SECONDS:
                break
        seconds = time.monotonic() - began
        with connection.cursor() as cursor:
            vacuum = _seconds(lambda table=kind.table: cursor.execute(f"VACUUM {table}"))
        step = f"{1000 * seconds / steps:.0f} ms a step"
        yield f"retention of {name}", f"{gone / seconds:,.0f} rows/s", f"{step}; then VACUUM takes {vacuum:.0f} s"


def _seconds(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def main(rows: int) -> int:
    """Measure, print and write."""
    with throwaway.services(durable=True), stand.database() as environment:
        os.environ.update(environment)
        os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
        import django

        django.setup()
        from tests.scale import report

        with psycopg.connect(environment["DATABASE_URL"], autocommit=True) as connection:
            lines = list(measure(connection, rows))
        lines += deleted()
        facts = "; ".join(f"{fact}: {value}" for fact, value in report.machine().items())
        text = [f"`make scale-rows ROWS={rows}` on {facts}"]
        text += ["", "| what | measured | |", "|---|---:|---|", *(f"| {' | '.join(line)} |" for line in lines)]
        print("\n".join(text))
        report.put("rows", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1].replace(",", "").replace("_", "")) if sys.argv[1:] else ROWS))

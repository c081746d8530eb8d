"""Questions to the log store of PostgreSQL at 10,000,000 entries of one mini program in seven days (D-6), against the
same question as one writes it by hand, `SELECT * … WHERE … ORDER BY time DESC LIMIT 50`, on the same table.

The open day is half over. The console's own task has closed the days before and indexed the windows of the open one,
all but its last two hours; the table is vacuumed, as PostgreSQL does by itself. Both ask in turns, over one connection
each: the median of the rounds, in one process, with all that was asked for in the operating system's memory. Entries
are all the program's own: no other helps by being passed over. "Nothing" means that no entry fits, so that all of them
have to be looked through.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.bench import stand
from tests.bench.result import Result

MANY, FEW = 10_000_000, 1_000_000
ROUNDS, WORST_ROUNDS = 15, 5
PROGRAM = 1
NOW = datetime(2026, 1, 8, 12, tzinfo=UTC)
START = NOW - timedelta(days=7)
HOUR = NOW - timedelta(hours=1)
LATEST = "latest 50"
LATEST_AIM, USUAL_AIM, WORST_AIM = "about 1", "under 50 ms", "under 1,000 ms"
BLOCK = 1_000_000
FILL = """
INSERT INTO devmgmt_logentry (
    mini_program_id, time, id, level, application_id, guid, platform, os_version, page, filter_msg, trace_id,
    library_version, client_version, version, marks, message, error, lines
)
SELECT 1, %(start)s + n * interval '7 days' / %(entries)s, n,
       CASE WHEN n %% 20 = 0 THEN 10 WHEN n %% 7 = 0 THEN 6 ELSE 2 END, 1,
       '0302' || lpad((n * 7919 %% 50000)::text, 28, '0'), CASE WHEN random() < 0.3 THEN 'ios' ELSE 'android' END, '14',
       'pages/p' || floor(random() * 40) || '/index', 'order-' || n * 104729 %% 1000000, 'launch-' || n / 10,
       '3.7.' || floor(random() * 5), CASE WHEN random() < 0.6 THEN '8.3.1' ELSE '8.2.' || floor(random() * 4) END,
       '2.5.' || n * 3 / %(entries)s, 0, 'arrivals loaded 14 lines in 212 ms',
       CASE WHEN n %% 20 = 0 THEN 'TypeError: cannot read ' || n %% 37 ELSE '' END,
       '[[1764000000000,2,"open stop 4471"],[1764000000123,4,"no answer for line 12 ' || repeat('x', 100) || '"]]'
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
"""
IN_TIME = "mini_program_id = 1 AND time >= %(start)s AND time < %(end)s"
BY_HAND = f"SELECT * FROM devmgmt_logentry WHERE {IN_TIME} AND {{}} ORDER BY time DESC LIMIT 50"


@dataclass(frozen=True)
class Search:
    """Criteria, and the same in SQL."""

    name: str
    condition: str
    criteria: dict[str, Any] = field(default_factory=dict)
    is_worst: bool = False
    end: datetime = NOW


SEARCHES = [
    Search(LATEST, "true"),
    Search("errors", "level >= 8", {"level": 8}),
    Search("one system", "platform = 'ios'", {"platform": "ios"}),
    Search("one GUID", f"guid = '0302{777:028}'", {"guid": f"0302{777:028}"}),
    Search("one launch", "trace_id = 'launch-4711'", {"trace_id": "launch-4711"}),
    Search("one page link", "page LIKE 'pages/p7/%%'", {"page": "pages/p7/"}),
    Search("common filterMsg", "filter_msg LIKE '%%order-7%%'", {"filter_msg": "order-7"}),
    Search("rare filterMsg", "filter_msg LIKE '%%order-773121%%'", {"filter_msg": "order-773121"}),
    Search(
        "rare filterMsg, closed days",
        "filter_msg LIKE '%%order-773121%%'",
        {"filter_msg": "order-773121"},
        end=NOW.replace(hour=0),
    ),
    Search("one client version", "client_version = '8.2.1'", {"client_version": "8.2.1"}),
    Search(
        "warnings of a page, system and version",
        "level >= 4 AND page LIKE 'pages/p7/%%' AND platform = 'ios' AND client_version = '8.3.1'",
        {"level": 4, "page": "pages/p7/", "platform": "ios", "client_version": "8.3.1"},
    ),
    Search("nothing: page link", "page LIKE 'pages/none%%'", {"page": "pages/none"}, is_worst=True),
    Search("nothing: client version", "client_version = '9'", {"client_version": "9"}, is_worst=True),
    Search("nothing: filterMsg of 2", "strpos(filter_msg, 'zq') > 0", {"filter_msg": "zq"}, is_worst=True),
    Search("nothing: filterMsg", "filter_msg LIKE '%%nowhere%%'", {"filter_msg": "nowhere"}, is_worst=True),
    Search(
        "nothing: errors, filterMsg of 2",
        "level >= 8 AND strpos(filter_msg, 'zq') > 0",
        {"level": 8, "filter_msg": "zq"},
        is_worst=True,
    ),
    Search(
        "nothing: common filterMsg, page link",
        "filter_msg LIKE '%%order-77%%' AND page LIKE 'pages/none%%'",
        {"filter_msg": "order-77", "page": "pages/none"},
        is_worst=True,
    ),
    Search(
        "nothing: system, both versions, page link",
        "platform = 'ios' AND client_version = '8.2.1' AND library_version = '3.7.1' AND page LIKE 'pages/none%%'",
        {"platform": "ios", "client_version": "8.2.1", "library_version": "3.7.1", "page": "pages/none"},
        is_worst=True,
    ),
]
VERSIONS = "SELECT DISTINCT library_version, client_version FROM devmgmt_logentry WHERE mini_program_id = 1"
VOLUME = f"""
SELECT date_bin('1 minute', time, %(start)s), count(*) FILTER (WHERE level < 4),
       count(*) FILTER (WHERE level BETWEEN 4 AND 7), count(*) FILTER (WHERE level >= 8)
FROM devmgmt_logentry WHERE {IN_TIME} AND platform = 'ios' GROUP BY 1
"""
GROUPS = f"""
SELECT error, version, count(*), count(DISTINCT guid), min(time), max(time) FROM devmgmt_logentry
WHERE {IN_TIME} AND level >= 8 GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10
"""

Question = Callable[[], object]
Times = dict[str, tuple[float, float]]  # milliseconds of the console and by hand


def run() -> list[Result]:
    """Measure at both sizes and compare."""
    few, many = _measured(FEW), _measured(MANY)
    worst = {search.name for search in SEARCHES if search.is_worst}
    at_few = few[LATEST][0]
    results = [
        Result(LATEST, many[LATEST][0], "ms", f"at {FEW:,} entries", at_few, many[LATEST][0] / at_few, LATEST_AIM)
    ]
    for name, (ours, by_hand) in many.items():
        aim = WORST_AIM if name in worst else USUAL_AIM
        results.append(Result(name, ours, "ms", "SQL by hand", by_hand, ours / by_hand, aim))
    return results


def _measured(entries: int) -> Times:
    """Fill a new database and ask in a process of its own."""
    with stand.database() as environment:
        command = [sys.executable, "-m", "tests.bench.log_query", str(entries)]
        times: Times = json.loads(subprocess.check_output(command, env=environment | {"LOG_QUERY_SECONDS": "60"}))
    return times


def main(entries: int) -> Times:
    """Fill the database that the environment names, and ask."""
    import django

    django.setup()
    from devmgmt.logs import partitions

    partitions.make({(START + timedelta(days=day)).date() for day in range(8)})
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT setseed(0.5)")
        for first in range(0, entries, BLOCK):
            connection.execute(
                FILL,
                {"start": START, "entries": entries, "first": first, "last": min(first + BLOCK, entries) - 1},
            )
        partitions.keep(at=NOW)
        connection.execute("VACUUM ANALYZE devmgmt_logentry")
        connection.execute("CHECKPOINT")
        times: dict[str, list[tuple[float, float]]] = {}
        asked = _questions(connection)
        # The newest entries by themselves, since the worst searches of a round push all else out of the buffers.
        for questions in (asked[:1], asked[1:]):
            for number in range(-1, ROUNDS):
                for name, is_worst, ours, by_hand in questions:
                    if number < WORST_ROUNDS or not is_worst:
                        times.setdefault(name, []).append((_milliseconds(ours), _milliseconds(by_hand)))
    # The first round warms up.
    return {
        name: (statistics.median(ours for ours, _ in taken[1:]), statistics.median(by_hand for _, by_hand in taken[1:]))
        for name, taken in times.items()
    }


def _questions(connection: psycopg.Connection) -> list[tuple[str, bool, Question, Question]]:
    """Return what is asked: its name, whether it is one of the worst, of the console and by hand."""
    from devmgmt.logs.criteria import Criteria
    from devmgmt.logs.postgres import PostgresStore

    store = PostgresStore()

    def by_hand(query: str, start: datetime, end: datetime = NOW) -> Question:
        return lambda: connection.execute(query, {"start": start, "end": end}).fetchall()

    def latest(search: Search) -> Question:
        return lambda: store.latest(Criteria(PROGRAM, START, search.end, **search.criteria))

    asked = [
        (search.name, search.is_worst, latest(search), by_hand(BY_HAND.format(search.condition), START, search.end))
        for search in SEARCHES
    ]
    hour = Criteria(PROGRAM, HOUR, NOW)
    volume = Criteria(PROGRAM, HOUR, NOW, platform="ios")
    return [
        *asked,
        ("versions", False, lambda: store.versions(PROGRAM), by_hand(VERSIONS, START)),
        (
            "volume of an hour, one system",
            False,
            lambda: store.volume(volume, step=timedelta(minutes=1)),
            by_hand(VOLUME, HOUR),
        ),
        ("error groups of an hour", False, lambda: store.errors(hour), by_hand(GROUPS, HOUR)),
    ]


def _milliseconds(question: Question) -> float:
    began = time.perf_counter()
    question()
    return (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]))))

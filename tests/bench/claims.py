"""New places in a grayscale task against one counter for the whole task (G-5), 32 connections, one task.

Both are one function that inserts the user and then counts, in one round trip and one transaction; the reference
counts in a single row. PostgreSQL runs for this alone, on a file system in memory where there is one, with `fsync` on
and `commit_delay` 2,000 µs (`commit_siblings` 0): so every commit takes two milliseconds, as on a network disk,
whatever this machine's disk does. The first line says how long one really took.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from console.local import addresses, postgres
from console.local.process import stop_all
from tests.bench import stand
from tests.bench.result import Result

CONNECTIONS = 32
ROUNDS, SECONDS = 5, 2.0
SLOW = "-c commit_delay=2000 -c commit_siblings=0"
MEMORY = Path("/dev/shm")
LIMIT = 100_000_000
COUNTER = """
CREATE TABLE counter (task_id bigint PRIMARY KEY, capacity integer NOT NULL, taken integer NOT NULL DEFAULT 0)
WITH (fillfactor = 10);
CREATE FUNCTION counter_take(
    the_guid text, tasks bigint[], may_claim boolean[], the_application bigint,
    the_app_version text, the_platform text, the_os_version text, the_network text
) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO grayscale_claim
        (task_id, guid, claimed_at, application_id, app_version, platform, os_version, network)
        VALUES (tasks[1], the_guid, clock_timestamp(), the_application, the_app_version, the_platform, the_os_version,
                the_network)
        ON CONFLICT DO NOTHING;
    IF FOUND THEN
        UPDATE counter SET taken = taken + 1 WHERE task_id = tasks[1] AND taken < capacity;
    END IF;
    RETURN tasks[1];
END $$;
"""
TAKE = {
    "grayscale": b"SELECT grayscale_take(ARRAY[$1], ARRAY[$2], '{\"{t}\"}', '{1}', '{9}', '{ios}', '{17}', '{5g}')",
    "counter": b"SELECT counter_take($1, $2, '{t}', 1, '9.2.0', 'android', '14', 'wifi')",
}


def run() -> list[Result]:
    """Measure in turns, with slow commits and with quick ones."""
    with _server(), stand.database() as environment:
        url = environment["DATABASE_URL"]
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(COUNTER)  # type: ignore[arg-type]
        commit = _commit_milliseconds(url)
        slow, quick = _compared(url, SLOW), _compared(url, "")
    return [
        Result("one commit", commit, "ms", "as meant", 2.0, commit / 2.0, "about 1"),
        _result("new places, commits of 2 ms", slow, "at least 5 times"),
        _result("new places, commits that take no time", quick, "for information"),
    ]


@contextlib.contextmanager
def _server() -> Iterator[None]:
    """PostgreSQL in memory, as durable as it is in production, named in the environment."""
    before = os.environ["DATABASE_URL"]
    base = Path(tempfile.mkdtemp(prefix="console-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    server = postgres.service(base / "postgres", sockets=base, log=base / "postgres.log", durable=True)
    try:
        base.chmod(0o711)
        postgres.prepare(base / "postgres", sockets=base)
        server.start()
        postgres.wait_until_ready(server, sockets=base)
        os.environ["DATABASE_URL"] = addresses.database_url(sockets=base)
        yield
    finally:
        os.environ["DATABASE_URL"] = before
        stop_all([server], patience=3)
        shutil.rmtree(base, ignore_errors=True)


def _commit_milliseconds(url: str) -> float:
    """How long a commit takes when nobody else commits."""
    with psycopg.connect(url, autocommit=True, options=SLOW) as connection:
        connection.execute("INSERT INTO counter VALUES (0, 1)")
        taken = []
        for _ in range(200):
            began = time.perf_counter()
            connection.execute("UPDATE counter SET taken = 1 - taken WHERE task_id = 0")
            taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


def _compared(url: str, options: str) -> list[tuple[float, float]]:
    """Places per second by the shards and by the counter, round by round; the first round is not counted."""
    with contextlib.ExitStack() as stack:
        crowd = [
            stack.enter_context(psycopg.connect(url, autocommit=True, options=options)) for _ in range(CONNECTIONS)
        ]
        return [(_rate(crowd, "grayscale"), _rate(crowd, "counter")) for _ in range(ROUNDS + 1)][1:]


def _rate(crowd: list[psycopg.Connection], function: str) -> float:
    """Let new users ask for places in a new task; return how many a second got one."""
    task = _new_task(crowd[0])
    began = time.perf_counter()
    threads = [threading.Thread(target=_ask, args=(crowd, n, function, task)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - began
    counts = "(SELECT count(*) FROM grayscale_claim WHERE task_id = %(task)s)"
    taken = {"grayscale": "(SELECT sum(taken) FROM grayscale_claimshard WHERE task_id = %(task)s)"}
    taken["counter"] = "(SELECT taken FROM counter WHERE task_id = %(task)s)"
    row = crowd[0].execute(f"SELECT {counts}, {taken[function]}", {"task": task}).fetchone()
    if row is None or row[0] != row[1]:
        raise RuntimeError(f"claims and counts differ: {row}")
    return float(row[0]) / seconds


def _new_task(connection: psycopg.Connection) -> int:
    """Make places without a task, which no claim looks at."""
    (task,) = connection.execute("SELECT coalesce(max(task_id), 0) + 1 FROM counter").fetchone()  # type: ignore[misc]
    connection.execute("INSERT INTO counter VALUES (%s, %s)", [task, LIMIT])
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "INSERT INTO grayscale_claimshard (task_id, shard, capacity, taken, open)"
            " SELECT %s, n, %s, 0, true FROM generate_series(0, 15) AS n",
            [task, LIMIT // 16],
        )
    return int(task)


def _ask(crowd: list[psycopg.Connection], number: int, function: str, task: int) -> None:
    """Be one server thread: one new user after the other, as the update check asks."""
    query, tasks = TAKE[function], b"{%d}" % task
    until, n = time.perf_counter() + SECONDS, 0
    while time.perf_counter() < until:
        n += 1
        guid = b"0302%012d%016d" % (number, n)
        answer = crowd[number].pgconn.exec_params(query, [guid, tasks])
        if answer.status != psycopg.pq.ExecStatus.TUPLES_OK:
            raise RuntimeError(answer.error_message.decode())


def _result(name: str, rounds: list[tuple[float, float]], aim: str) -> Result:
    """The ratio is the median of the rounds' ratios."""
    ours, counter = (statistics.median(rates) for rates in zip(*rounds, strict=True))
    ratio = statistics.median(shards / one for shards, one in rounds)
    return Result(name, ours, "places/s", "one counter", counter, ratio, aim)

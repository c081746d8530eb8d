"""Log entries in PostgreSQL.

What makes questions quick; at ten million entries of one program, two cores look through all in less than a second
(`make bench ONLY=log_query`):

- The index `devmgmt_logentry_time` is in the order of the list and holds all that people filter by, so that nothing
  else is read to find places. A search first looks through the newest NEAR entries in that order, which is enough for
  whatever is not rare. Else a second query lets all processors look through the whole index, in any order, and sorts
  out the newest places in the end. PostgreSQL alone would choose one or the other, by a guess how many entries fit.
  The second query begins anew: to find out where the first one ended takes longer than to look there again.
- Trigram indexes serve `filter_msg` in that second query, so that it comes after half as many entries. The open day has
  one for each window of it that is over (`partitions`); for PostgreSQL to see that such an index will do, the windows
  are asked for one by one. Indexes are asked for the most telling part of the text, and not at all for a text without
  three letters or digits in a row, for which they would be read from end to end.
- One device has its own index in the order of the list; one launch and one error have theirs for few entries.
- SETTINGS: to compile a plan takes longer than to run it; whatever leaves the index for the table reads far more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic
from typing import Any, LiteralString

from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled
from psycopg.sql import SQL, Composed

from devmgmt.logs import partitions, writing
from devmgmt.logs.criteria import Bucket, Criteria, DeviceErrors, ErrorGroup, Place, StoreAway, TooSlow, is_storable
from devmgmt.logs.entry import Entry

NEAR = 200_000  # entries that are looked through in order
NEWEST = 10_000  # entries that `versions` looks at
TRIGRAM = re.compile("[0-9A-Za-z]{3}")
DIGITS = re.compile("[0-9]{3,}")
SPECIAL = re.compile(r"[\\%_]")  # to LIKE

SETTINGS = """
    SELECT set_config('statement_timeout', %s, true), set_config('jit', 'off', true),
           set_config('enable_seqscan', 'off', true), set_config('random_page_cost', '4', true),
           set_config('work_mem', '64MB', true)
"""
# Without statistics of the open day, which has none at first, PostgreSQL would sort all entries by device.
HASHING = "SET LOCAL enable_sort = off"
COLUMNS = SQL(
    "mini_program_id, time, id, level, application_id, guid, platform, os_version, page, filter_msg, trace_id,"
    " library_version, client_version, version, marks, message, error, lines"
)
RANGE = "mini_program_id = %(mini_program)s AND time >= %(start)s AND time < %(end)s"
BEFORE = "time <= %(before_time)s AND (time, id) < (%(before_time)s, %(before_id)s)"
CONDITIONS: dict[str, LiteralString] = {
    "level": "level >= %(level)s",
    "platform": "platform = %(platform)s",
    "guid": "guid = %(guid)s",
    "page": "page LIKE %(page)s",
    "filter_msg": "strpos(filter_msg, %(filter_msg)s) > 0",
    "library_version": "library_version = %(library_version)s",
    "client_version": "client_version = %(client_version)s",
    "trace_id": "trace_id = %(trace_id)s",
    "version": "version = %(version)s",
    "error": "error = %(error)s",
}

IN_ORDER = SQL("""
    SELECT {columns} FROM devmgmt_logentry WHERE {range} AND {conditions} ORDER BY time DESC, id DESC LIMIT %(limit)s
""")
AT_PLACES = SQL("""
    WITH place AS ({places})
    SELECT {columns} FROM devmgmt_logentry JOIN place USING (time, id)
    WHERE mini_program_id = %(mini_program)s ORDER BY time DESC, id DESC
""")
NEARBY = SQL("""
    SELECT time, id FROM (
        SELECT time, id, level, platform, library_version, client_version, version, page, filter_msg
        FROM devmgmt_logentry WHERE {range} ORDER BY time DESC, id DESC LIMIT %(near)s
    ) AS newest
    WHERE {conditions} ORDER BY time DESC, id DESC LIMIT %(limit)s
""")
# No index is sorted by this expression, so that nobody walks along one.
ANYWHERE = SQL("""
    SELECT time, id FROM ({spans}) AS found ORDER BY timezone('UTC', time) DESC, id DESC LIMIT %(limit)s
""")
SPAN = SQL("""
    SELECT time, id FROM devmgmt_logentry WHERE {range} AND time >= {start} AND time < {end} AND {conditions}
""")
ENTRY = SQL("""
    SELECT {columns} FROM devmgmt_logentry
    WHERE mini_program_id = %(mini_program)s AND time = %(time)s AND id = %(id)s
""")
VOLUME = SQL("""
    SELECT date_bin(%(step)s, time, %(start)s), count(*) FILTER (WHERE level < 4),
           count(*) FILTER (WHERE level >= 4 AND level < 8), count(*) FILTER (WHERE level >= 8)
    FROM devmgmt_logentry WHERE {range} AND {conditions} GROUP BY 1 ORDER BY 1
""")
ERRORS = SQL("""
    WITH device AS (
        SELECT error, version, guid, count(*) AS entries, min(time) AS first, max(time) AS last
        FROM devmgmt_logentry WHERE {range} AND {conditions} AND error <> '' GROUP BY error, version, guid
    ), found AS (
        SELECT error, version, sum(entries)::bigint AS entries, count(*), min(first), max(last) AS last FROM device
        GROUP BY error, version ORDER BY entries DESC, last DESC, error, version LIMIT %(limit)s
    )
    SELECT found.*, NOT (
        EXISTS (SELECT FROM devmgmt_logentry AS other WHERE other.mini_program_id = %(mini_program)s
                AND other.error = found.error AND other.error <> '' AND other.version < found.version)
        OR EXISTS (SELECT FROM devmgmt_logentry AS other WHERE other.mini_program_id = %(mini_program)s
                   AND other.error = found.error AND other.error <> '' AND other.version > found.version)
    )
    FROM found ORDER BY entries DESC, last DESC, error, version
""")
# The limit comes before the versions are asked for: of a rare version, all entries would be read.
DEVICES = SQL("""
    SELECT date_bin(%(step)s, time, %(start)s), version, guid, application_id, bool_or(level >= 8) FROM (
        SELECT time, version, guid, application_id, level FROM devmgmt_logentry WHERE {range} AND {conditions}
        ORDER BY time DESC, id DESC LIMIT %(limit)s
    ) AS newest
    WHERE version = ANY(%(versions)s) GROUP BY 1, 2, 3, 4
""")
VERSIONS = SQL("""
    SELECT DISTINCT library_version, client_version FROM (
        SELECT library_version, client_version FROM devmgmt_logentry WHERE mini_program_id = %(mini_program)s
        ORDER BY time DESC, id DESC LIMIT %(newest)s
    ) AS newest
""")

Parameters = dict[str, Any]


class PostgresStore:
    """Partitions by day, written by COPY."""

    def write(self, entries: Sequence[Entry]) -> None:
        writing.write(entries)

    def keep(self, *, at: datetime) -> int:
        """Make room ahead and drop what is too old."""
        return partitions.keep(at=at)

    def latest(self, criteria: Criteria, *, before: Place | None = None, limit: int = 50) -> list[Entry]:
        """Return the newest entries that fit, newest first."""
        conditions, parameters = _asked(criteria)
        within = SQL(RANGE)
        if before is not None:
            within = SQL(f"{RANGE} AND {BEFORE}")
            parameters |= {"before_time": before.time, "before_id": before.id}
        parameters |= {"limit": limit, "near": NEAR // 2 if "part" in parameters else NEAR}
        parts = {"columns": COLUMNS, "range": within, "conditions": conditions}

        began = monotonic()

        def ask(query: Composed) -> list[Entry]:
            return [Entry(*row) for row in _ask(query, parameters, began=began)]

        if criteria.guid or (criteria.is_plain and not criteria.level):
            return ask(IN_ORDER.format(**parts))
        if not criteria.trace_id and not criteria.error:
            near = ask(AT_PLACES.format(places=NEARBY.format(**parts), **parts))
            if len(near) == limit:
                return near
        edges = [criteria.start, *(_edges(criteria) if "part" in parameters else ()), criteria.end]
        spans = [SPAN.format(start=start, end=end, **parts) for start, end in pairwise(edges)]
        return ask(AT_PLACES.format(places=ANYWHERE.format(spans=SQL(" UNION ALL ").join(spans)), **parts))

    def entry(self, mini_program: int, place: Place) -> Entry | None:
        parameters: Parameters = {"mini_program": mini_program, "time": place.time, "id": place.id}
        rows = _ask(ENTRY.format(columns=COLUMNS), parameters)
        return Entry(*rows[0]) if rows else None

    def volume(self, criteria: Criteria, *, step: timedelta) -> list[Bucket]:
        conditions, parameters = _asked(criteria)
        query = VOLUME.format(range=SQL(RANGE), conditions=conditions)
        return [Bucket(*row) for row in _ask(query, parameters | {"step": step})]

    def errors(self, criteria: Criteria, *, limit: int = 10) -> list[ErrorGroup]:
        """Group the entries with an error that fit, by error and version, the most frequent first."""
        conditions, parameters = _asked(criteria)
        query = ERRORS.format(range=SQL(RANGE), conditions=conditions)
        return [ErrorGroup(*row) for row in _ask(query, parameters | {"limit": limit})]

    def devices(
        self,
        criteria: Criteria,
        versions: Sequence[str],
        *,
        step: timedelta,
        limit: int,
        guids: Sequence[str] | None = None,
    ) -> list[DeviceErrors]:
        conditions, parameters = _asked(criteria)
        if guids is not None:
            conditions = SQL("{} AND guid = ANY(%(guids)s)").format(conditions)
            parameters["guids"] = list(guids)
        query = DEVICES.format(range=SQL(RANGE), conditions=conditions)
        parameters |= {"versions": list(versions), "step": step, "limit": limit}
        return [DeviceErrors(*row) for row in _ask(query, parameters, setting=HASHING)]

    def versions(self, mini_program: int) -> tuple[list[str], list[str]]:
        """Return the base library versions and the client versions among the newest entries."""
        rows = _ask(VERSIONS.format(), {"mini_program": mini_program, "newest": NEWEST})
        libraries, clients = ({row[column] for row in rows} - {""} for column in (0, 1))
        return sorted(libraries), sorted(clients)

    def size(self) -> None:
        """Return nothing: `devmgmt_logentry` is a table like others."""


def _edges(criteria: Criteria) -> list[datetime]:
    """Return where windows with an index of their own begin and end inside of the time that is asked for."""
    windows = [partitions.Window(*row) for row in _ask(SQL(partitions.WINDOWS).format(), {})]
    edges = {edge for window in windows if window.is_valid for edge in (window.start, window.end)}
    return sorted(edge for edge in edges if criteria.start < edge < criteria.end)


def _asked(criteria: Criteria) -> tuple[Composed, Parameters]:
    """Return what is asked for beside the program and the time, and the parameters of both."""
    values: Parameters = {name: value for name in CONDITIONS if (value := getattr(criteria, name))}
    conditions = {name: CONDITIONS[name] for name in values}
    parameters = values | {"mini_program": criteria.mini_program, "start": criteria.start, "end": criteria.end}
    if criteria.page:
        parameters["page"] = _plain(criteria.page) + "%"
    if TRIGRAM.search(criteria.filter_msg):
        conditions["part"] = "filter_msg LIKE %(part)s"
        parameters["part"] = f"%{_plain(_telling_part(criteria.filter_msg))}%"
    return SQL(" AND ").join([SQL("true"), *map(SQL, conditions.values())]), parameters


def _telling_part(text: str) -> str:
    """Return what the trigram index is asked for: the digits of an id, as the letters around them are in many entries;
    without an id the whole text.
    """
    return max(DIGITS.findall(text), key=len, default=text)


def _plain(text: str) -> str:
    """Return the pattern for LIKE that is fulfilled by this text alone."""
    return SPECIAL.sub(r"\\\g<0>", text)


def _ask(
    query: Composed, parameters: Parameters, *, began: float | None = None, setting: LiteralString = ""
) -> list[tuple[Any, ...]]:
    """Return the rows; none when a text is asked for that no entry can hold.

    What has already been spent since `began` counts towards the time-out. `setting`: a statement for this query alone.
    """
    if not all(is_storable(value) for value in parameters.values() if isinstance(value, str)):
        return []
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            left = settings.LOG_QUERY_SECONDS - (monotonic() - began if began else 0)
            cursor.execute(SETTINGS, [str(max(1, round(left * 1000)))])
            if setting:
                cursor.execute(setting)
            cursor.execute(query, parameters)
            return cursor.fetchall()
    except OperationalError as error:
        raise (TooSlow if isinstance(error.__cause__, QueryCanceled) else StoreAway) from error
    except (InterfaceError, InternalError) as error:
        raise StoreAway from error

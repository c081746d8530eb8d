"""Log entries in ClickHouse, for who outgrows one machine; needs requirements-clickhouse.txt.

A batch is acknowledged when the server has it on its disk. What of it belongs to one day is kept as a whole or not at
all. The server makes the table's parts of many batches together, because it suffers from small ones.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, Error
from django.conf import settings
from msgspec.structs import astuple

from devmgmt.logs.criteria import Bucket, Criteria, DeviceErrors, ErrorGroup, Place, StoreAway, TooSlow, is_storable
from devmgmt.logs.entry import Entry
from devmgmt.logs.partitions import oldest

NEWEST = 10_000  # entries that `versions` looks at
SECONDS_TO_ANSWER = 10  # beyond the time that a question may take
TOO_SLOW = {159, 160, 241}  # TIMEOUT_EXCEEDED, TOO_SLOW, MEMORY_LIMIT_EXCEEDED
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(2261, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SPECIAL = re.compile(r"[\\%_]")  # to LIKE

TABLE = """
CREATE TABLE IF NOT EXISTS log_entry (
    mini_program Int64,
    time DateTime64(6, 'UTC'),
    id Int64,
    level UInt8,
    application Int64,
    guid String,
    platform LowCardinality(String),
    os_version LowCardinality(String),
    page String,
    filter_msg String,
    trace_id String,
    library_version LowCardinality(String),
    client_version LowCardinality(String),
    version LowCardinality(String),
    marks UInt8,
    message String,
    error String,
    lines String,
    INDEX by_guid guid TYPE bloom_filter GRANULARITY 4,
    INDEX by_trace_id trace_id TYPE bloom_filter GRANULARITY 4,
    INDEX by_filter_msg filter_msg TYPE ngrambf_v1(3, 16384, 3, 0) GRANULARITY 4
)
ENGINE = MergeTree PARTITION BY toYYYYMMDD(time, 'UTC') ORDER BY (mini_program, time, id)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""
DAYS = """
SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = 'log_entry' AND active
"""
SIZE = """
SELECT sum(bytes_on_disk), sum(rows) FROM system.parts
WHERE database = currentDatabase() AND table = 'log_entry' AND active
"""
WRITING = {"async_insert": 1, "wait_for_async_insert": 1}
DROPPING = {"max_partition_size_to_drop": 0}  # else none above the server's limit, 50 GB

COLUMNS = Entry.__struct_fields__
SELECTED = ", ".join("toUnixTimestamp64Micro(time)" if name == "time" else name for name in COLUMNS)
TIME = "fromUnixTimestamp64Micro({%s:Int64}, 'UTC')"
CONDITIONS = {
    "level": "level >= {level:UInt8}",
    "platform": "platform = {platform:String}",
    "guid": "guid = {guid:String}",
    "page": "startsWith(page, {page:String})",
    "filter_msg": "filter_msg LIKE {filter_msg:String}",
    "library_version": "library_version = {library_version:String}",
    "client_version": "client_version = {client_version:String}",
    "trace_id": "trace_id = {trace_id:String}",
    "version": "version = {version:String}",
    "error": "error = {error:String}",
}
RANGE = ("mini_program = {mini_program:Int64}", f"time >= {TIME % 'start'}", f"time < {TIME % 'end'}")
BEFORE = f"(time, id) < ({TIME % 'before_time'}, {{before_id:Int64}})"

LATEST = f"SELECT {SELECTED} FROM log_entry WHERE %s ORDER BY time DESC, id DESC LIMIT {{limit:UInt32}}"  # noqa: S608
ENTRY = f"""
SELECT {SELECTED} FROM log_entry
WHERE mini_program = {{mini_program:Int64}} AND time = {TIME % "time"} AND id = {{id:Int64}}
"""  # noqa: S608
VOLUME = """
SELECT intDiv(toUnixTimestamp64Micro(time) - {start:Int64}, {step:Int64}) AS bucket, countIf(level < 4),
       countIf(level >= 4 AND level < 8), countIf(level >= 8)
FROM log_entry WHERE %s GROUP BY bucket ORDER BY bucket
"""
ERRORS = """
WITH found AS (
    SELECT error, version, count() AS entries, uniqExact(guid) AS devices,
           min(toUnixTimestamp64Micro(time)) AS first, max(toUnixTimestamp64Micro(time)) AS last
    FROM log_entry WHERE %s AND error != '' GROUP BY error, version
    ORDER BY entries DESC, last DESC, error, version LIMIT {limit:UInt32}
)
SELECT error, version, entries, devices, first, last, error IN (
    SELECT error FROM log_entry WHERE mini_program = {mini_program:Int64} AND error IN (SELECT error FROM found)
    GROUP BY error HAVING uniqExact(version) = 1
)
FROM found ORDER BY entries DESC, last DESC, error, version
"""
DEVICES = """
SELECT intDiv(toUnixTimestamp64Micro(time) - {start:Int64}, {step:Int64}) AS span, version, guid, application,
       max(level >= 8)
FROM (
    SELECT time, version, guid, application, level FROM log_entry WHERE %s
    ORDER BY time DESC, id DESC LIMIT {limit:UInt32}
)
WHERE version IN {versions:Array(String)} GROUP BY span, version, guid, application
"""
VERSIONS = """
SELECT DISTINCT library_version, client_version FROM (
    SELECT library_version, client_version FROM log_entry WHERE mini_program = {mini_program:Int64}
    ORDER BY time DESC, id DESC LIMIT {newest:UInt32}
)
"""

Parameters = dict[str, object]

logger = logging.getLogger(__name__)


class ClickHouseStore:
    """One table, a partition for each day (UTC), in the order of the list."""

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def _client(self) -> Client:
        """Serves all threads of a process, because it has no session; the table is there when it is."""
        options: dict[str, Any] = {}
        if not self._url.startswith("chdb:"):
            seconds = int(settings.LOG_QUERY_SECONDS + SECONDS_TO_ANSWER)
            options = {"autogenerate_session_id": False, "connect_timeout": 5, "send_receive_timeout": seconds}
        client = clickhouse_connect.get_client(dsn=self._url, **options)
        client.command(TABLE)
        return client

    def write(self, entries: Sequence[Entry]) -> None:
        try:
            self._client.insert("log_entry", [astuple(entry) for entry in entries], COLUMNS, settings=WRITING)
        except ClickHouseError as error:
            raise StoreAway from error

    def keep(self, *, at: datetime) -> int:
        """Drop what is too old; ClickHouse makes room by itself.

        A day that can't be dropped stops no other one: StoreAway is raised in the end.
        """
        first, failures = f"{oldest(at=at):%Y%m%d}", list[ClickHouseError]()
        try:
            days = [day for (day,) in self._client.query(DAYS).result_rows if day < first]
        except ClickHouseError as error:
            raise StoreAway from error
        for day in days:
            try:
                self._client.command(f"ALTER TABLE log_entry DROP PARTITION {int(day)}", settings=DROPPING)
            except ClickHouseError as error:
                logger.error("the day %s of logs can't be dropped: %s", day, error)
                failures.append(error)
        if failures:
            raise StoreAway from failures[0]
        return len(days)

    def size(self) -> tuple[int, int]:
        """Return bytes on disk and entries."""
        ((size, entries),) = self._ask(SIZE, {})
        return int(size), int(entries)

    def latest(self, criteria: Criteria, *, before: Place | None = None, limit: int = 50) -> list[Entry]:
        """Return the newest entries that fit, newest first."""
        where, parameters = _asked(criteria)
        if before is not None:
            where = f"{where} AND {BEFORE}"
            parameters |= {"before_time": _ticks(before.time), "before_id": before.id}
        return [_entry(row) for row in self._ask(LATEST % where, parameters | {"limit": limit})]

    def entry(self, mini_program: int, place: Place) -> Entry | None:
        rows = self._ask(ENTRY, {"mini_program": mini_program, "time": _ticks(place.time), "id": place.id})
        return _entry(rows[0]) if rows else None

    def volume(self, criteria: Criteria, *, step: timedelta) -> list[Bucket]:
        where, parameters = _asked(criteria)
        rows = self._ask(VOLUME % where, parameters | {"step": step // MICROSECOND})
        return [Bucket(criteria.start + number * step, *counts) for number, *counts in rows]

    def errors(self, criteria: Criteria, *, limit: int = 10) -> list[ErrorGroup]:
        """Group the entries with an error that fit, by error and version, the most frequent first."""
        where, parameters = _asked(criteria)
        return [
            ErrorGroup(error, version, entries, devices, _time(first), _time(last), bool(is_new))
            for error, version, entries, devices, first, last, is_new in self._ask(
                ERRORS % where, parameters | {"limit": limit}
            )
        ]

    def devices(
        self,
        criteria: Criteria,
        versions: Sequence[str],
        *,
        step: timedelta,
        limit: int,
        guids: Sequence[str] | None = None,
    ) -> list[DeviceErrors]:
        where, parameters = _asked(criteria)
        if guids is not None:
            where += " AND guid IN {guids:Array(String)}"
            parameters["guids"] = list(guids)
        parameters |= {"versions": list(versions), "step": step // MICROSECOND, "limit": limit}
        return [
            DeviceErrors(criteria.start + span * step, version, guid, application, bool(error))
            for span, version, guid, application, error in self._ask(DEVICES % where, parameters)
        ]

    def versions(self, mini_program: int) -> tuple[list[str], list[str]]:
        """Return the base library versions and the client versions among the newest entries."""
        rows = self._ask(VERSIONS, {"mini_program": mini_program, "newest": NEWEST})
        libraries, clients = ({row[column] for row in rows} - {""} for column in (0, 1))
        return sorted(libraries), sorted(clients)

    def _ask(self, query: str, parameters: Parameters) -> Sequence[Sequence[Any]]:
        """Return the rows; none when a text is asked for that no entry can hold."""
        if not all(is_storable(value) for value in parameters.values() if isinstance(value, str)):
            return []
        limits = {"max_execution_time": settings.LOG_QUERY_SECONDS}
        try:
            return self._client.query(query, parameters=parameters, settings=limits).result_rows
        except ClickHouseError as error:
            raise (TooSlow if isinstance(error, Error) and error.code in TOO_SLOW else StoreAway) from error


def _asked(criteria: Criteria) -> tuple[str, Parameters]:
    """Return the condition and its parameters."""
    values: Parameters = {name: value for name in CONDITIONS if (value := getattr(criteria, name))}
    if criteria.filter_msg:
        values["filter_msg"] = "%" + SPECIAL.sub(r"\\\g<0>", criteria.filter_msg) + "%"
    where = " AND ".join([*RANGE, *(CONDITIONS[name] for name in values)])
    span: Parameters = {"start": _ticks(criteria.start), "end": _ticks(criteria.end)}
    return where, values | span | {"mini_program": criteria.mini_program}


def _entry(row: Sequence[Any]) -> Entry:
    values = dict(zip(COLUMNS, row, strict=True))
    return Entry(**values | {"time": _time(values["time"])})


def _ticks(time: datetime) -> int:
    """Return microseconds since 1970, within what the column can hold."""
    return (min(max(time, EPOCH), LAST) - EPOCH) // MICROSECOND


def _time(ticks: int) -> datetime:
    return EPOCH + ticks * MICROSECOND

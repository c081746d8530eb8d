"""Where log entries are kept: PostgreSQL, or ClickHouse for who outgrows one machine (docs/adr/0010).

`log_store()` is the only way to either. Every question is about one mini program, which the criteria name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from typing import Any, Protocol

from django.conf import settings
from django.core.checks import CheckMessage, Error

from devmgmt.logs.criteria import Bucket, Criteria, DeviceErrors, ErrorGroup, Place
from devmgmt.logs.entry import Entry

PART = 2_000  # entries that `scan` has in memory


class LogStore(Protocol):
    """What a store does; questions raise TooSlow, everything raises StoreAway."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep entries for good: they are there when this returns, also after a crash; all of them or none."""

    def latest(self, criteria: Criteria, *, before: Place | None = None, limit: int = 50) -> list[Entry]:
        """Return the newest entries that fit, newest first; those after `before` in the list when it is given."""

    def entry(self, mini_program: int, place: Place) -> Entry | None:
        """Return the entry at a place in the program's logs; None once it was dropped, or where there never was one."""

    def volume(self, criteria: Criteria, *, step: timedelta) -> list[Bucket]:
        """Count what fits in buckets of `step`, from `criteria.start` on; empty ones are left out."""

    def errors(self, criteria: Criteria, *, limit: int = 10) -> list[ErrorGroup]:
        """Group the entries with an error that fit, by error and version, the most frequent first."""

    def devices(
        self,
        criteria: Criteria,
        versions: Sequence[str],
        *,
        step: timedelta,
        limit: int,
        guids: Sequence[str] | None = None,
    ) -> list[DeviceErrors]:
        """Return which devices logged with one of the versions, in spans of `step` from `criteria.start` on.

        Only the newest `limit` entries that fit the criteria are looked at, of whatever version; with `guids`, of
        these devices only.
        """

    def versions(self, mini_program: int) -> tuple[list[str], list[str]]:
        """Return the base library versions and the client versions among the newest entries."""

    def keep(self, *, at: datetime) -> int:
        """Make room ahead and drop what is older than LOG_DAYS; return how many days' logs were dropped.

        May come at any time, after any outage, from several processes at the same time.
        """

    def size(self) -> tuple[int, int] | None:
        """Return bytes and entries; None where they are a table of the console's own database."""


@cache
def log_store() -> LogStore:
    """Return the store that LOG_STORE_URL names."""
    if settings.LOG_STORE_URL:
        from devmgmt.logs.clickhouse import ClickHouseStore

        return ClickHouseStore(settings.LOG_STORE_URL)
    from devmgmt.logs.postgres import PostgresStore

    return PostgresStore()


def scan(store: LogStore, criteria: Criteria, *, limit: int) -> Iterator[Entry]:
    """Yield what fits, newest first, in parts, so that memory stays flat; each may take as long as a question."""
    before = None
    while limit > 0:
        asked = min(PART, limit)
        part = store.latest(criteria, before=before, limit=asked)
        yield from part
        if len(part) < asked:
            return
        limit -= asked
        before = Place(part[-1].time, part[-1].id)


def store_can_be_used(**kwargs: Any) -> list[CheckMessage]:
    """Fail if LOG_STORE_URL names a store that can't be used."""
    url = settings.LOG_STORE_URL
    if url and not url.startswith(("clickhouse://", "chdb://")):
        hint = "Leave it empty for PostgreSQL, or set it like clickhouse://user:password@host:8123/database."
        return [Error("LOG_STORE_URL names an unknown kind of log store.", hint=hint, id="devmgmt.E001")]
    if url and find_spec("clickhouse_connect") is None:
        message = "LOG_STORE_URL names ClickHouse, but the package clickhouse-connect is not installed."
        return [Error(message, hint="pip install -r requirements-clickhouse.txt", id="devmgmt.E002")]
    return []

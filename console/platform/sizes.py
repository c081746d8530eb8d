"""How large the tables are, how they grow, and what keeps them small: for the operators' page, and for `doctor`.

Some queries with a time limit, however many rows there are: rows are the planner's estimates, growth is the difference
to a sample of some days ago (`SizeSample`), which a task takes once a day.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection, transaction
from django.db.models import Count, Sum
from django.utils.functional import Promise

from console.base.activity import retention
from console.base.activity.retention import Fact
from console.base.core.retention import KINDS
from console.platform.asking import alone, ask_all
from console.platform.labels import FILES, TABLES
from console.platform.models import SizeSample
from devmgmt.logs.criteria import StoreAway
from devmgmt.logs.store import log_store
from releases.models import Package, SourceMaps

WAIT = "SET LOCAL lock_timeout = '500ms'; SET LOCAL statement_timeout = '3s'"
LOOK_BACK = timedelta(days=7)
KEPT = timedelta(days=400)
HOUR = timedelta(hours=1)
DISK_SECONDS = 2.0  # a network file system that is away answers nobody, for ever
# Partitions count for their table. What was never analysed has no estimate yet, but counters.
QUERY = """
    SELECT parent.relname, count(*) FILTER (WHERE part.oid <> parent.oid),
        sum(CASE WHEN part.reltuples < 0 THEN coalesce(stat.n_live_tup, 0) ELSE part.reltuples END)::bigint,
        coalesce(sum(pg_table_size(part.oid)), 0)::bigint, coalesce(sum(pg_indexes_size(part.oid)), 0)::bigint,
        coalesce(sum(stat.n_dead_tup), 0)::bigint,
        max(greatest(stat.last_vacuum, stat.last_autovacuum))
    FROM pg_class AS part
    LEFT JOIN pg_inherits AS tree ON tree.inhrelid = part.oid
    JOIN pg_class AS parent ON parent.oid = coalesce(tree.inhparent, part.oid)
    LEFT JOIN pg_stat_user_tables AS stat ON stat.relid = part.oid
    WHERE part.relkind IN ('r', 'p') AND part.relnamespace = current_schema()::regnamespace
    GROUP BY parent.relname
    ORDER BY sum(pg_total_relation_size(part.oid)) DESC NULLS LAST, parent.relname
"""
COLUMNS = ("name", "partitions", "rows", "size", "indexes", "dead", "vacuumed_at")


@dataclass(frozen=True)
class Table:
    """A table with its partitions: rows and dead rows as estimated, sizes in bytes.

    `growth` is in bytes a day, None where nothing is known yet; `kept` what retention does about it.
    """

    name: str
    partitions: int
    rows: int
    size: int
    indexes: int
    dead: int
    vacuumed_at: datetime | None
    growth: int | None = None
    kept: Fact | None = None

    @property
    def label(self) -> str | Promise:
        """What people call it; "" where it has its own name only."""
        return TABLES.get(self.name) or (self.kept.label if self.kept else "")

    @property
    def total(self) -> int:
        """The bytes of the table and its indexes."""
        return self.size + self.indexes

    @property
    def days(self) -> int | None:
        """How long its rows are kept: 0 for ever, None where nothing deletes them by their age."""
        if self.kept:
            return self.kept.days
        return settings.LOG_DAYS if self.name == "devmgmt_logentry" else None


@dataclass(frozen=True)
class Files:
    """Files beside the database, in bytes: `size` is what the console counts, `used` and `total` are the disk's."""

    key: str
    size: int | None = None
    count: int | None = None
    used: int | None = None
    total: int | None = None

    @property
    def label(self) -> str | Promise:
        """What people call them."""
        return FILES[self.key]

    @property
    def free(self) -> int | None:
        """What is left on its disk."""
        return None if self.total is None or self.used is None else self.total - self.used


@dataclass(frozen=True)
class Sizes:
    """What was found, the largest table first; growth is since the moment `since`, None without a sample."""

    tables: list[Table]
    since: datetime | None
    files: list[Files]

    @property
    def total(self) -> int:
        """The bytes of all tables and indexes."""
        return sum(table.total for table in self.tables)

    @property
    def growth(self) -> int | None:
        """Bytes a day of all tables together."""
        known = [table.growth for table in self.tables if table.growth is not None]
        return sum(known) if known else None

    @property
    def behind(self) -> list[Table]:
        """The tables whose retention had too little time, or failed."""
        return [table for table in self.tables if table.kept and table.kept.ran_at and table.kept.behind]


def sizes(*, at: datetime) -> Sizes:
    """Return all of it at `at`; three queries, and one for files. Raises DatabaseError where a table is locked."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WAIT)
        cursor.execute(QUERY)
        rows = cursor.fetchall()
    sample = SizeSample.objects.filter(taken_at__gte=at - LOOK_BACK).order_by("taken_at").first()
    facts = {KINDS[fact.name].table: fact for fact in retention.facts(at)}
    days = (at - sample.taken_at) / timedelta(days=1) if sample else 0.0
    before: dict[str, Any] = sample.tables if sample and days >= HOUR / timedelta(days=1) else {}
    tables = [
        Table(
            **dict(zip(COLUMNS, row, strict=True)),
            growth=_growth(before.get(row[0]), row, days) if before else None,
            kept=facts.get(row[0]),
        )
        for row in rows
    ]
    newest = SizeSample.objects.order_by("-taken_at").first()
    return Sizes(tables, sample.taken_at if before and sample else None, files(newest))


def _growth(before: list[int] | None, row: tuple[Any, ...], days: float) -> int:
    """Return the bytes a day since the sample; a table that it does not have was empty."""
    return round((row[3] + row[4] - (before[1] if before else 0)) / days)


def files(sample: SizeSample | None) -> list[Files]:
    """Return what lies beside the database: packages as the last sample counted them, and the disks that are local.

    Of a disk that does not answer within DISK_SECONDS nothing is said.
    """
    counted: dict[str, list[int]] = sample.files if sample else {}
    found = []
    for key, disk in ask_all(DISKS, DISK_SECONDS).items():
        count, size = counted.get(key, (None, None))
        used, total = disk if isinstance(disk, tuple) else (None, None)
        if size is not None or total is not None:
            found.append(Files(key, size, count, used, total))
    try:
        if logs := log_store().size():
            found.append(Files("logs", *logs))
    except StoreAway:
        found.append(Files("logs"))
    return found


def _folder(storage: str) -> Path | None:
    """Return where the storage keeps its files; None if it is not a folder."""
    found = storages[storage]
    return Path(found.location) if isinstance(found, FileSystemStorage) else None


def _disk(folder: Path | None) -> tuple[int | None, int | None]:
    """Return how full the disk is, and how large; nothing of a folder that is not there yet."""
    if folder is None or not folder.exists():
        return None, None
    usage = shutil.disk_usage(folder)
    return usage.total - usage.free, usage.total


DISKS = {
    "packages": alone(lambda: _disk(_folder("packages"))),
    "icons": alone(lambda: _disk(_folder("default"))),
    "object_lists": alone(lambda: _disk(Path(settings.OBJECT_LIST_CACHE))),
}


def take_sample(*, at: datetime) -> bool:
    """Keep today's sizes, unless they are; forget those of more than KEPT ago. Returns whether one was taken."""
    if SizeSample.objects.filter(taken_at__gt=at - timedelta(hours=23)).exists():
        return False
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WAIT)
        cursor.execute(QUERY)
        tables = {row[0]: [row[2], row[3] + row[4]] for row in cursor.fetchall()}
    SizeSample.objects.create(taken_at=at, tables=tables, files={"packages": _packages()})
    SizeSample.objects.filter(taken_at__lt=at - KEPT).delete()
    return True


def _packages() -> list[int]:
    """Return how many packages and source maps there are, and their bytes."""
    found = [model.objects.aggregate(size=Sum("size", default=0), count=Count("pk")) for model in (Package, SourceMaps)]
    return [sum(kind["count"] for kind in found), sum(kind["size"] for kind in found)]

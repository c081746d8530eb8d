"""What the database says of the console, as metrics: one process asks, at most each READ_SECONDS, with a limit.

A scrape waits for ANSWER_SECONDS at most. Where nothing came by then the numbers are left out, since old ones would
lie, and `console_database_up` is 0.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.core.files.storage import FileSystemStorage, storages
from django.db import connection
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from console import roles
from console.api.hooks import health as webhook_health
from console.base.accounts.delivery import all_refused_since
from console.base.core.files import PROBED
from console.platform import heartbeats
from console.platform.asking import alone, ask_all
from console.platform.models import Backup, Part
from console.platform.queues import queues_of
from console.platform.services import ask_postgres
from console.version import VERSION
from messaging import health as gateway_health

Samples = dict[str, list[tuple[list[str], float]]]  # labels and value, by gauge

READ_SECONDS = 5.0
ANSWER_SECONDS = 2.0

logger = logging.getLogger(__name__)

# name: what it is, and its labels
GAUGES: dict[str, tuple[str, list[str]]] = {
    "build_info": ("1; the version and the role of the process that answers.", ["version", "role"]),
    "database_up": ("Whether the database answered this process within two seconds.", []),
    "database_connections": ("Connections that PostgreSQL has.", []),
    "database_connections_limit": ("Connections that PostgreSQL may have.", []),
    "queue_waiting": ("What waits in a queue and could be done now; counted to about 10,000.", ["queue"]),
    "queue_oldest_seconds": ("How long the first of it has waited; 0 when nothing waits.", ["queue"]),
    "queue_workers": ("Workers with a heartbeat that take the queue.", ["queue"]),
    "gateways": ("Message gateways by how they do.", ["state"]),
    "gateway_paused_waiting": ("Due messages of gateways that are paused after failures; to about 10,000.", []),
    "gateway_paused_oldest_seconds": ("How long the first of them has been due; 0 when there is none.", []),
    "webhooks": ("Webhooks by how they do.", ["state"]),
    "webhook_paused_waiting": ("Due deliveries of webhooks that are paused after failures; to about 10,000.", []),
    "webhook_paused_oldest_seconds": ("How long the first of them has been due; 0 when there is none.", []),
    "mails_refused_oldest_seconds": ("Age of the oldest refused e-mail after the last one that was sent, or 0.", []),
    "late_parts": ("Parts of a kind whose heartbeat is late.", ["part"]),
    "backup_age_seconds": ("How old the last backup is; missing where `manage.py backup` made none.", []),
    "backup_missing_files": ("Files that the last backup lacks, as the storage lacked them.", []),
    "disk_free_bytes": ("Free space where files are kept.", ["folder"]),
    "disk_size_bytes": ("Size of the file system in which files are kept.", ["folder"]),
}


class Truths(Collector):
    """Reads, remembers for READ_SECONDS, and gives to Prometheus' library."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._found: Samples = {}
        self._silent: set[str] = set()

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of this process's role: those of the database where pages are served."""
        samples: Samples = {"build_info": [([VERSION, roles.current() or "command"], 1.0)]}
        if roles.current() in ("web", "all", ""):
            samples |= self._recent()
        for name, rows in samples.items():
            words, labels = GAUGES[name]
            family = GaugeMetricFamily(f"console_{name}", words, labels=labels)
            for values, value in rows:
                family.add_metric(values, value)
            yield family

    def _recent(self) -> Samples:
        with self._lock:
            if time.monotonic() - self._read_at > READ_SECONDS:
                self._found = read()
                silent = GAUGES.keys() - self._found.keys() - {"build_info"}
                if silent - self._silent:
                    logger.warning("metrics are left out, as nothing answered in time: %s", ", ".join(sorted(silent)))
                self._silent = silent
                self._read_at = time.monotonic()
            return self._found


def read() -> Samples:
    """Ask the database and the disks, side by side; takes ANSWER_SECONDS at most."""
    answers = ask_all({"database": _of_database, "disks": _of_disks}, ANSWER_SECONDS)
    found: Samples = {"database_up": [([], float(isinstance(answers["database"], dict)))]}
    for answer in answers.values():
        if isinstance(answer, dict):
            found |= answer
    return found


@alone
def _of_database() -> Samples:
    """Raises DatabaseError."""
    try:
        database = ask_postgres()
        signs = list(heartbeats.signs())
        queues = queues_of(signs, now=database.now)
        backup = Backup.objects.first()
        gateways, hooks = gateway_health.health(at=database.now), webhook_health.health(at=database.now)
        refused_since = all_refused_since(at=database.now)
        late = [sign.part for sign in signs if sign.is_late]
        if not any(sign.part == Part.BEAT for sign in signs):  # None was ever seen: that is late itself.
            late.append(Part.BEAT)
    finally:
        connection.close()
    return {
        "database_connections": [([], database.used)],
        "database_connections_limit": [([], database.connections)],
        "queue_waiting": [([queue.name], queue.waiting) for queue in queues],
        "queue_oldest_seconds": [([queue.name], _seconds(queue.since, database.now)) for queue in queues],
        "queue_workers": [([queue.name], len(queue.workers)) for queue in queues],
        "gateways": [([state], count) for state, count in gateways.counts.items()],
        "gateway_paused_waiting": [([], gateways.waiting)],
        "gateway_paused_oldest_seconds": [([], _seconds(gateways.since, database.now))],
        "webhooks": [([state], count) for state, count in hooks.counts.items()],
        "webhook_paused_waiting": [([], hooks.waiting)],
        "webhook_paused_oldest_seconds": [([], _seconds(hooks.since, database.now))],
        "mails_refused_oldest_seconds": [([], _seconds(refused_since, database.now))],
        "late_parts": [([part], late.count(part)) for part in Part.values],
        "backup_age_seconds": [([], _seconds(backup.taken_at, database.now))] if backup else [],
        "backup_missing_files": [([], backup.faults)] if backup else [],
    }


def _seconds(since: datetime | None, now: datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


@alone
def _of_disks() -> Samples:
    """Raises OSError; what is not kept on a file system has no size."""
    free, size = [], []
    for alias in PROBED:
        storage = storages[alias]
        if isinstance(storage, FileSystemStorage):
            usage = shutil.disk_usage(_that_is_there(Path(storage.location)))
            folder = "icons" if alias == "default" else alias
            free.append(([folder], float(usage.free)))
            size.append(([folder], float(usage.total)))
    return {"disk_free_bytes": free, "disk_size_bytes": size}


def _that_is_there(folder: Path) -> Path:
    """Return the folder, or the one in which it will be made."""
    return next(path for path in (folder, *folder.parents) if path.exists())


registry = CollectorRegistry()  # It does not ask what it is given.
registry.register(Truths())

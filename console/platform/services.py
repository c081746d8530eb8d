"""What the console depends on: PostgreSQL, Valkey, the storage, the store of logs.

Those that may be silent are asked side by side, in threads, and waited for together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import redis
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from console.platform import probes
from console.platform.asking import ask_all
from console.platform.trouble import Level, Trouble
from devmgmt.logs.store import log_store

SKEW_SECONDS = 5  # that a clock may be off before it is mentioned
FULL = 0.9  # of the connections, or of the memory
POSTGRES = """
    SELECT clock_timestamp(), current_setting('server_version'), current_setting('max_connections')::integer,
        (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')
"""


@dataclass(frozen=True)
class Service:
    """One of them: what is known of it, in words, and what is wrong with it."""

    key: str
    name: str
    icon: str
    facts: tuple[str, ...] = ()
    trouble: Trouble | None = None
    is_known: bool = True  # whether anything says that it works

    @property
    def works(self) -> bool:
        """Whether it does what the console needs of it."""
        return self.trouble is None or self.trouble.level is Level.NOTE


class Postgres(NamedTuple):
    """What PostgreSQL said; `now` is its clock."""

    now: datetime
    version: str
    connections: int
    used: int


def services(database: Postgres) -> list[Service]:
    """Return all but the mail server; takes about ANSWER_SECONDS at most. Raises DatabaseError."""
    asked: dict[str, Callable[[], Any]] = {"valkey": _ask_valkey, "storage": probes.storage}
    if settings.LOG_STORE_URL:
        asked["logs"] = _ask_logs
    answers = ask_all(asked)
    found = [*of_database(database), _valkey(answers["valkey"]), _storage(answers["storage"])]
    return [*found, _logs(answers["logs"])] if "logs" in answers else found


def of_database(database: Postgres) -> list[Service]:
    """Return what is known without asking anything else."""
    return [_postgres(database), _schema()]


# PostgreSQL ---------------------------------------------------------------------------------------------------------


def ask_postgres() -> Postgres:
    """Ask on the connection of this request, which the page needs too; probes have their own. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(POSTGRES)
        return Postgres(*cursor.fetchone())


def _postgres(found: Postgres) -> Service:
    facts = (
        _("Version %(version)s") % {"version": found.version.split()[0]},
        _("%(used)d of %(all)d connections") % {"used": found.used, "all": found.connections},
    )
    return Service("postgres", "PostgreSQL", "database", facts, _crowded(found) or _skewed(found))


def _crowded(found: Postgres) -> Trouble | None:
    if found.used < FULL * found.connections:
        return None
    return Trouble(
        _("PostgreSQL is running out of connections"),
        _("Stop unneeded processes, or raise max_connections and restart PostgreSQL."),
    )


def _skewed(found: Postgres) -> Trouble | None:
    """The clock of this process's machine: it decides when sessions, links and one-time codes end."""
    seconds = round((timezone.now() - found.now).total_seconds())
    if abs(seconds) < SKEW_SECONDS:
        return None
    ahead = _("This server’s clock is %(seconds)d s ahead of PostgreSQL’s")
    behind = _("This server’s clock is %(seconds)d s behind PostgreSQL’s")
    return Trouble(
        (ahead if seconds > 0 else behind) % {"seconds": abs(seconds)},
        _(
            "Synchronise both clocks. Until then, one-time codes may be refused and links may expire too early or "
            "too late."
        ),
        level=Level.NOTE,
    )


@cache
def _migrations() -> frozenset[tuple[str, str]]:
    """The migrations of this code; the same as long as the process lives."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _schema() -> Service:
    applied, ours = set(MigrationRecorder(connection).applied_migrations()), _migrations()
    apps = {app for app, _name in ours}
    pending, newer = ours - applied, {row for row in applied - ours if row[0] in apps}
    trouble = None
    if pending:
        words = ngettext("%(count)d migration is pending", "%(count)d migrations are pending", len(pending))
        names = ", ".join(sorted(".".join(row) for row in pending)[:3])
        mend = _("Apply these: %(names)s.") % {"names": names}
        trouble = Trouble(words % {"count": len(pending)}, mend, ("manage.py migrate",))
    elif newer:
        trouble = Trouble(
            _("The database is newer than this server"),
            _("A deployment is in progress. When it is done, restart the servers that run the older version."),
            level=Level.NOTE,
        )
    facts = () if pending else (_("All migrations are applied"),)
    return Service("schema", _("Database schema"), "table", facts, trouble)


# The others ---------------------------------------------------------------------------------------------------------


def _ask_valkey() -> str | dict[str, Any]:
    """Return what is wrong, or else what Valkey says of itself."""
    if (found := probes.valkey()) != probes.OK:
        return found
    with probes.valkey_client() as client:
        info: dict[str, Any] = client.info()
    return info


def _valkey(answer: Any) -> Service:
    if isinstance(answer, dict):
        used, most = answer["used_memory"], answer["maxmemory"]
        memory = _("%(used)s of %(all)s memory") if most else _("%(used)s memory, no limit")
        sizes = {"used": filesizeformat(used), "all": filesizeformat(most)}
        version = answer.get("valkey_version") or answer["redis_version"]
        facts = (_("Version %(version)s") % {"version": version}, memory % sizes)
        return Service("valkey", "Valkey", "bolt", facts, _filling(answer))
    titles = {
        "read-only": _("Valkey is read-only"),
        "full": _("Valkey is full"),
    }
    mends = {
        "read-only": _("It is a replica, or can’t write to its disk. Set REDIS_URL to the primary."),
        "full": _("Raise its maxmemory. It stores only wake-ups, limits and a cache, so it needs little."),
    }
    away = _(
        "Start it, or correct REDIS_URL. Until then, background work is paused and each process counts "
        "limits separately."
    )
    words = answer if isinstance(answer, str) else _failure(answer)
    trouble = Trouble(titles.get(words, _("Valkey isn’t responding")), mends.get(words, away))
    return Service("valkey", "Valkey", "bolt", (words,), trouble)


def _filling(info: dict[str, Any]) -> Trouble | None:
    """Say that it will soon refuse writes; one that evicts never does."""
    used, most = info["used_memory"], info["maxmemory"]
    if not most or used < FULL * most or info.get("maxmemory_policy") != "noeviction":
        return None
    return Trouble(
        _("Valkey is running out of memory"),
        _("Start workers for queues that grow, or raise its maxmemory. When it is full, background work stops."),
        level=Level.NOTE,
    )


def _storage(answer: Any) -> Service:
    key, name, icon = "storage", _("Package and icon storage"), "folder"
    if answer == probes.OK:
        return Service(key, name, icon, (_("Writable"),))
    words = answer if isinstance(answer, str) else _failure(answer)
    mend = (
        _("Check STORAGE_URL, its keys and the bucket’s policy. Until then, uploads are refused, downloads may fail.")
        if settings.STORAGE_URL
        else _(
            "Free up space, or let all processes write to PACKAGE_ROOT and MEDIA_ROOT. Until then, uploads are refused."
        )
    )
    return Service(key, name, icon, (words,), Trouble(_("The storage isn’t writable"), mend))


def _ask_logs() -> None:
    """Ask for the versions of a program that there is not, which costs nothing."""
    log_store().versions(0)


def _logs(answer: Any) -> Service:
    key, name, icon = "logs", _("Log store"), "logs"
    if answer is None:
        return Service(key, name, icon, (_("Responding"),))
    mend = _("Start it, or correct LOG_STORE_URL. Until then, device logs are refused.")
    return Service(key, name, icon, (_failure(answer),), Trouble(_("The log store isn’t responding"), mend))


def _failure(error: BaseException) -> str:
    if isinstance(error, TimeoutError | redis.TimeoutError):
        return _("No response in time")
    return f"{type(error).__name__}: {error}"[:200]

"""Messages that a worker takes for a while, and what it writes back; every write is guarded by the lease."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef

from console.base.core import metrics
from console.base.hosts.models import ServerSecret
from messaging.models import Gateway, MyTemplate
from messaging.payload import Leased, Titles
from messaging.retrying import Verdict, closed

RUN_SECONDS = 20  # a run sends nothing new after that
GRACE_SECONDS = 15  # for writing back
RUNS = 4  # at the same time, over all workers
BACKLOG = 1000  # messages that are due for each run beyond the first
MANY = 10_000  # messages of one application: nobody counts further
SLOT = 0x6D736773  # class of the advisory locks, one for each run

DUE = "state = 'waiting' AND next_try_at <= %(at)s AND give_up_at > %(at)s"
LEASE = f"""
WITH due AS (
    SELECT id FROM messaging_message WHERE application_id = %(application)s AND {DUE}
    ORDER BY next_try_at LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE messaging_message AS m SET lease = %(lease)s, next_try_at = %(until)s, tries = tries + 1
FROM due, messaging_consent AS c, miniprograms_programuser AS u, miniprograms_miniprogram AS p
WHERE m.id = due.id AND c.id = m.consent_id AND u.id = c.user_id AND p.id = m.mini_program_id
RETURNING m.id, m.lease, m.tries, m.give_up_at, m.accepted_at, m.template_id, m.values, m.page, m.program_state,
    m.lang, p.app_id, p.name, u.openid, u.account
"""  # noqa: S608 - put together from constants
WRITE_BACK = """
UPDATE messaging_message AS m SET state = r.state, next_try_at = r.next_try_at, finished_at = r.finished_at,
    status = r.status, reason = r.reason, lease = NULL
FROM unnest(%s::bigint[], %s::uuid[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::smallint[], %s::text[])
    AS r (id, lease, state, next_try_at, finished_at, status, reason)
WHERE m.id = r.id AND m.lease = r.lease AND m.state = 'waiting'
"""
GIVE_BACK = """
UPDATE messaging_message AS m SET lease = NULL, next_try_at = %s, tries = tries - 1
FROM unnest(%s::bigint[], %s::uuid[]) AS r (id, lease)
WHERE m.id = r.id AND m.lease = r.lease AND m.state = 'waiting'
"""
# By the index of what is due, application by application, so that the first is the first of all.
WAITING = f"""
SELECT count(*), min(due.next_try_at) FROM unnest(%(applications)s::bigint[]) AS a (id) CROSS JOIN LATERAL (
    SELECT next_try_at FROM messaging_message WHERE application_id = a.id AND {DUE} ORDER BY next_try_at LIMIT %(most)s
) AS due
"""  # noqa: S608 - put together from constants
# A message that nobody could be asked to take says so; another says why its last try failed.
EXPIRE = """
UPDATE messaging_message AS m SET state = 'failed', finished_at = %(at)s, lease = NULL, reason = CASE
    WHEN NOT EXISTS (SELECT FROM messaging_gateway AS g WHERE g.application_id = m.application_id)
        THEN 'The host app has no gateway'
    WHEN NOT EXISTS (SELECT FROM hosts_serversecret AS s WHERE s.application_id = m.application_id
            AND (s.ends_at IS NULL OR s.ends_at > %(at)s))
        THEN 'The host app has no server secret'
    WHEN m.reason <> '' THEN m.reason
    ELSE coalesce((SELECT nullif(g.last_failure, '') FROM messaging_gateway AS g
        WHERE g.application_id = m.application_id), 'There was no time to try')
    END
WHERE id IN (
    SELECT id FROM messaging_message WHERE state = 'waiting' AND give_up_at <= %(at)s
        AND (lease IS NULL OR next_try_at <= %(at)s)
    LIMIT 5000 FOR UPDATE SKIP LOCKED
)
"""


def deliverable(*, at: datetime) -> set[int]:
    """Return the applications for which something is due and can be tried: gateway, secret, circuit.

    What waits behind an open circuit is not touched: it uses up no tries.
    """
    secrets = ServerSecret.objects.usable(at=at).filter(application=OuterRef("application"))
    gateways = list(Gateway.objects.filter(closed(at), Exists(secrets)).values_list("pk", flat=True))
    values: dict[str, Any] = {"applications": gateways, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM unnest(%(applications)s::bigint[]) AS a (id) CROSS JOIN LATERAL"  # noqa: S608
            f" (SELECT FROM messaging_message WHERE application_id = a.id AND {DUE} LIMIT 1) AS m",
            values,
        )
        return {application for (application,) in cursor.fetchall()}


def backlog(*, at: datetime) -> tuple[int, datetime | None]:
    """Return how many messages could be tried now, at most MANY + 1, and since when the first of them is due."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING, {"applications": sorted(deliverable(at=at)), "at": at, "most": MANY + 1})
        count, since = cursor.fetchone()
        return count, since


def lease(application: int, *, most: int, at: datetime) -> list[Leased]:
    """Take messages of the application, those that have waited longest first; the try that begins counts.

    A lease lasts as long as a run may have it: what its worker leaves behind when it dies is due again then.
    """
    until = at + timedelta(seconds=RUN_SECONDS + settings.MESSAGE_TIMEOUT + GRACE_SECONDS)
    values: dict[str, Any] = {"application": application, "most": most, "at": at, "until": until, "lease": uuid.uuid4()}
    with connection.cursor() as cursor:
        cursor.execute(LEASE, values)
        return [Leased(*row) for row in cursor.fetchall()]


def write_back(verdicts: Sequence[Verdict]) -> int:
    """Write how tries ended; whatever another worker has meanwhile, or somebody ended, stays. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(WRITE_BACK, [list(column) for column in zip(*verdicts, strict=True)])
        return cursor.rowcount


def give_back(messages: Iterable[Leased], *, at: datetime) -> None:
    """Let go of messages that were not tried."""
    pairs = [(message.id, message.lease) for message in messages]
    if pairs:
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, [at, *map(list, zip(*pairs, strict=True))])


def expire(*, at: datetime) -> int:
    """Fail the messages that have expired and that no worker has; return how many (M-7)."""
    total = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(EXPIRE, {"at": at})
            total += cursor.rowcount
            if cursor.rowcount == 0:
                break
    if total:
        metrics.messages.labels("expired").inc(total)
    return total


def titles(templates: Iterable[int]) -> dict[int, Titles]:
    """Return what the messages of these templates have in common."""
    columns = ("template_id", "kind", "title", "title_zh", "keywords")
    rows = MyTemplate.objects.filter(pk__in=templates).values_list("pk", *columns)
    return {pk: Titles(*row) for pk, *row in rows}


@contextmanager
def slot(*, at: datetime) -> Iterator[tuple[int | None, int]]:
    """Hold one of the runs that what is due is worth, and yield its number, or None if all are taken; and how many.

    One run is always allowed, another for each BACKLOG of messages, so that the other tasks find a worker. A lock of
    the session: it ends with the worker, however that ends.
    """
    runs = _runs(at)
    number = next((n for n in range(runs) if _ask("SELECT pg_try_advisory_lock(%s, %s)", [SLOT, n])), None)
    try:
        yield number, runs
    finally:
        if number is not None:
            _ask("SELECT pg_advisory_unlock(%s, %s)", [SLOT, number])


def _runs(at: datetime) -> int:
    """Return how many runs what is due is worth."""
    limited = f"SELECT FROM messaging_message WHERE {DUE} LIMIT %(most)s"
    most = (RUNS - 1) * BACKLOG
    due = _ask(f"SELECT count(*) FROM ({limited}) AS due", {"at": at, "most": most})  # noqa: S608
    return 1 + int(due) // BACKLOG


def _ask(query: str, values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchone()[0]

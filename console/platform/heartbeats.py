"""Writing and reading heartbeats; one statement each, by the database's clock."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from console.platform.models import Heartbeat, Part

# A task is due when its period is over since it was last sent. One that was sent and that no worker has begun may be
# lost, with a worker that died or a broker that was emptied: it is sent again when nothing waits in its queue. Else not
# before a minute and a period: while no worker is there, no heap of the same task piles up. Two schedulers send
# each task once, as the row is locked by the first.
TAKE_DUE = """
    INSERT INTO platform_heartbeat AS known (name, part, queue, seconds, sent_at)
    SELECT name, 'task', queue, seconds, clock_timestamp()
    FROM unnest(%s::text[], %s::text[], %s::integer[]) AS task (name, queue, seconds)
    ON CONFLICT (name) DO UPDATE SET sent_at = clock_timestamp(), seconds = excluded.seconds, queue = excluded.queue
        WHERE known.sent_at IS NULL
            OR known.sent_at <= clock_timestamp() - make_interval(secs => excluded.seconds)
                AND (known.started_at >= known.sent_at
                    OR known.queue = ANY(%s)
                    OR known.sent_at <= clock_timestamp() - make_interval(secs => 60 + excluded.seconds))
    RETURNING name
"""
SHOW = """
    INSERT INTO platform_heartbeat (name, part, seconds, seen_at, facts)
    VALUES (%s, %s, %s, clock_timestamp(), %s::jsonb)
    ON CONFLICT (name) DO UPDATE SET seen_at = clock_timestamp(), seconds = excluded.seconds, facts = excluded.facts
"""
# A worker that ends in order is not missed, unless another one goes on by its name.
LEAVE = "DELETE FROM platform_heartbeat WHERE name = %s AND facts -> 'process' = to_jsonb(%s::integer)"
# A worker does little without a scheduler: from its start on one is missed, also where none ever ran.
EXPECT_BEAT = """
    INSERT INTO platform_heartbeat (name, part, seconds) VALUES ('beat', 'beat', %s) ON CONFLICT (name) DO NOTHING
"""
# As if they had been sent long ago and nobody had begun them: due again, and late when that goes on.
NOT_SENT = """
    UPDATE platform_heartbeat SET sent_at = clock_timestamp() - make_interval(secs => 60 + seconds)
    WHERE name = ANY(%s) AND part = 'task'
"""
# The database's clock may be set back, or that of the next primary be behind. What lies ahead of it counts as of now:
# else nothing would be due, and nothing late, until the clock is there.
MOMENTS = ("first_at", "seen_at", "sent_at", "started_at", "failed_at", "notified_at")
NOW_AT_MOST = ", ".join(f"{each} = CASE WHEN {each} > now THEN now ELSE {each} END" for each in MOMENTS)
CORRECT_FUTURE = f"""
    UPDATE platform_heartbeat SET {NOW_AT_MOST}
    FROM (
        SELECT name AS ahead, statement_timestamp() AS now FROM platform_heartbeat
        WHERE greatest({", ".join(MOMENTS)}) > statement_timestamp() FOR UPDATE SKIP LOCKED
    ) AS found WHERE name = ahead
"""  # noqa: S608 - put together from constants
# Three times what it may take, and never less than a minute and a half. A task that is no longer sent is either not
# one of ours any more, or beat is late itself. Nor is a sign from the future one.
IS_SENT = "coalesce(abs(extract(epoch FROM sent_at - clock_timestamp())) < 3 * seconds + 120, false)"
IS_LATE = f"""
    abs(extract(epoch FROM coalesce(seen_at, first_at) - clock_timestamp())) > greatest(3 * seconds, 90)
        AND (part <> 'task' OR {IS_SENT})
"""
# Without any scheduler nothing is sent, so nothing else could be late: where none was ever seen, that is late itself.
LATE = f"""
    SELECT name, part FROM platform_heartbeat WHERE {IS_LATE}
    UNION ALL
    SELECT 'beat', 'beat' WHERE NOT EXISTS (SELECT FROM platform_heartbeat WHERE part = 'beat')
    ORDER BY name
"""  # noqa: S608 - put together from constants
# A worker that died silently is reported, and forgotten after an hour: where machines come and go, nobody
# knows whether it should be back.
FORGET = """
    DELETE FROM platform_heartbeat WHERE part = 'worker' AND seen_at < clock_timestamp() - interval '1 hour'
        OR part = 'task' AND sent_at < clock_timestamp() - interval '7 days'
"""
BEAT_IS_LATE = """
    SELECT WHERE NOT EXISTS (
        SELECT FROM platform_heartbeat
        WHERE part = 'beat' AND abs(extract(epoch FROM seen_at - clock_timestamp())) < 90
    )
"""


def take_due(tasks: Mapping[str, tuple[str, int]], *, empty: Collection[str] = ()) -> list[str]:
    """Return the names of the tasks that are to be sent now, and note that they were.

    `tasks`: queue and period in seconds by name; `empty`: the queues in which nothing waits. Raises DatabaseError.
    """
    names = sorted(tasks)  # In one order, so that two schedulers never wait for one another crosswise.
    with connection.cursor() as cursor:
        queues, seconds = ([tasks[name][column] for name in names] for column in (0, 1))
        cursor.execute(TAKE_DUE, [names, queues, seconds, list(empty)])
        return [name for (name,) in cursor.fetchall()]


def not_sent(names: Iterable[str]) -> None:
    """Note that the broker did not take these tasks: they are due again immediately."""
    with connection.cursor() as cursor:
        cursor.execute(NOT_SENT, [list(names)])


def show(name: str, part: Part, *, seconds: int, facts: dict[str, Any]) -> None:
    """Write a heartbeat of a worker or the scheduler, which shows one each `seconds`. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(SHOW, [name, part, seconds, json.dumps(facts)])


def begun(task: str) -> None:
    """Note that a periodic task began."""
    Heartbeat.objects.filter(name=task).update(started_at=Clock())


def ended(task: str, *, error: str = "") -> None:
    """Note how a periodic task ended; `error` is what it raised, in English, and stays until the next one."""
    if error:
        Heartbeat.objects.filter(name=task).update(failed_at=Clock(), error=error.replace("\0", "")[:300])
    else:
        Heartbeat.objects.filter(name=task).update(seen_at=Clock())


def late() -> list[str]:
    """Return the names of what should have shown a sign by now. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(LATE)
        return [name for name, _part in cursor.fetchall()]


def correct_future() -> None:
    """Let what the rows say of the future count as of now. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(CORRECT_FUTURE)


def forget() -> None:
    """Forget the workers that nobody expects back, and tasks that are not sent any more. Raises DatabaseError."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET)


def signs() -> QuerySet[Heartbeat]:
    """Return all rows; each has `is_late`, `now` by the database's clock, and `is_sent` (a task: still sent)."""
    yes_or_no = models.BooleanField()
    columns: dict[str, Any] = {
        "now": Clock(),
        "is_late": RawSQL(f"({IS_LATE})", [], output_field=yes_or_no),  # noqa: S611 - put together from constants
        "is_sent": RawSQL(f"({IS_SENT})", [], output_field=yes_or_no),  # noqa: S611
    }
    return Heartbeat.objects.annotate(**columns)


class Clock(models.Func):
    """The database's clock at this moment: Now() is that of the transaction's beginning."""

    function = "clock_timestamp"
    output_field = models.DateTimeField()

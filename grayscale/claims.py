"""Who has a place in which task: exact, under any concurrency, crash or retry (G-5).

A task's limit is divided among its SHARDS shards; migration 0002 has the function that takes a place from one of them,
and says why it is exact. The verbs here change the shards in the verb's own transaction. They wait for the claims that
are under way, and no claim that comes later is decided before that transaction ends.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import Case, QuerySet, When

from console.base.core import metrics, pool
from console.base.core.errors import refuse_if
from grayscale import rules
from grayscale.decision import Candidate, TaskRule
from grayscale.models import SHARDS, ClaimShard, GrayscaleTask
from releases.field.device import Device

LOOK = b"SELECT grayscale_look($1, $2, $3)"
TAKE = b"SELECT grayscale_take($1, $2, $3, $4, $5, $6, $7, $8)"
TAKE_ONE = "SELECT (grayscale_take(%s, %s, %s, %s::bigint[], %s, %s, %s, %s))[1]"
KEPT = b"SELECT grayscale_kept($1, $2, $3)"
KEPT_ONE = "SELECT grayscale_kept(%s, %s::bigint[], %s)"
FREE = 0  # what a look answers where a place may be had
MOST_AT_ONCE = 64  # devices in one statement
KNOWN = 1 << 16  # places that a process remembers, of some 150 bytes each
# Undone because of others: serialization failure, deadlock; cut off: shutdown, crash of another session, starting up.
AGAIN = ("40001", "40P01", "57P01", "57P02", "57P03")
HELD = "55P03"  # Somebody else has locked what had to be waited for.
# While someone holds a task, each statement asks for one task, and that task is tried once a second.
APART_SECONDS, HELD_SECONDS = 5.0, 1.0


Row = tuple[str, ...]
Place = tuple[int, str] | tuple[int, str, int]  # task and GUID, and which application gave it where that matters


class ClaimsUnavailable(Exception):
    """The database could not answer whether a device is enrolled: neither yes nor no may be answered."""


def make_shards(task: GrayscaleTask) -> None:
    """Give a new task its places."""
    shares = enumerate(_spread(task.user_limit))
    ClaimShard.objects.bulk_create(ClaimShard(task=task, shard=n, capacity=places) for n, places in shares)


@transaction.atomic
def close_shards(task: GrayscaleTask) -> None:
    """Let nobody get a new place once the transaction has ended."""
    _locked(task).update(open=False)


@transaction.atomic
def open_shards(task: GrayscaleTask) -> None:
    """Let users get places again."""
    _locked(task).update(open=True)


@transaction.atomic
def resize(task: GrayscaleTask, limit: int) -> None:
    """Divide `limit` places anew; raises ActionRefused when more users than that have one already (G-8)."""
    rows = list(_locked(task))
    delivered = sum(row.taken for row in rows)
    refuse_if(rules.why_not_limit(limit, delivered=delivered), "user_limit")
    free = _spread(limit - delivered)
    cases = [When(shard=row.shard, then=row.taken + places) for row, places in zip(rows, free, strict=True)]
    ClaimShard.objects.filter(task=task).update(capacity=Case(*cases))


def _spread(places: int) -> list[int]:
    """Divide places among the shards as evenly as can be."""
    each, rest = divmod(places, SHARDS)
    return [each + (n < rest) for n in range(SHARDS)]


def _locked(task: GrayscaleTask) -> QuerySet[ClaimShard]:
    """Lock the task's shards, always in the same order, so that two verbs never wait for each other."""
    shards = ClaimShard.objects.filter(task=task)
    list(shards.order_by("shard").select_for_update(no_key=True, of=("self",)).values_list("shard"))
    return shards.order_by("shard")


class _Asking:
    """A device that waits for a place: `turn` is released when it has its answer, or is to send the next statement."""

    __slots__ = ("answered", "error", "row", "taken", "turn")

    def __init__(self, row: Row) -> None:
        self.row = row
        self.turn = threading.Lock()
        self.turn.acquire()
        self.answered = False
        self.taken: int | None = None
        self.error: Exception | None = None


class DatabaseClaims:
    """Asks the database, from any thread; what it says is committed.

    A device that runs a task's version probably has a place there, which a look tells that waits for nobody. The others
    share a statement: while one is under way the next ones gather, since one commit does for all of them.

    It has connections of its own, one per asking thread, and speaks to them without Django's and psycopg's
    cursors, which cost three times what the database itself does. Nothing is prepared, for the sake of connection
    poolers. Who was given a place keeps it (G-5), so a place that is known is not asked for again. A task that somebody
    has locked is asked for by itself, and not each time, so that the devices of others don't wait for it.
    """

    def __init__(self, *, is_away: Callable[[], bool] = lambda: False) -> None:
        self._is_away = is_away
        self._forget()

    def _forget(self) -> None:
        self._process = os.getpid()
        self._idle: list[psycopg.Connection] = []
        self._known: list[Place | None] = [None] * KNOWN
        self._away = self._away_until = 0.0
        self._gate = threading.Lock()
        self._asking: list[_Asking] = []
        self._sending = False
        self._apart_until = 0.0
        self._held_until: dict[str, float] = {}  # by the tasks that a device fits, as its row has them

    def take(self, candidates: Sequence[Candidate], device: Device, *, application: int) -> TaskRule | None:
        """Return the first task in which the GUID has a place, or now got one; raises ClaimsUnavailable."""
        first = candidates[0].task
        place = (first.id, device.guid)
        if self._known[hash(place) % KNOWN] == place:
            return first
        row = _row(candidates, device, application)
        return self._asked(candidates, place, lambda: self._found(candidates, row))

    def keep(self, candidates: Sequence[Candidate], guid: str, *, application: int) -> TaskRule | None:
        """Return the first task in which this application gave the GUID a place; raises ClaimsUnavailable."""
        first = candidates[0].task
        place = (first.id, guid, application)
        if self._known[hash(place) % KNOWN] == place:
            return first
        row = (guid, _task_ids(candidates), str(application))
        return self._asked(candidates, place, lambda: self._kept(row))

    def _asked(self, candidates: Sequence[Candidate], place: Place, ask: Callable[[], int | None]) -> TaskRule | None:
        """Ask the database, and remember a place in the first task; raises ClaimsUnavailable."""
        try:
            if self._is_away():
                raise ClaimsUnavailable("The database is away.")
            taken = ask()
        except ClaimsUnavailable:
            metrics.claims.labels("unavailable").inc()
            raise
        if taken == place[0] and not connection.in_atomic_block:
            self._known[hash(place) % KNOWN] = place
        metrics.claims.labels("none" if taken is None else "place").inc()
        return next((candidate.task for candidate in candidates if candidate.task.id == taken), None)

    def _found(self, candidates: Sequence[Candidate], row: Row) -> int | None:
        if connection.in_atomic_block:
            return _ask_inside(TAKE_ONE, [[part] for part in row])
        taken = self._look(LOOK, row[:3]) if _is_likely_known(candidates) else FREE
        return self._take(row) if taken == FREE else taken

    def _kept(self, row: Row) -> int | None:
        return _ask_inside(KEPT_ONE, row) if connection.in_atomic_block else self._look(KEPT, row)

    def remembers(self, task: TaskRule, guid: str) -> bool:
        """Return whether this process knows that the GUID has a place in the task."""
        place = (task.id, guid)
        return self._known[hash(place) % KNOWN] == place

    def close(self) -> None:
        """Close the connections that are not in use, and forget all places."""
        idle = self._idle
        self._forget()
        for one in idle:
            one.close()

    def _look(self, statement: bytes, row: Row) -> int | None:
        answer = self._ask(statement, [part.encode() for part in row])
        return None if answer is None else int(answer)

    def _take(self, row: Row) -> int | None:
        """Wait until the device is among those that were answered, by this thread or by another one."""
        if self._held_until and time.monotonic() < self._held_until.get(row[1], 0.0):
            raise ClaimsUnavailable("The task was locked a moment ago.")
        own = _Asking(row)
        with self._gate:
            self._asking.append(own)
            wait, self._sending = self._sending, True
        if wait:
            own.turn.acquire()
        while not own.answered:
            self._send(own)
        if own.error is not None:
            raise ClaimsUnavailable(str(own.error)) from own.error
        return own.taken

    def _send(self, own: _Asking) -> None:
        """Ask for those who have gathered, in the order of their GUIDs.

        Once `own` is answered it is the turn of one who came later; until then nobody else sends.
        """
        with self._gate:
            batch = self._batch()
        error = None
        try:
            columns = zip(*(one.row for one in batch), strict=True)
            found = _numbers(self._ask(TAKE, [_array(column) for column in columns]))
        except Exception as raised:  # Whatever it is, nobody may wait for ever.
            error, found = raised, [] if self._asks_apart(batch, raised) else [None] * len(batch)
        answered = batch[: len(found)]  # The others would have waited for someone else: they are asked for again.
        with self._gate:
            gone = set(answered)
            self._asking = [one for one in self._asking if one not in gone]
            following = self._asking[0] if self._asking and own in gone else None
            self._sending = following is not None or own not in gone
        for one, taken in zip(answered, found, strict=True):
            one.taken, one.error, one.answered = taken, error, True
            one.turn.release()
        if following is not None:
            following.turn.release()

    def _batch(self) -> list[_Asking]:
        """Return which to ask for together: while a task is locked, those of one task."""
        asking = self._asking
        if time.monotonic() < self._apart_until:
            asking = [one for one in asking if one.row[1] == asking[0].row[1]]
        return sorted(asking[:MOST_AT_ONCE], key=lambda one: one.row[0])

    def _asks_apart(self, batch: list[_Asking], error: Exception) -> bool:
        """Return whether those of a statement that waited in vain are asked for once more, each task by itself."""
        if getattr(error.__cause__, "sqlstate", None) != HELD:
            return False
        now, tasks = time.monotonic(), {one.row[1] for one in batch}
        self._apart_until = now + APART_SECONDS
        if len(tasks) == 1:
            held = {one: until for one, until in self._held_until.items() if until > now}
            self._held_until = held | dict.fromkeys(tasks, now + HELD_SECONDS)
        return len(tasks) > 1

    def _ask(self, statement: bytes, values: list[bytes]) -> bytes | None:
        """Ask, and ask once more when the connection was dead: a place is counted once, however often it is asked for.

        A connection that saw an error is not used again, and the others that idle are likely to be dead as well.
        """
        again = True
        while True:
            one = self._connection()
            try:
                answer = one.pgconn.exec_params(statement, values)
                if answer.status == psycopg.pq.ExecStatus.TUPLES_OK:
                    self._idle.append(one)
                    return answer.get_value(0, 0)
                error: psycopg.Error = psycopg.errors.error_from_result(answer)
            except psycopg.Error as raised:
                error = raised
            dead = one.pgconn.status != psycopg.pq.ConnStatus.OK
            one.close()
            if dead:
                self._drop_idle()
            if not again or not (dead or error.sqlstate in AGAIN):
                raise ClaimsUnavailable(str(error)) from error
            again = False

    def _connection(self) -> psycopg.Connection:
        if self._process != os.getpid():  # A child shall not speak on its parent's connections.
            self._forget()
        try:
            return self._idle.pop()
        except IndexError:
            return self._connect()

    def _connect(self) -> psycopg.Connection:
        """Connect; while that fails, one thread tries and pauses as long as it took, and the others need not wait."""
        began = time.monotonic()
        if began < self._away_until:
            raise ClaimsUnavailable("The database was away a moment ago.")
        if self._away:
            self._away_until = began + self._away
        try:
            found = psycopg.connect(**connection.get_connection_params(), autocommit=True)
        except psycopg.Error as error:
            now = time.monotonic()
            self._away = now - began
            self._away_until = now + self._away
            raise ClaimsUnavailable(str(error)) from error
        self._away = self._away_until = 0.0
        pool.remember(found)
        return found

    def _drop_idle(self) -> None:
        while self._idle:
            try:
                self._idle.pop().close()
            except IndexError:  # Another thread took the last one.
                return


def _is_likely_known(candidates: Sequence[Candidate]) -> bool:
    """Return whether a look will probably do: it needs no turn, and waits for no one else's place."""
    return any(one.runs for one in candidates) or not any(one.may_claim for one in candidates)


def _numbers(answer: bytes | None) -> list[int | None]:
    """Read an array of numbers."""
    texts = (answer or b"{}")[1:-1].split(b",")
    return [None if text == b"NULL" else int(text) for text in texts if text]


def _ask_inside(statement: str, values: Sequence[str | list[str]]) -> int | None:
    """Ask in the caller's own transaction, which may still be rolled back: nothing is remembered."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            (taken,) = cursor.fetchone()
    except DatabaseError as error:
        raise ClaimsUnavailable(str(error)) from error
    return None if taken is None else int(taken)


def _row(candidates: Sequence[Candidate], device: Device, application: int) -> Row:
    """One device's arguments of the database's function, as PostgreSQL reads them."""
    may_claim = ",".join(["t" if one.may_claim else "f" for one in candidates])
    facts = (str(application), device.app_version, device.platform, device.os_version, device.network)
    return (device.guid, _task_ids(candidates), f"{{{may_claim}}}", *facts)


def _task_ids(candidates: Sequence[Candidate]) -> str:
    """Write the tasks' primary keys as PostgreSQL reads an array."""
    return "{" + ",".join([str(one.task.id) for one in candidates]) + "}"


def _array(texts: Iterable[str]) -> bytes:
    """Write an array of texts as PostgreSQL reads it."""
    return (
        "{" + ",".join(['"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts]) + "}"
    ).encode()

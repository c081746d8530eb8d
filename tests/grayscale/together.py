"""Sessions of the test's database that stand in each other's way, and know when they do."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from django.db import connection

from tests.console.api.device.serving import database_url

TAKE = (
    "SELECT (grayscale_take(ARRAY[%s], ARRAY[%s::bigint[]::text], ARRAY[%s::boolean[]::text],"
    " '{7}', '{9.2.0}', '{android}', '{14}', '{wifi}'))[1]"
)
PATIENCE = 20.0  # seconds


def guid(number: int) -> str:
    """An Android device's."""
    return f"0302{number:028}"


class Session:
    """A session of its own; what it is asked to do in the background may wait for others."""

    def __init__(self, **options: Any) -> None:
        self.connection = psycopg.connect(database_url(), autocommit=True, **options)
        self._thread: threading.Thread | None = None
        self._outcome: Any = None

    def run(self, query: str, *values: Any) -> Any:
        """Return the first value of the first row, if there is one."""
        cursor = self.connection.execute(query, values)
        return cursor.fetchone()[0] if cursor.description else None  # type: ignore[index]

    def take(self, number: int, tasks: Sequence[int], *, may_claim: bool = True) -> int | None:
        """Ask for a place for the device with this number."""
        taken: int | None = self.run(TAKE, guid(number), list(tasks), [may_claim] * len(tasks))
        return taken

    def start(self, query: str, *values: Any) -> None:
        """Do it in the background."""

        def target() -> None:
            try:
                self._outcome = self.run(query, *values)
            except psycopg.Error as error:
                self._outcome = error

        self._thread = threading.Thread(target=target)
        self._thread.start()

    def start_taking(self, number: int, task: int) -> None:
        """Ask for a place in the background."""
        self.start(TAKE, guid(number), [task], [True])

    def wait_until_waiting(self) -> None:
        """Return when it waits for a lock of another session."""
        deadline = time.monotonic() + PATIENCE
        waiting = "SELECT cardinality(pg_blocking_pids(%s)) > 0"
        with connection.cursor() as cursor:
            while True:
                cursor.execute(waiting, [self.connection.info.backend_pid])
                if cursor.fetchone()[0]:
                    return
                assert time.monotonic() < deadline, "it waits for nobody"

    def outcome(self) -> Any:
        """Wait for what was started and return what came of it, which may be an error."""
        assert self._thread is not None
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self._outcome

    def close(self) -> None:
        """End it, whatever it waits for."""
        if self._thread is not None and self._thread.is_alive():
            self.connection.cancel_safe()
            self._thread.join(PATIENCE)
        self.connection.close()


@contextlib.contextmanager
def sessions(count: int) -> Iterator[list[Session]]:
    """That many; closed in the end, so that the database can be dropped."""
    found = [Session() for _ in range(count)]
    try:
        yield found
    finally:
        for one in found:
            one.close()

"""A storm of devices on real server processes that are killed meanwhile: what the proof of G-5 is made with."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from grayscale.models import GrayscaleTask
from releases.models import package_storage
from tests.console.api.device.asking import UPDATE, authorization, question
from tests.console.api.device.serving import database_url
from tests.processes import free_port, kill, listens

CLIENTS = 64
APPLICATION = "storm"  # as the servers call themselves to PostgreSQL
PATIENCE = 60.0  # seconds, for what takes one or two


class Server:
    """A granian process with the console and its own worker process; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.log = folder / f"server-{self.port}.log"
        self.environment = {
            **os.environ,
            "UNPROVEN_PLACES_PER_ADDRESS": "1000000/second",
            "UNPROVEN_PLACES_PER_APPLICATION": "1000000/second",
            "DJANGO_SETTINGS_MODULE": "console.settings",
            "DATABASE_URL": database_url(),
            "PGAPPNAME": APPLICATION,
            "SECRET_KEY": settings.SECRET_KEY,  # opens what this test sealed
            "PACKAGE_ROOT": str(package_storage().path("")),
            "OBJECT_LIST_CACHE": str(folder / "object-lists"),
        }
        self.start()

    def start(self) -> None:
        """Start it, in a process group of its own, and go on at once."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(self.port), "--no-ws"]
        command += ["--blocking-threads", "16", "--log-level", "warning", "console.wsgi:application"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )

    def kill(self) -> None:
        """Kill the process and its worker, in the middle of whatever they do."""
        kill(self.process)

    @property
    def listens(self) -> bool:
        """Whether it would answer."""
        assert self.process.poll() is None, self.log.read_text()
        return listens(self.port)


class Storm:
    """Clients that ask for their devices again and again, and from each until it has an answer.

    `received` are the GUIDs that got the grayscale version; `relapsed` those that got it and later
    something else.
    """

    def __init__(self, task: GrayscaleTask, servers: list[Server], devices: int) -> None:
        self.servers = servers
        self.guids = [f"0302{n:028}" for n in range(devices)]
        self.app_id = task.mini_program.app_id
        self.header = {
            "Authorization": authorization(task.mini_program.bindings.bound().get().application),
            "Content-Type": "application/json",
        }
        self.received: set[str] = set()
        self.relapsed: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.statuses: Counter[str | int] = Counter()
        self._counting = threading.Lock()
        self._stop = threading.Event()

    @contextlib.contextmanager
    def blowing(self) -> Iterator[None]:
        """Let the clients ask until the end of the block."""
        threads = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def wait(self, condition: Callable[[], bool]) -> None:
        """Return when the condition is met; it is looked at a hundred times a second."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (len(self.received), self.statuses)
            self._stop.wait(0.01)

    def wait_for_everybody(self) -> None:
        """Return when each device has had one more answer."""
        before = self.asked.copy()
        self.wait(lambda: all(self.asked[guid] > before[guid] for guid in self.guids))

    def wait_for_answers(self, count: int) -> None:
        """Return after that many more answers."""
        goal = self.statuses[200] + count
        self.wait(lambda: self.statuses[200] >= goal)

    def _client(self, number: int) -> None:
        own = self.guids[number::CLIENTS]
        for client, guid in zip(self._connections(number), itertools.cycle(own), strict=False):
            if self._stop.is_set():
                return
            self._ask(client, guid)

    def _connections(self, number: int) -> Iterator[Callable[[bytes], tuple[int, Any]]]:
        """Yield a way to ask, of a server that answered last time."""
        servers = itertools.cycle(self.servers[number % 2 :] + self.servers[: number % 2])
        kept: list[http.client.HTTPConnection] = []

        def send(body: bytes) -> tuple[int, Any]:
            if not kept:
                kept.append(http.client.HTTPConnection("127.0.0.1", next(servers).port, timeout=20))
            try:
                kept[0].request("POST", UPDATE, body, self.header)
                response = kept[0].getresponse()
                return response.status, json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError):
                kept.pop().close()
                return 0, None

        while True:
            yield send

    def _ask(self, send: Callable[[bytes], tuple[int, Any]], guid: str) -> None:
        body = json.dumps(question(self.app_id, guid=guid)).encode()
        while True:
            status, answer = send(body)
            with self._counting:
                self.statuses[status] += 1
                if status == 200:
                    self._note(guid, answer)
            if status == 200 or self._stop.wait(0.01):
                return

    def _note(self, guid: str, answer: Any) -> None:
        self.asked[guid] += 1
        if answer["channel"] == "grayscale":
            self.received.add(guid)
        elif guid in self.received:
            self.relapsed.add(guid)


def terminate_backends() -> int:
    """End all sessions of the servers, as a restart of PostgreSQL would; return how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = %s",
            [APPLICATION],
        )
        return int(cursor.fetchone()[0])

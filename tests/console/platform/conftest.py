"""A Valkey that tests may kill, stop and fill, as the suite's own is shared; the status page as its words."""

from __future__ import annotations

import html
import re
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from django.test import Client

from console.local import addresses, valkey
from console.local.process import stop_all


class OwnValkey:
    """A Valkey in a folder of its own, which can be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = addresses.redis_url(sockets=folder)
        self.broker_url = addresses.broker_url(self.url)
        self.service = valkey.service(folder / "data", sockets=folder, log=folder / "log", durable=False)

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.service.start()
        valkey.wait_until_ready(self.service, sockets=self.folder)

    def kill(self) -> None:
        """End it without a word."""
        self.service.send(signal.SIGKILL)
        assert self.service.process is not None
        self.service.process.wait()

    def configure(self, name: str, value: str) -> None:
        """Change one of its settings."""
        with redis.Redis.from_url(self.url) as client:
            client.config_set(name, value)


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    """A running Valkey of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="console-", dir="/tmp"))  # A socket's path is short.
    found = OwnValkey(folder)
    found.start()
    try:
        yield found
    finally:
        found.service.send(signal.SIGCONT)
        stop_all([found.service], patience=3)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def silent_name_servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Names that are looked up in vain: nobody says anything until the test ends. Names of this machine are known."""
    asked: list[str] = []
    ended, look_up = threading.Event(), socket.getaddrinfo

    def wait(host: str, *of: Any, **how: Any) -> Any:
        if not str(host).endswith(".example.com"):
            return look_up(host, *of, **how)
        asked.append(host)
        ended.wait(60)
        raise socket.gaierror("no answer")

    monkeypatch.setattr(socket, "getaddrinfo", wait)
    yield asked
    ended.set()


@pytest.fixture
def read(operator_client: Client) -> Callable[[], str]:
    """Return a function that opens the status page and gives its words in one line."""

    def words() -> str:
        response = operator_client.get("/platform/status/")
        assert response.status_code == 200
        return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())

    return words

"""`manage.py up` really started: first page, second copy, every way to stop, data kept."""

import signal
import socket
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from tests.console.local.running import START_SECONDS, STOP_SECONDS, console, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what is left")


def test_starts_refuses_a_second_copy_and_stops(tmp_path: Path) -> None:
    with console(tmp_path, free_port()) as first:
        assert len(first.wait_for(r"with the password (\S+)")) >= 12
        first.wait_until_ready()
        assert first.get(reverse("account_login")) == 200
        with console(tmp_path, free_port()) as second:
            sentence = f"process {first.process.pid}, http://localhost:{first.port}/."
            second.wait_for("already runs in this folder: " + sentence)
            assert second.process.wait(START_SECONDS) == 1
        # An idle browser keeps its connection: it must not hold the stop up.
        with socket.create_connection(("127.0.0.1", first.port)):
            seconds, left = first.end(signal.SIGTERM)
        assert left == []
        assert seconds < STOP_SECONDS
        assert first.process.returncode == 0


def test_keeps_its_data_also_when_killed(tmp_path: Path) -> None:
    with console(tmp_path, free_port()) as first:
        first.wait_for("with the password")
        first.wait_until_ready()
        _, left = first.end(signal.SIGKILL)
        assert left == []
    with console(tmp_path, free_port()) as second:
        second.wait_until_ready()
        assert "password" not in second.output
        seconds, left = second.end(signal.SIGINT)
        assert left == []
        assert seconds < STOP_SECONDS


def test_says_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with console(tmp_path, port) as copy:
            copy.wait_for(f"Port {port} is taken by another program. Choose another one: make run PORT={port + 1}")
            assert copy.process.wait(START_SECONDS) == 1
            assert not (tmp_path / "postgres").exists()

"""`manage.py up` really started: first page, second copy, every way to stop, data kept."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from tests.console.local.running import START_SECONDS, STOP_SECONDS, console, free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see what is left")


def test_starts_is_stopped_and_killed_and_keeps_its_data(tmp_path: Path) -> None:
    """Three starts in one folder, as a start from nothing takes long: ended by Ctrl-C, killed, by SIGTERM."""
    with console(tmp_path, free_port()) as first:
        password = first.wait_for(r"with the password (\S+)")
        assert len(password) >= 12
        first.wait_until_ready()
        (key,) = re.findall(rf"http://localhost:{first.port}/dev/mailbox/\?key=(\S+)\n", first.output)
        assert first.get(reverse("account_login")) == 200
        assert first.get("/nothing/") == 404
        with console(tmp_path, free_port()) as second:
            sentence = f"process {first.process.pid}, http://localhost:{first.port}/."
            second.wait_for("already runs in this folder: " + sentence)
            assert second.process.wait(START_SECONDS) == 1
        first.ask_for_password("admin@example.com")
        first.wait_for(rf'^Mail to admin@example.com: ".+" http://localhost:{first.port}/\S+$')
        assert first.get(reverse("mailbox")) == 403
        assert first.get(f"{reverse('mailbox')}?key={key}") == 302
        assert first.end(signal.SIGINT) < STOP_SECONDS
        first.wait_for(f"^Sign in as admin@example.com with the password {password} ")
        assert "Traceback" not in first.output
        assert len(first.output.splitlines()) < 20
    with console(tmp_path, free_port()) as again:
        again.wait_until_ready()
        assert "with the password" not in again.output
        assert again.end(signal.SIGKILL) < STOP_SECONDS
    with console(tmp_path, free_port()) as last:
        last.wait_until_ready()
        # An idle browser keeps its connection: it must not hold the stop up.
        with socket.create_connection(("127.0.0.1", last.port)):
            assert last.end(signal.SIGTERM) < STOP_SECONDS
        assert last.process.returncode == 0
        assert "with the password" not in last.output


def test_says_when_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with console(tmp_path, port) as copy:
            copy.wait_for(rf"Port {port} is taken by process {os.getpid()} \(.+\). Choose another: PORT=\d+ make run")
            assert copy.process.wait(START_SECONDS) == 1
            assert not (tmp_path / "postgres").exists()

"""A taken port is told of by whom, with another one, before anything is installed."""

import os
import socket
import subprocess
import sys

import pytest

from console.local import ports, supervisor
from console.local.addresses import PROJECT
from console.local.process import LocalServiceError, Service


def listening(address="127.0.0.1", family=socket.AF_INET):
    taken = socket.socket(family)
    taken.bind((address, 0))
    taken.listen()
    return taken, taken.getsockname()[1]


def test_says_who_has_it_and_another_one_without_any_package():
    taken, port = listening()
    with taken:
        command = [sys.executable, "-I", "-S", "console/local/ports.py", "127.0.0.1", str(port)]
        tried = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60, check=False)
    assert tried.returncode == 1
    assert tried.stderr.startswith(f"Port {port} is taken by process {os.getpid()} (")
    assert "Choose another: PORT=" in tried.stderr
    assert tried.stderr.endswith(" make run\n")
    assert len(tried.stderr.splitlines()) == 1


def test_a_stranger_on_the_other_localhost_is_one_too():
    """Browsers ask ::1 first for localhost."""
    try:
        taken, port = listening("::1", socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no ::1")
    with taken:
        assert f"Port {port} is taken" in ports.trouble("127.0.0.1", port)


@pytest.mark.parametrize("port", [0, 65536])
def test_what_is_no_port(port):
    assert ports.trouble("127.0.0.1", port).startswith("PORT must be a number from 1 to 65535")


def test_a_stranger_that_answers_is_not_taken_for_ours(monkeypatch, live_server):
    """It has /healthz, like ours, and not what this start has given its own processes."""
    monkeypatch.setenv("CONSOLE_INSTANCE", "of-this-start")
    host, port = live_server.thread.host, live_server.thread.port
    web = Service("web", ["sleep", "60"])
    web.start()
    try:
        assert not supervisor.answers(web, host, port)
    finally:
        web.process.kill()
        web.process.wait()
    with pytest.raises(LocalServiceError, match=f"Port {port} is taken by process {os.getpid()}"):
        supervisor.answers(web, host, port)

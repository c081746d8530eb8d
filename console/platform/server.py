"""The server of WSGI: granian, with one listening socket that its main process keeps open.

Granian's own processes each have a socket of their own on Linux, so that connections are refused while the only one is
gone, and those that wait for one that stops are lost. Here they wait for the next one.
"""

from __future__ import annotations

import argparse
import os
import socket
from typing import Any

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.net import SocketSpec
from granian.server import MPServer

APPLICATION = "console.wsgi:application"
# Python parses nested JSON in C to a depth of 10,000, whatever the thread; for that the 2 MB of Rust are too few.
STACK = 16 * 1024 * 1024  # bytes; takes memory as it is used


class Server(MPServer):
    """Granian, with the socket that it has on other systems and for Unix sockets."""

    _shd: Any
    _sfd: Any

    def _init_shared_socket(self) -> None:
        self._ssp = None
        self._shd = SocketSpec(self.bind_addr, self.bind_port, self.backlog).build()
        self._sfd = self._shd.get_fd()
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)


def main() -> None:
    """Serve until SIGTERM; SIGHUP replaces the processes one after the other."""
    parser = argparse.ArgumentParser(prog="console.platform.server")
    parser.add_argument("--host", required=True)
    for name in ("port", "workers", "threads", "kill-seconds", "reload-seconds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    os.environ["RUST_MIN_STACK"] = str(STACK)
    Server(
        APPLICATION,
        address=options.host,
        port=options.port,
        interface=Interfaces.WSGI,
        # By HTTP/2 a client may answer pings while its body does not come, so that it seems to be served (bodies.py).
        http=HTTPModes.http1,
        websockets=False,
        workers=options.workers,
        blocking_threads=options.threads,
        respawn_failed_workers=True,
        respawn_interval=options.reload_seconds,
        workers_kill_timeout=options.kill_seconds,
        log_level=LogLevels.error,  # Each killed or replaced process logs that itself.
    ).serve()


if __name__ == "__main__":
    main()

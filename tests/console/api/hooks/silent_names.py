"""Delivery where no name server answers: `python -m` this in a network and mount namespace of its own.

It delivers what waits in the database of DATABASE_URL, and prints as JSON what had happened when an event for the
webhook of the first argument arrived, which was sent when all others were on their way.
"""

from __future__ import annotations

import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from typing import Any

import django

SERVER = "127.0.0.53"
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40


def main() -> None:
    """Deliver, and print. Whoever still waits for a name ends with the process."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        be_silent(server)
        django.setup()
        print(json.dumps(deliver(server, int(sys.argv[1]))), flush=True)


def be_silent(server: socket.socket) -> None:
    """Let all names be looked up at a server that hears the questions and says nothing, for 150 s each."""
    up = struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING)
    fcntl.ioctl(server, SIOCSIFFLAGS, up)
    server.bind((SERVER, 53))
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(f"nameserver {SERVER}\noptions timeout:30 attempts:5\n")
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True)


def deliver(server: socket.socket, pk: int) -> dict[str, Any]:
    """Return what had happened when the webhook got its event, and whether the run ended."""
    from console.api.hooks import delivery
    from console.api.hooks.models import Delivery, Webhook
    from console.base.core import names
    from console.base.core.outbox import lanes, leases
    from tests import factories
    from tests.console.api.hooks.receiver import receiving
    from tests.messaging.delivering import until

    leases.RUN_SECONDS = 600  # It ends when it is told to.
    others, asked = Delivery.objects.exclude(webhook=pk), set()
    run = threading.Thread(target=lanes.run, args=[delivery.EventCourier()], daemon=True)
    with receiving() as receiver:
        webhook = factories.point(Webhook.objects.get(pk=pk), receiver.url.replace("127.0.0.1", "localhost"))
        run.start()
        until(lambda: not others.filter(lease=None).exists())
        while len(asked) < names.EACH:
            asked.add(name_in(server.recv(512)))
        factories.make_delivery(webhook)
        until(lambda: Delivery.objects.filter(webhook=pk, state="delivered").exists())
    ended = others.exclude(attempts=[]).count()
    asked |= all_names(server)
    lanes.stop()
    run.join(60)
    return {"others ended": ended, "names asked": len(asked), "run ended": not run.is_alive()}


def all_names(server: socket.socket) -> set[bytes]:
    """Return the names in the questions that have come and were not read."""
    server.setblocking(False)
    names = set()
    try:
        while True:
            names.add(name_in(server.recv(512)))
    except BlockingIOError:
        return names


def name_in(question: bytes) -> bytes:
    """Return the name that a question asks for, which follows twelve bytes of a head."""
    return question[12 : question.index(0, 12)]


if __name__ == "__main__":
    main()

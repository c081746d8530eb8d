"""A child process that ends with its parent, however the parent ends."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO


class LocalServiceError(Exception):
    """A local service cannot run; the message explains why and what to do."""


def tied(command: Sequence[str], death: signal.Signals) -> list[str]:
    """Return `command` so wrapped that the kernel sends it `death` when its parent dies, even by SIGKILL."""
    setpriv = shutil.which("setpriv")  # Part of util-linux; elsewhere only the orderly stop remains.
    return [setpriv, "--pdeathsig", death.name.removeprefix("SIG"), "--", *command] if setpriv else [*command]


@dataclass
class Service:
    """One long-running child: how it is started, and by which signals it is asked to stop.

    The command has passed `tied` already, because what changes its identity on the way (PostgreSQL) must be
    tied after that: the kernel forgets the bond when a process changes its user.
    """

    name: str
    command: Sequence[str]
    stop: signal.Signals = signal.SIGTERM
    log: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0

    def start(self) -> None:
        """Start the child in a session of its own, so that Ctrl-C reaches the supervisor only."""
        with contextlib.ExitStack() as stack:
            output: BinaryIO | None = stack.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(  # noqa: S603 - commands come from this package, never from a request
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.env},
                start_new_session=True,
            )
        self.started = time.monotonic()

    @property
    def running(self) -> bool:
        """Return whether the child lives."""
        return self.process is not None and self.process.poll() is None

    def send(self, number: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the child, or to all processes of its group, which may outlive it."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(self.process.pid, number)
            elif self.running:
                self.process.send_signal(number)

    def complain(self, what: str) -> LocalServiceError:
        """Return an error that carries the end of the child's log."""
        lines = self.log.read_text(errors="replace").splitlines()[-8:] if self.log and self.log.exists() else []
        return LocalServiceError("\n    ".join([f"{self.name} {what}", *lines]))


def stop_all(services: Sequence[Service], *, patience: float) -> None:
    """Ask all services to stop, together; after `patience` seconds kill whatever is left of them."""
    for service in services:
        service.send(service.stop)
    deadline = time.monotonic() + patience
    for service in services:
        if service.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                service.process.wait(max(0.0, deadline - time.monotonic()))
    for service in services:
        service.send(signal.SIGKILL, group=True)
        if service.process is not None:
            service.process.wait()

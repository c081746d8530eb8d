"""PostgreSQL on three nodes under Debian's Patroni and etcd, with the configuration that we ship."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shutil
import signal
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from console.local import addresses, postgres
from console.local.process import Service, stop_all, tied
from tests.processes import free_port

SHIPPED = addresses.PROJECT / "deploy" / "patroni" / "patroni.yml"
POSTGRESQL = Path("/usr/lib/postgresql/17/bin")
NEEDED = ("patroni", "etcd")
MISSING = "no Patroni, etcd or PostgreSQL 17 on this machine: apt-get install patroni etcd-server postgresql-17"
START_SECONDS = 180.0


def is_installed() -> bool:
    """Whether the machine has all that is needed."""
    return all(map(shutil.which, NEEDED)) and (POSTGRESQL / "postgres").exists()


@dataclass
class Node:
    """One node: Patroni, and the PostgreSQL that it runs."""

    name: str
    folder: Path
    service: Service
    port: int
    api: int

    @property
    def data(self) -> Path:
        """Where PostgreSQL's files lie."""
        return self.folder / "data"

    def kill_postgres(self) -> None:
        """Kill PostgreSQL with all its processes, in the middle of whatever they do."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            for one in [pid, *_children(pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)

    def lose(self) -> None:
        """Let the machine be gone: Patroni first, so that it can tell nobody."""
        self.service.send(signal.SIGKILL, group=True)
        self.kill_postgres()


@dataclass
class Patroni:
    """The nodes, and etcd."""

    folder: Path
    passwords: dict[str, str]
    etcd: Service
    nodes: list[Node] = field(default_factory=list)

    def url(self, database: str = "console", user: str = "console") -> str:
        """Return the URL of whoever is primary."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return f"postgresql://{user}:{self.passwords[user]}@{hosts}/{database}?target_session_attrs=read-write"

    def roles(self) -> dict[str, tuple[str, str]]:
        """Return each node's role and state; {} while no Patroni answers."""
        for node in self.nodes:
            with contextlib.suppress(OSError, ValueError):
                members = _get(node.api, "/cluster")["members"]
                return {member["name"]: (member["role"], member["state"]) for member in members}
        return {}

    def primary(self) -> Node | None:
        """Return the node that takes writes, as it says itself."""
        for node in self.nodes:
            with contextlib.suppress(OSError, ValueError):
                if _get(node.api, "/primary"):
                    return node
        return None

    def standby(self) -> Node:
        """Return the synchronous standby; StopIteration when there is none."""
        name = next(name for name, (role, _state) in self.roles().items() if role == "sync_standby")
        return next(node for node in self.nodes if node.name == name)

    def is_whole(self) -> bool:
        """Whether there is a primary, and a standby without which nothing counts as written; the others follow."""
        found = self.roles()
        states = sorted(found.values())
        followers = [state for role, state in states if role != "leader"]
        return (
            len(found) == len(self.nodes)
            and ("leader", "running") in states
            and any(role == "sync_standby" for role, _state in states)
            and all(state == "streaming" for state in followers)
        )

    def switch_over(self) -> None:
        """Let the synchronous standby take over in order; raises OSError when Patroni refuses."""
        leader = next(name for name, (role, _state) in self.roles().items() if role == "leader")
        node = next(node for node in self.nodes if node.name == leader)
        body = json.dumps({"leader": leader}).encode()
        sign_in = base64.b64encode(f"patroni:{self.passwords['patroni']}".encode()).decode()
        headers = {"Authorization": f"Basic {sign_in}"}
        asked = urllib.request.Request(f"http://127.0.0.1:{node.api}/switchover", body, headers, method="POST")
        urllib.request.urlopen(asked, timeout=60).read()


@contextlib.contextmanager
def running(folder: Path, *, count: int = 3) -> Iterator[Patroni]:
    """Run them in a new folder until the block ends; RuntimeError when they do not come up."""
    folder.mkdir()
    folder.chmod(0o711)
    client, peer = free_port(), free_port()
    etcd = Service("etcd", tied(_etcd(folder, client, peer), signal.SIGTERM), log=folder / "etcd.log")
    users = ("postgres", "replicator", "rewind", "console", "patroni")  # the last one is of its API
    found = Patroni(folder, {user: secrets.token_urlsafe(12) for user in users}, etcd)
    try:
        etcd.start()
        for number in range(1, count + 1):
            found.nodes.append(_node(found, f"node{number}", client))
        found.nodes[0].service.start()
        _until(lambda: found.primary() is not None, found)
        for node in found.nodes[1:]:
            node.service.start()
        with psycopg.connect(found.url("postgres", "postgres"), autocommit=True) as server:
            server.execute(f"CREATE ROLE console LOGIN PASSWORD '{found.passwords['console']}'")  # type: ignore[arg-type]
            server.execute("CREATE DATABASE console OWNER console")
        _until(found.is_whole, found)
        yield found
    finally:
        stop_all([node.service for node in found.nodes], patience=15)
        for node in found.nodes:
            node.kill_postgres()
        stop_all([etcd], patience=5)


def _node(found: Patroni, name: str, etcd: int) -> Node:
    prefix, owner = postgres.identity()
    folder = found.folder / name
    folder.mkdir(mode=0o700)
    node = Node(name, folder, Service(name, ()), free_port(), free_port())
    names = {
        "name: node1": f"name: {name}",
        "127.0.0.1:8008": f"127.0.0.1:{node.api}",
        "127.0.0.1:2379": f"127.0.0.1:{etcd}",
        "127.0.0.1:5432": f"127.0.0.1:{node.port}",
        "/var/lib/postgresql/17/console": str(node.data),
        "/var/lib/postgresql/console.pgpass": str(folder / "pgpass"),
        "/var/run/postgresql": str(folder),
        "CHANGE-1": found.passwords["postgres"],
        "CHANGE-2": found.passwords["replicator"],
        "CHANGE-3": found.passwords["rewind"],
        "CHANGE-4": found.passwords["patroni"],
    }
    written = SHIPPED.read_text()
    for there, here in names.items():
        assert there in written, there
        written = written.replace(there, here)
    (folder / "patroni.yml").write_text(written)
    for path in (folder, *folder.iterdir()):
        os.chown(path, owner, -1)
    # Debian's Patroni runs with Debian's Python.
    command = ["env", "-u", "PYTHONPATH", "-u", "VIRTUAL_ENV", "LC_ALL=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    command += ["patroni", str(folder / "patroni.yml")]
    node.service = Service(name, [*prefix, *tied(command, signal.SIGTERM)], log=found.folder / f"{name}.log")
    return node


def _etcd(folder: Path, client: int, peer: int) -> list[str]:
    clients, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    return [
        *("etcd", "--name", "one", "--data-dir", str(folder / "etcd"), "--log-level", "warn"),
        *("--listen-client-urls", clients, "--advertise-client-urls", clients),
        *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", f"one={peers}"),
    ]


def _get(port: int, path: str) -> Any:
    """Ask Patroni; raises OSError, also for what it answers with 503."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2) as reply:
        return json.loads(reply.read() or b"{}")


def _until(holds: Any, found: Patroni) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            logs = "\n".join(log.read_text()[-1500:] for log in sorted(found.folder.glob("*.log")))
            raise RuntimeError(f"Patroni does not come up: {found.roles()}\n{logs}")
        time.sleep(0.1)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, file.read_text().split())
    return found

"""The faults, each by its name: it happens, and is over when its function returns."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tests.chaos import points
from tests.chaos.installation import QUEUES, children, faketime
from tests.chaos.stubs import GOOD, REFUSING, SILENT
from tests.chaos.world import World

SELDOM = 0.1  # what takes a whole part away
RESTART_SECONDS = 1.0
SKEWS = ("+20s", "-20s", "+1h", "-1h")


class Fault(NamedTuple):
    """What happens, and how often in proportion to others, beyond the first time."""

    happen: Callable[[World], None]
    weight: float = 1.0


def kill_child(name: str, world: World) -> None:
    """One process of those that do a service's work."""
    world.kill(world.one_of(world.one.children(name)))


def kill_main(name: str, world: World) -> None:
    """The main process: a supervisor ends the rest of the service and starts it again."""
    world.kill([world.one.main(name)])


def kill_engine(name: str, number: signal.Signals, world: World) -> None:
    """PostgreSQL or Valkey, gone without a word; it comes back after a second."""
    world.one.engines[name].send(number)
    time.sleep(RESTART_SECONDS)
    world.one.engines[name].send(signal.SIGKILL)
    world.one.start_engine(name)


def engine_away(name: str, world: World) -> None:
    """The same, for longer."""
    world.one.engines[name].send(signal.SIGKILL)
    world.wait()
    world.one.start_engine(name)


def end_sessions(limit: str, world: World) -> None:
    """Sessions at the database end, as an administrator or a failover ends them."""
    query = f"""
        SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity
        WHERE application_name LIKE 'console-%' ORDER BY random() LIMIT {limit}) AS session
    """
    world.one.rows(query)


def stop_child(name: str, world: World) -> None:
    """One process hangs."""
    with world.stopped(world.one_of(world.one.children(name))):
        world.wait()


def stop_main(name: str, world: World) -> None:
    """The main process hangs."""
    with world.stopped([world.one.main(name)]):
        world.wait()


def stop_engine(name: str, world: World) -> None:
    """All processes of an engine stand still: connections hang."""
    process = world.one.engines[name].process
    assert process is not None
    with world.stopped([process.pid, *children(process.pid)]):
        world.wait()


def empty_valkey(world: World) -> None:
    """All that is queued is forgotten."""
    with world.valkey() as client:
        client.flushall()


def read_only_valkey(world: World) -> None:
    """It becomes the replica of nobody."""
    with world.valkey() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            world.wait()
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")


def full_valkey(world: World) -> None:
    """It takes nothing more."""
    with world.valkey() as client:
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("maxmemory", "1")
        try:
            world.wait()
        finally:
            client.config_set("maxmemory", "0")


def mail_server(mode: str, world: World) -> None:
    """The mail server says nothing, or refuses."""
    world.mail.mode = mode
    try:
        world.wait()
    finally:
        world.mail.mode = GOOD


def silent_gateway(world: World) -> None:
    """One application's server takes the connection and says nothing; the others' go on."""
    query = "UPDATE messaging_gateway SET url = %s WHERE application_id = %s RETURNING 1"
    world.one.rows(query, f"{world.stub.url}/slow?seconds=60", world.facts["slow"])
    try:
        world.wait()
    finally:
        world.one.rows(query, f"{world.stub.url}/slow?seconds=0.3", world.facts["slow"])


def lock_row(table: str, world: World) -> None:
    """Somebody's transaction holds rows of the programs that people and devices work with."""
    programs = [world.facts["steady"]["id"], *(team["id"] for team in world.facts["teams"])]
    tasks = [task["id"] for task in world.facts["tasks"]]
    column, ids = {
        "miniprograms_miniprogram": ("id", programs),
        "grayscale_grayscaletask": ("id", tasks),
        "grayscale_claimshard": ("task_id", tasks),
    }[table]
    with world.held(f"SELECT FROM {table} WHERE {column} = ANY(%s) FOR UPDATE", ids):
        world.wait()


def idle_transaction(world: World) -> None:
    """Somebody wrote, and went for lunch."""
    with world.held(
        "UPDATE miniprograms_miniprogram SET revision = revision WHERE id = %s", world.facts["steady"]["id"]
    ):
        world.wait()


def full_storage(world: World) -> None:
    """The folder of the packages takes not one byte more."""
    filler = world.one.packages / "filler"
    try:
        with filler.open("wb", buffering=0) as file:
            _fill(file.fileno())
        world.wait()
    finally:
        filler.unlink()


def _fill(descriptor: int) -> None:
    for size in (1 << 16, 1):
        try:
            while True:
                os.write(descriptor, b"\0" * size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def skew(name: str, world: World) -> None:
    """A machine's clock is off: its service starts anew with it, and again when it is right."""
    world.one.skew(name, world.dice.choice(SKEWS))
    world.wait()
    world.one.skew(name, "")


def kills() -> dict[str, Fault]:
    """What ends something, by its name."""
    servers, mains = ("web", "runtime"), ("web", "runtime", "beat")
    return {
        **{f"{name}: a process killed": Fault(partial(kill_child, name), 3) for name in servers},
        **{f"{name}: main process killed": Fault(partial(kill_main, name), SELDOM) for name in mains},
        **{f"worker {queue}: child killed": _of_worker(kill_child, queue) for queue in QUEUES},
        **{f"worker {queue}: killed": _of_worker(kill_main, queue) for queue in QUEUES},
        "Valkey killed": Fault(partial(kill_engine, "valkey", signal.SIGKILL), SELDOM),
        "Valkey emptied": Fault(empty_valkey),
        "PostgreSQL killed": Fault(partial(kill_engine, "postgres", signal.SIGKILL), SELDOM),
        "PostgreSQL stopped immediately": Fault(partial(kill_engine, "postgres", signal.SIGQUIT), SELDOM),
        "some database sessions ended": Fault(partial(end_sessions, "3"), 2),
        "all database sessions ended": Fault(partial(end_sessions, "ALL")),
        **{name: Fault(happen, SELDOM) for name, happen in points.POINTS.items()},
    }


def stalls(packages: Path) -> dict[str, Fault]:
    """What holds something up, by its name, as far as it can be made to happen here."""
    servers, skewed = ("web", "runtime"), ("worker-deliver", "worker-mail", "worker-periodic", "beat")
    faults = {
        **{f"{name}: a process hangs": Fault(partial(stop_child, name)) for name in servers},
        **{f"worker {queue}: child hangs": _of_worker(stop_child, queue) for queue in QUEUES},
        "beat hangs": Fault(partial(stop_main, "beat")),
        "Valkey away": Fault(partial(engine_away, "valkey")),
        "Valkey hangs": Fault(partial(stop_engine, "valkey")),
        "Valkey read-only": Fault(read_only_valkey),
        "Valkey full": Fault(full_valkey),
        "PostgreSQL away": Fault(partial(engine_away, "postgres")),
        "PostgreSQL hangs": Fault(partial(stop_engine, "postgres")),
        "mail server silent": Fault(partial(mail_server, SILENT)),
        "mail server refuses": Fault(partial(mail_server, REFUSING)),
        "a gateway silent": Fault(silent_gateway),
        "programs locked": Fault(partial(lock_row, "miniprograms_miniprogram")),
        "tasks locked": Fault(partial(lock_row, "grayscale_grayscaletask")),
        "places locked": Fault(partial(lock_row, "grayscale_claimshard")),
        "idle transaction": Fault(idle_transaction),
    }
    if packages.is_mount():
        faults["storage full"] = Fault(full_storage)
    if faketime():
        faults |= {f"{name.replace('-', ' ')}: clock off": Fault(partial(skew, name)) for name in skewed}
    return faults


def _of_worker(happen: Callable[[str, World], None], queue: str) -> Fault:
    return Fault(partial(happen, f"worker-{queue}"))

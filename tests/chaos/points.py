"""Kills at named points, without a hook in the console.

A lock that the harness holds stops a process at a statement, and there it is killed; or the other side of a connection
kills it when it has taken what was sent and has not answered yet.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

from tests.chaos.world import World

SHARES = "SELECT FROM grayscale_claimshard WHERE task_id = ANY(%s) FOR UPDATE"


def file_but_no_row(world: World) -> None:
    """An upload whose file is written, and whose row is not committed."""
    for team in world.teams:
        team.wish = "upload"
    try:
        with world.held("LOCK TABLE releases_version IN SHARE MODE"):
            world.come_to("web", 'INSERT INTO "releases_version"%')
            world.kill(world.one.children("web"))
    finally:
        for team in world.teams:
            team.wish = ""


def in_a_publish(world: World) -> None:
    """In the middle of the transaction that publishes."""
    with world.held("LOCK TABLE releases_release IN SHARE MODE"):
        world.come_to("web", 'INSERT INTO "releases_release"%')
        world.kill(world.one.children("web"))


def committed_not_answered(world: World) -> None:
    """A change is committed, and its answer not sent: the session is saved between the two."""
    with world.held("SELECT FROM django_session FOR UPDATE"):
        world.come_to("web", 'UPDATE "django_session"%')
        world.kill(world.one.children("web"))


def accepted_not_answered(world: World) -> None:
    """A message is accepted by its one statement, and its server does not learn of it."""
    with world.held("LOCK TABLE messaging_message IN SHARE MODE"):
        world.come_to("runtime", "%INSERT INTO messaging_message%")
        world.kill(world.one.children("runtime"))


def placed_not_answered(world: World) -> None:
    """A device gets a place, and no answer."""
    with world.held(SHARES, [task["id"] for task in world.facts["tasks"]]):
        world.come_to("runtime", "%grayscale_take%")
        world.kill(world.one.children("runtime"))


def leased_not_sent(world: World) -> None:
    """A worker has taken messages and sent none."""
    with world.held("LOCK TABLE messaging_mytemplate IN ACCESS EXCLUSIVE MODE"):
        world.come_to("worker-deliver", '%"messaging_mytemplate"%')
        world.kill(world.one.children("worker-deliver"))


def sent_not_noted(world: World) -> None:
    """A gateway has a message, and the worker that sent it dies before it hears so."""
    happened = threading.Event()

    def received() -> None:
        world.arrivals.received = None
        world.kill(world.one.children("worker-deliver"))
        happened.set()

    world.arrivals.received = received
    try:
        world.happens(happened.is_set)
    finally:
        world.arrivals.received = None


def mailed_not_noted(world: World) -> None:
    """The mail server has a mail, and the worker that sent it dies before it hears so."""
    happened = threading.Event()

    def taken() -> None:
        world.mail.taken = None
        world.kill(world.one.children("worker-mail"))
        happened.set()

    world.mail.taken = taken
    try:
        world.happens(happened.is_set)
    finally:
        world.mail.taken = None


def due_not_sent(world: World) -> None:
    """Beat has noted that it sends a task, and dies before the broker has it."""
    query = "SELECT max(sent_at) FROM platform_heartbeat"
    engine = world.one.engines["valkey"]
    engine.send(signal.SIGSTOP)
    try:
        with world.one.connect() as connection:
            before = connection.execute(query).fetchone()
            world.happens(lambda: connection.execute(query).fetchone() != before)
        world.kill([world.one.main("beat")])
    finally:
        engine.send(signal.SIGCONT)


POINTS: dict[str, Callable[[World], None]] = {
    "web killed: file written, row not committed": file_but_no_row,
    "web killed in a publish": in_a_publish,
    "web killed: committed, not answered": committed_not_answered,
    "runtime killed: message accepted, not answered": accepted_not_answered,
    "runtime killed: place taken, not answered": placed_not_answered,
    "worker killed: messages leased, not sent": leased_not_sent,
    "worker killed: gateway has it, not noted": sent_not_noted,
    "worker killed: mail server has it, not noted": mailed_not_noted,
    "beat killed: task noted, not sent": due_not_sent,
}

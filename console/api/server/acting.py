"""A mini program's server that changes something: as whom it does, and how verbs refuse it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import translation

from console.api.http import Environ
from console.base.accounts.models import User
from console.base.activity.middleware import Source, source
from console.base.core.proxies import client_address
from miniprograms.models import MiniProgram

SERVERS = "servers.invalid"  # RFC 6761: no mail is ever sent there


@contextmanager
def acting(environ: Environ, program: MiniProgram) -> Iterator[User]:
    """Write into the activity log that the program's server did it; yields who that is. Rules give their reasons in
    English, as errmsg has them.
    """
    before = source.set(Source("api", client_address(environ)))
    try:
        with translation.override("en"):
            yield robot_of(program)
    finally:
        source.reset(before)


@transaction.atomic
def robot_of(program: MiniProgram) -> User:
    """Return the robot that stands for the program's server; made when it first matters, named as the program is.

    It is found by its program, never by its address: somebody else may have taken any that can be guessed.
    """
    rows = MiniProgram.objects.select_related("server_robot").only("name", "server_robot")
    row = rows.select_for_update(of=("self",), no_key=True).get(pk=program.pk)  # of two calls one makes it
    robot, name = row.server_robot, f"{row.name} (server)"
    if robot is None:
        robot = User(email=f"{secrets.token_hex(8)}@{SERVERS}", name=name, is_robot=True)
        robot.set_unusable_password()
        robot.save(force_insert=True)
        MiniProgram.objects.filter(pk=row.pk).update(server_robot=robot)
    elif robot.name != name:
        robot.name = name
        robot.save(update_fields=["name"])
    return robot

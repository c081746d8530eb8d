"""A mini program's server that changes something: as whom it does, and how verbs refuse it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import make_password
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


def robot_of(program: MiniProgram) -> User:
    """Return the robot that stands for the program's server; made when it first matters, named as the program is."""
    name = f"{program.name} (server)"
    made = {"name": name, "is_robot": True, "password": make_password(None)}
    robot, _new = User.objects.get_or_create(email=f"{program.app_id}@{SERVERS}", defaults=made)
    if robot.name != name:
        robot.name = name
        robot.save(update_fields=["name"])
    return robot

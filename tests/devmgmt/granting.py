"""What the tests of exemptions and of interface permissions share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused
from devmgmt.models import ApiPermission, ProgramGrant
from miniprograms.models import MiniProgram


def page(program: MiniProgram, name: str = "domains") -> str:
    """The address of a page of the program."""
    return f"/miniprograms/{program.app_id}/development/{name}/"


def move_url(grant: ProgramGrant, move: str, program: MiniProgram | None = None) -> str:
    """The address of a move of a grant, through its program or another one."""
    kind = "permissions" if isinstance(grant, ApiPermission) else "exemptions"
    return f"{page(program or grant.mini_program, kind)}{grant.pk}/{move}/"


def verbs(program: MiniProgram) -> list[str]:
    """The log entries of grants, oldest first."""
    entries = ActivityEntry.objects.of_program(program.app_id).order_by("pk")
    return [entry.verb for entry in entries if entry.verb.startswith(("exemption", "permission"))]


def told() -> list[User]:
    """Who was notified."""
    return [notice.user for notice in Notification.objects.order_by("pk")]


def at_once(*moves: Callable[[], Any]) -> list[str]:
    """Do all at the same time, and return who was refused."""

    def run(move: Callable[[], Any]) -> str:
        try:
            move()
        except ActionRefused as refused:
            return refused.message
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(moves)) as pool:
        return list(pool.map(run, moves))

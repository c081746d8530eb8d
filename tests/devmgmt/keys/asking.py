"""What the tests of keys share."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from console.base.accounts.models import Notification, User
from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused, ServerRefused
from devmgmt.keys.tokens import Caller
from miniprograms.models import MiniProgram

CALLER = Caller("203.0.113.42", "/cgi-bin/token")


def url(program: MiniProgram, move: str = "") -> str:
    """The address of the program's keys page, or of a move."""
    return f"/miniprograms/{program.app_id}/keys/{f'{move}/' if move else ''}"


def entries(program: MiniProgram) -> list[ActivityEntry]:
    """The log entries of secrets, oldest first."""
    rows = ActivityEntry.objects.of_program(program.app_id).filter(verb__startswith="secret.")
    return list(rows.order_by("pk"))


def told() -> list[User]:
    """Who was notified."""
    return [notice.user for notice in Notification.objects.select_related("user").order_by("pk")]


def errcode(ask: Callable[[], Any]) -> int:
    """Return the errcode of a refusal."""
    with pytest.raises(ServerRefused) as refused:
        ask()
    return refused.value.errcode


def at_once(*asks: Callable[[], Any]) -> list[Any]:
    """Do all at the same time; return what each gave, or why it was refused."""

    def run(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except (ActionRefused, ServerRefused) as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(run, asks))

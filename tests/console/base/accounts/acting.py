"""Doing things at once, ageing a session's proof, reading the log."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.db import connection
from django.test import Client

from console.base.activity.models import ActivityEntry
from console.base.core.errors import ActionRefused


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """Run each verb in a thread and a connection of its own, all starting together; a refusal is its result."""
    start = threading.Barrier(len(verbs))

    def run(verb: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=10)
            return verb()
        except ActionRefused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(verbs)) as pool:
        return list(pool.map(run, verbs))


def refused(results: list[Any]) -> list[str]:
    """The reasons among the results of `at_once`."""
    return [result.message for result in results if isinstance(result, ActionRefused)]


def let_proof_grow_old(client: Client) -> None:
    """Make the session's last proof a minute too old for sudo mode."""
    session = client.session
    for record in session[AUTHENTICATION_METHODS_SESSION_KEY]:
        record["at"] -= settings.SUDO_SECONDS + 60
    session.save()


def entries(team_id: int | None = None) -> list[tuple[str, str, str, Any, Any]]:
    """The log, oldest first: verb, actor, target, before, after."""
    rows = ActivityEntry.objects.filter(team_id=team_id).order_by("pk")
    return [(row.verb, row.actor_label, row.target_label, row.before, row.after) for row in rows]

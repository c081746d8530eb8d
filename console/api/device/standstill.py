"""Ends the waits for a database that hangs, so that devices that don't need it find a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import psycopg
from django.db import connection

from console.base.core import pool

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 2  # PostgreSQL accepts a connection within some milliseconds

logger = logging.getLogger(__name__)


class Watchdog(threading.Thread):
    """Looks whether the process follows the database; when not, whether it answers anybody."""

    def __init__(self, is_behind: Callable[[], bool], stopping: threading.Event) -> None:
        super().__init__(name="device-watchdog", daemon=True)
        self.is_behind = is_behind
        self.stopping = stopping

    def run(self) -> None:
        """Look until the feed stops."""
        while not self.stopping.wait(LOOK_SECONDS):
            if self.is_behind() and not self.answers():
                logger.warning("the database does not respond; requests that need it are answered by 503")
                pool.end_waits()

    def answers(self) -> bool:
        """Whether anybody gets an answer, be it that there is no room: then waits end by themselves.

        One that refuses connections has none open either. A pooler accepts them also for a database that is away, and
        lets their queries wait.
        """
        try:
            pool.ask_once("SELECT 1", connection.get_connection_params(), seconds=ANSWER_SECONDS)
        except psycopg.errors.ConnectionTimeout:
            return False
        except psycopg.Error:
            return True
        return True

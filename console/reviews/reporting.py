"""Writes review reports: reads the package, compares it with what is online, granted, configured and declared (V-9)."""

from __future__ import annotations

from datetime import datetime


def write_waiting(*, at: datetime) -> int:
    """Write every report that waits at `at`; return how many were written."""
    return 0

"""Log entries in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from devmgmt.logs import partitions, writing
from devmgmt.logs.entry import Entry


class PostgresStore:
    """Partitions by day, written by COPY."""

    def write(self, entries: Sequence[Entry]) -> None:
        """Keep entries for good."""
        writing.write(entries)

    def keep(self, *, at: datetime) -> int:
        """Make room ahead and drop what is too old."""
        return partitions.keep(at=at)

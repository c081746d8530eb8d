"""Entries into PostgreSQL, by one COPY a batch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import UTC

from django.db import IntegrityError, connection, transaction
from msgspec.structs import astuple

from devmgmt.logs import partitions
from devmgmt.logs.entry import Entry

# In the order of Entry. Binary, which says nothing of types: they are the table's.
COPY = f"""
    COPY {partitions.TABLE} (
        mini_program_id, time, id, level, application_id, guid, platform, os_version, page, filter_msg, trace_id,
        library_version, client_version, version, marks, message, error, lines
    ) FROM STDIN (FORMAT BINARY)
"""
TYPES = ("int8", "timestamptz", "int8", "int2", "int8", *["text"] * 9, "int2", *["text"] * 3)


def write(entries: Sequence[Entry]) -> None:
    """Keep entries, all of them or none; outside of a transaction they are committed when this returns."""
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            _copy(entries)
    except IntegrityError:  # There is no partition for a row: nobody has made days for long.
        partitions.make({entry.time.astimezone(UTC).date() for entry in entries})
        _copy(entries)


def _copy(entries: Sequence[Entry]) -> None:
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(COPY) as copy:
        copy.set_types(TYPES)
        for entry in entries:
            copy.write_row(astuple(entry))

"""What is in the process's own log (`LOGGING`)."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied


def without_traceback_of_refusals(record: logging.LogRecord) -> bool:
    """Keep every record; that of a 403 is one line, as its traceback only says where the permission was looked up."""
    if record.exc_info and isinstance(record.exc_info[1], PermissionDenied):
        record.exc_info = None
    return True

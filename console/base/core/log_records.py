"""What is in the process's own log (`LOGGING`)."""

from __future__ import annotations

import logging
import re

from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation

REFUSALS = (BadRequest, PermissionDenied, SuspiciousOperation)
# Links that are secrets themselves, as deploy/nginx knows them too; a test compares both with the routes.
SECRET_LINK = re.compile(
    r"(/(?:trial|teams/invitations|account/password/reset|account/security/address|account/one-time|api/sdk)/)[^\s\"'?]+"
)
OF_REQUESTS = ("django.request", "django.security")  # Django's own, with one below for each kind of exception


def without_traceback_of_refusals(record: logging.LogRecord) -> bool:
    """Keep every record; that of a 403 or 400 is one line: its traceback only says where the request was refused.

    What other loggers say of the same exceptions, a task that ended with one, keeps its traceback.
    """
    if record.name.startswith(OF_REQUESTS) and record.exc_info and isinstance(record.exc_info[1], REFUSALS):
        record.exc_info = None
    return True


def without_secret_links(record: logging.LogRecord) -> bool:
    """Keep every record; of a link that is a secret only the beginning: Django logs the path of what it refused."""
    try:
        words = record.getMessage()
    except (TypeError, ValueError):  # Words and values that don't fit: the handler says so, and nobody fails.
        return True
    if SECRET_LINK.search(words):
        record.msg, record.args = SECRET_LINK.sub(r"\1…", words), ()
    return True

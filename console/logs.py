"""The process's own log (`LOGGING`): plain lines for people, or one JSON object a line for machines.

Of a record only its words are written, and what is known of the request: nothing that a caller attached to it, since
Django attaches whole requests. A traceback has places and the error's words, never the values of variables.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog

from console import roles
from console.base.core import request_id
from console.base.core.log_records import without_secret_links, without_traceback_of_refusals

PLAIN: str = "plain"
JSON: str = "json"


def configuration(form: str, level: str) -> dict[str, Any]:
    """Return LOGGING, for logs that are PLAIN or JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            PLAIN: {
                "format": "{asctime} {levelname} {name} {message}",
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "style": "{",
            },
            JSON: {"()": formatter},
            "line": {"format": "{message}", "style": "{"},
        },
        "filters": {
            "refusals": {"()": lambda: without_traceback_of_refusals},
            "links": {"()": lambda: without_secret_links},
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["refusals", "links"]},
            "line": {"class": "logging.StreamHandler", "formatter": "line"},
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handler would write everything a second time.
            "django": {"handlers": []},
            # A line for each task that was sent, begun and ended would hide all others.
            "celery": {"level": "WARNING"},
            # For the person at the terminal of `make run`.
            "console.local.mailbox": {"handlers": ["line"], "level": "INFO", "propagate": False},
        },
    }


def formatter() -> logging.Formatter:
    """Return what writes a record as one line of JSON: timestamp, level, logger, event, role, request_id, user_id."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_context,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )


def _add_context(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["role"] = roles.current() or "command"
    # Django says that it answers 404 when all middlewares are through, but names the request.
    request = getattr(event["_record"], "request", None)
    event.update(request_id.known(getattr(request, "META", None)))
    return event

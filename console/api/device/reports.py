"""`POST /runtime/v1/reports` (R-7)."""

from __future__ import annotations

import re
from collections.abc import Callable

import msgspec
from django.db import Error

from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import ApiError, not_found, read_json, unavailable
from console.api.device.proof import admit
from console.api.device.schema import Report
from console.api.http import NOT_STORED, Environ, Response
from console.base.core import busy
from grayscale.querysets import STARTED
from releases.field.reports import record_report

MOST_REASON = 200  # characters

_decoder = msgspec.json.Decoder(Report)
_control = re.compile(r"[\x00-\x1f\x7f]")


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Keep how an update ended; answered when it is written.

    Raises ApiError (401, 400, 403, 404, 411, 413, 415, 422, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    report = read_json(environ, _decoder)
    rate.limiter.hit(application.pk, report.guid)
    admit(environ, application, "reports", required=application.reports, guid=report.guid)
    program = rows.program(report.app_id)
    if program is None or application.pk not in program.bound:
        raise not_found()
    if not _keep(report, application.pk):
        raise ApiError(422, "invalid", "This version was never delivered to the application - at `$.version`")
    return Response(204, [NOT_STORED])


def _keep(report: Report, application: int) -> bool:
    try:
        return record_report(
            report.app_id,
            number=report.version,
            guid=report.guid,
            application=application,
            result=report.result,
            reason=_control.sub(" ", report.reason[:MOST_REASON]) if report.reason else "",
            delivered=STARTED,
        )
    except Error as error:
        busy.note(error, "a report can't be written")
        raise unavailable() from None

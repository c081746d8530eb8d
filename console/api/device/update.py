"""`POST /runtime/v1/update` (R-1)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from urllib.parse import quote

from console.api.device import rate
from console.api.device.credentials import Application, Source, authenticate, check_guid
from console.api.device.feed import feed
from console.api.device.http import read_json, unavailable
from console.api.device.proof import Unproved, is_proved
from console.api.device.schema import PackageLink, UpdateAnswer, UpdateRequest
from console.api.device.shortcut import ShortcutDecoder
from console.api.device.signatures import signature
from console.api.http import Environ, Response, json_response
from console.base.core import request_id
from console.base.core.metrics import counted
from grayscale.claims import ClaimsUnavailable, DatabaseClaims
from grayscale.decision import Decision, decide

MOST_ANSWERS = 1 << 15  # of some 600 bytes, that one snapshot remembers

logger = logging.getLogger(__name__)
claims = DatabaseClaims(is_away=feed.is_behind)
_decoder = ShortcutDecoder()


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Say which version the device shall run; raises ApiError (401, 400, 403, 411, 413, 415, 422, 429, 503)."""
    rows = source()
    application = authenticate(environ, rows)
    asked = read_json(environ, _decoder)
    check_guid(asked.guid, asked.platform)
    rate.limiter.hit(application.pk, asked.guid)
    decision = _decide(environ, rows, asked, application)
    release = decision.release
    if release is not None:
        rows.seen(asked.app_id, asked, application=application.pk)
    if release is None or decision.trial is not None:  # What opens a trial is in the answer.
        found = json_response(_worded(decision, asked, application))
        counted.updates(decision.status, decision.channel).add()
        return found
    key = (asked.app_id, application.pk, release.number, decision.status, decision.channel)
    known = rows.answers.get(key)
    if known is None:
        found = json_response(_worded(decision, asked, application))
        known = found, counted.updates(decision.status, decision.channel).add
        if len(rows.answers) < MOST_ANSWERS:
            rows.answers[key] = known
    found, count = known
    count()
    return found


def _decide(environ: Environ, rows: Source, asked: UpdateRequest, application: Application) -> Decision:
    program = rows.program(asked.app_id)
    free = is_proved(environ, application, guid=asked.guid, account=asked.account) or not (program and program.tasks)
    try:
        return decide(
            program,
            asked,
            application=application.pk,
            local_version=asked.local_version,
            at=time.time(),
            claims=claims if free else Unproved(claims, environ, application),
            trial_token=asked.trial_token,
        )
    except ClaimsUnavailable as error:
        # Only for devices that a task may reach: all others are answered from memory while the database is away.
        request_id.begin(environ)
        logger.warning("can't read whether a device is enrolled in a task: %s", error)
        raise unavailable() from None


def _worded(decision: Decision, asked: UpdateRequest, application: Application) -> UpdateAnswer:
    release, trial = decision.release, decision.trial
    if release is None:
        return UpdateAnswer(decision.status)
    package = None
    if decision.status == "update":
        signed = signature(application, asked.app_id, release)
        url = f"/runtime/v1/packages/{release.sha256}.apkg"
        if trial:
            url += f"?trial_token={quote(asked.trial_token or '', safe='')}"
        package = PackageLink(url, release.sha256, release.size, signed)
    if trial is None:
        return UpdateAnswer(decision.status, release.number, decision.channel, package)
    return UpdateAnswer(decision.status, release.number, decision.channel, package, trial.page, trial.query)

"""`GET /runtime/v1/policy?app_id=…` (R-3, D-4)."""

from __future__ import annotations

from collections.abc import Callable

from django.db import Error

from console.api.device import rate
from console.api.device.credentials import Source, authenticate
from console.api.device.http import kept_by_devices, not_found, read_query, unavailable
from console.api.device.schema import PolicyQuestion
from console.api.http import Environ, Response
from console.base.core import busy
from console.base.core.proxies import client_address
from devmgmt.policy import Policy, policy_of


def answer(environ: Environ, source: Callable[[], Source]) -> Response:
    """Return what a program may do in the application now: `source` only says who asks.

    Raises ApiError (401, 404, 422, 429, 503).
    """
    rows = source()
    application = authenticate(environ, rows)
    asked = read_query(environ, PolicyQuestion)
    # An SDK asks for the policy of each program that is opened, so each is counted by itself; invented ones together.
    counted = asked.app_id if rows.program(asked.app_id) else ""
    rate.limiter.hit(application.pk, client_address(environ), counted)
    policy = _policy(asked.app_id, application.pk)
    if policy is None:
        raise not_found()
    return kept_by_devices(environ, policy)


def _policy(app_id: str, application: int) -> Policy | None:
    try:
        return policy_of(app_id, application)
    except Error as error:
        busy.note(error, "a policy can't be read")
        raise unavailable() from None

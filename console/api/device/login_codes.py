"""`POST /runtime/v1/login-codes` (K-4): asked by the application's own server, which knows who its user is."""

from __future__ import annotations

import msgspec
from django.db import Error

from console.api.device import signed_by_server
from console.api.device.http import ApiError, not_found, unavailable
from console.api.device.schema import LoginCode, LoginCodeRequest
from console.api.http import Environ, Response, json_response
from console.base.core import busy
from console.base.core.errors import ActionRefused
from console.base.hosts.models import HostApplication
from devmgmt.keys import codes
from devmgmt.keys.states import CODE_LIFETIME
from miniprograms.models import Binding

_decoder = msgspec.json.Decoder(LoginCodeRequest)


def answer(environ: Environ) -> Response:
    """Give a code for an account; raises ApiError (400, 401, 404, 408, 409, 411, 413, 415, 422, 429, 503)."""
    try:
        asked, application, request_id = signed_by_server.read(environ, _decoder)
        code = _make(asked, application, request_id)
    except Error as error:
        busy.note(error, "a login code can't be made")
        raise unavailable() from None
    return json_response(LoginCode(code, int(CODE_LIFETIME.total_seconds())))


def _make(asked: LoginCodeRequest, application: HostApplication, request_id: str) -> str:
    """Return a code; raises ApiError 404 unless the program is on the shelf and bound, 409 for a repeated request."""
    served = Binding.objects.served().filter(application=application, mini_program__app_id=asked.app_id)
    binding = served.select_related("mini_program").first()
    if binding is None:
        raise not_found()
    try:
        return codes.make(binding.mini_program, application=application, account=asked.account, request_id=request_id)
    except ActionRefused:
        raise ApiError(
            409, "repeated", "This webhook-id was already used. Sign a new request with another one."
        ) from None

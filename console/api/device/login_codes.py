"""`POST /runtime/v1/login-codes` (K-4): asked by the application's own server, which knows who its user is."""

from __future__ import annotations

import base64
import logging
import re
import secrets

import msgspec
from django.conf import settings
from django.db import Error
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from console.api.device import rate
from console.api.device.http import ApiError, not_found, parse, read_signed, unavailable
from console.api.device.schema import LoginCode, LoginCodeRequest
from console.api.http import Environ, Response, json_response
from console.base.core import busy
from console.base.core.errors import ActionRefused
from console.base.core.proxies import client_address
from console.base.core.sealing import Unreadable
from console.base.hosts.models import HostApplication, ServerSecret
from devmgmt.keys import codes
from devmgmt.keys.states import CODE_LIFETIME
from miniprograms.models import Binding

SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")

logger = logging.getLogger(__name__)
limiter = rate.Limiter(settings.SERVER_RATE_LIMIT)
_decoder = msgspec.json.Decoder(LoginCodeRequest)
_request_id = re.compile(r"[!-~]{1,64}")
_nobodys = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()  # of applications that there are not


def answer(environ: Environ) -> Response:
    """Give a code for an account; raises ApiError (400, 401, 404, 409, 411, 413, 415, 422, 429, 503)."""
    limiter.hit(client_address(environ))
    body = read_signed(environ)
    asked = parse(body, _decoder)
    signed = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in SIGNED}
    try:
        application = _authenticate(asked.application_id, body, signed)
        code = _make(asked, application, signed["webhook-id"])
    except Error as error:
        busy.note(error, "a login code can't be made")
        raise unavailable() from None
    return json_response(LoginCode(code, int(CODE_LIFETIME.total_seconds())))


def _authenticate(application_id: str, body: bytes, signed: dict[str, str]) -> HostApplication:
    """Return the application whose server has signed; raises ApiError 401, the same whatever was wrong."""
    usable = ServerSecret.objects.usable(at=timezone.now()).filter(application__application_id=application_id)
    known = list(usable.select_related("application"))
    for secret in known:
        if _is_signed(_read(secret), body, signed):
            if not _request_id.fullmatch(signed["webhook-id"]):
                raise ApiError(422, "invalid", "webhook-id has 1 to 64 printable characters of ASCII, without spaces.")
            return secret.application
    if not known:
        _is_signed(_nobodys, body, signed)  # so that it takes as long
    raise ApiError(
        401,
        "unauthenticated",
        "Sign with the secret of the application's server, as Standard Webhooks says, within 5 minutes.",
    )


def _read(secret: ServerSecret) -> str:
    """Return the secret; nobody's when it can't be read."""
    try:
        return secret.read()
    except Unreadable:
        logger.error("a server secret can't be read: SECRET_KEY has changed")
        return _nobodys


def _is_signed(secret: str, body: bytes, signed: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # The library splits and decodes what it was sent.
        return False
    return True


def _make(asked: LoginCodeRequest, application: HostApplication, request_id: str) -> str:
    """Return a code; raises ApiError 404 unless the program is on the shelf and bound, 409 for a repeated request."""
    served = Binding.objects.served().filter(application=application, mini_program__app_id=asked.app_id)
    binding = served.select_related("mini_program").first()
    if binding is None:
        raise not_found()
    try:
        return codes.make(binding.mini_program, application=application, account=asked.account, request_id=request_id)
    except ActionRefused:
        raise ApiError(409, "repeated", "This webhook-id was used before: sign a new request.") from None

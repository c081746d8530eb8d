"""Requests of the host application's own server: signed with its secret, as Standard Webhooks says (K-4, R-9)."""

from __future__ import annotations

import base64
import logging
import re
import secrets
from typing import Protocol, TypeVar

import msgspec
from django.conf import settings
from django.utils import timezone
from standardwebhooks import Webhook, WebhookVerificationError

from console.api.device import rate
from console.api.device.http import ApiError, parse, read_signed
from console.api.http import Environ
from console.base.core.proxies import client_address
from console.base.core.sealing import Unreadable
from console.base.hosts.models import HostApplication, ServerSecret

SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")

logger = logging.getLogger(__name__)
limiter = rate.Limiter(settings.SERVER_RATE_LIMIT)
_request_id = re.compile(r"[!-~]{1,64}")
_nobodys = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()  # of applications that there are not


class OfApplication(Protocol):
    """A body that names the application."""

    @property
    def application_id(self) -> str: ...


Body = TypeVar("Body", bound=OfApplication)


def read(environ: Environ, decoder: msgspec.json.Decoder[Body]) -> tuple[Body, HostApplication, str]:
    """Return the body, the application whose server has signed it, and the request's id.

    Raises ApiError (400, 401, 408, 411, 413, 415, 422, 429) and DatabaseError.
    """
    limiter.hit(client_address(environ))
    body = read_signed(environ)
    asked = parse(body, decoder)
    signed = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in SIGNED}
    return asked, _authenticate(asked.application_id, body, signed), signed["webhook-id"]


def _authenticate(application_id: str, body: bytes, signed: dict[str, str]) -> HostApplication:
    """Return the application whose server has signed; raises ApiError 401, the same whatever was wrong."""
    usable = ServerSecret.objects.usable(at=timezone.now()).filter(application__application_id=application_id)
    known = list(usable.select_related("application"))
    for secret in known:
        if _is_signed(_read(secret), body, signed):
            if not _request_id.fullmatch(signed["webhook-id"]):
                raise ApiError(
                    422, "invalid", "webhook-id must have 1 to 64 printable ASCII characters, without spaces."
                )
            return secret.application
    if not known:
        _is_signed(_nobodys, body, signed)  # so that it takes as long
    raise ApiError(
        401,
        "unauthenticated",
        "Sign with the secret of the application's server, by Standard Webhooks, at most 5 minutes ago.",
    )


def _read(secret: ServerSecret) -> str:
    """Return the secret; nobody's when it can't be read."""
    try:
        return secret.read()
    except Unreadable:
        logger.error(
            "a server secret can't be opened because SECRET_KEY changed: add the old key to SECRET_KEY_FALLBACKS"
        )
        return _nobodys


def _is_signed(secret: str, body: bytes, signed: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, signed, json_parse=False)
    except (WebhookVerificationError, ValueError):  # The library splits and decodes what it was sent.
        return False
    return True

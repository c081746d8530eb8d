"""Addresses of files that need no header: good for ten minutes, and as long as the token that asked for one (A-5)."""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest
from django.utils import timezone

from console.api.manage.authentication import admitted, usable
from console.api.manage.models import Token
from miniprograms.models import MiniProgram

SECONDS = 600
SALT = "console.api.tcsas.offline"


def signed(token: Token, program: MiniProgram) -> str:
    """Return what stands in the address for the token and the mini program."""
    return signing.dumps([token.sha256[:32], program.app_id, program.online_number], salt=SALT, compress=True)


def opened(request: HttpRequest, words: str) -> tuple[Token, str, str]:
    """Return the token, the App ID and the version of an address; raises Http404 for one that is none or too old.

    Problem 403 for an address outside the token's networks.
    """
    at = timezone.now()
    try:
        digest, app_id, number = signing.loads(words, salt=SALT, max_age=SECONDS)
    except (signing.BadSignature, ValueError):
        raise Http404 from None
    token = usable(at=at, sha256__startswith=digest)
    if token is None:
        raise Http404
    return admitted(token, request, at=at), app_id, number

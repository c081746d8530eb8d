"""Sudo mode: the password, or a second factor, again when the last proof is old (P-4)."""

import time

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext as _

from console.base.accounts import security, throttle
from console.base.accounts.authentication import has_password, proofs, record_proof
from console.base.accounts.models import User
from console.base.accounts.states import SecurityKind

PASSWORD_FIELD = "sudo_password"  # noqa: S105 - a form field's name


def needed(request: HttpRequest) -> bool:
    """Whether the last sign-in or proof of this session is older than SUDO_SECONDS."""
    times = proofs(request)
    return not times or time.time() - max(times) >= settings.SUDO_SECONDS


def prove(request: HttpRequest) -> str:
    """Try the password that came with the form; return an error in words, or "" when it was right."""
    password = request.POST.get(PASSWORD_FIELD, "")
    assert isinstance(request.user, User)  # noqa: S101 - routes with sudo are for the signed in
    if not has_password(request.user):
        return _("Confirm it’s you to continue.")
    if not password:
        return _("Enter your password to continue.")
    attempt = throttle.begin(request, email=request.user.email, user=request.user)
    if attempt.refused:
        return _("Too many attempts. Wait a few minutes and try again.")
    if not request.user.check_password(password):
        security.note(request.user, SecurityKind.WRONG_PASSWORD, request=request)
        return _("Wrong password. Try again.")
    attempt.succeeded()
    record_proof(request)
    return ""

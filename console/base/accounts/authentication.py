"""What the console needs of allauth and allauth offers only inside: the one module that knows its private names."""

from __future__ import annotations

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from django.http import HttpRequest

from console.base.accounts.models import User


def proofs(request: HttpRequest) -> list[float]:
    """Return when this session's user proved who they are, in seconds since 1970."""
    return [record["at"] for record in get_authentication_records(request, request.user)]


def record_sign_in(request: HttpRequest, user: User) -> None:
    """Note that `user` has just signed in with the password, outside allauth's own pages."""
    record_authentication(request, user, method="password", email=user.email)


def record_proof(request: HttpRequest) -> None:
    """Note that the signed-in user has just given the right password once more."""
    reauthenticate_by_password(request)


def send_password_link(request: HttpRequest, user: User) -> None:
    """Mail the user a link that sets a new password and works once."""
    request_password_reset(request, user.email, [user], None)

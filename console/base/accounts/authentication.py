"""What the console needs of allauth and allauth offers only inside: the one module that knows its private names."""

from __future__ import annotations

from urllib.parse import urljoin

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from console.base.accounts.models import User

TOTP_SECONDS = 30  # for which an app shows a code


def proofs(request: HttpRequest) -> list[float]:
    """Return when this session's user proved who they are, in seconds since 1970."""
    return [record["at"] for record in get_authentication_records(request, request.user)]


def record_sign_in(request: HttpRequest, user: User) -> None:
    """Note that `user` has just signed in with the password, outside allauth's own pages."""
    record_authentication(request, user, method="password", email=user.email)


def record_proof(request: HttpRequest) -> None:
    """Note that the signed-in user has just given the right password once more."""
    reauthenticate_by_password(request)


def send_password_link(request: HttpRequest, user: User) -> str:
    """Mail the user a link that sets a new password and works once; return why it was not sent, in words, or ""."""
    request.mail_refused = False  # type: ignore[attr-defined]  # The adapter says whether it is.
    request_password_reset(request, user.email, [user], None)
    if request.mail_refused:  # type: ignore[attr-defined]
        return _("No link sent to %(email)s: too many in the last hour. Try again in an hour.") % {"email": user.email}
    return ""


def password_link(user: User) -> str:
    """Return a link that sets the user's password and works once, for whoever hands it to them."""
    words = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    return urljoin(settings.BASE_URL, reverse("account_reset_password_from_key", kwargs=words))


def how(request: HttpRequest, user: User) -> str:
    """Return by what `user` signs in, as the records of this session say: “password”, “password+totp”, “passkey”."""
    steps = []
    for record in get_authentication_records(request, user):
        if not record.get("reauthenticated"):
            is_passkey = record["method"] == "mfa" and record.get("passwordless")
            steps.append("passkey" if is_passkey else record.get("type") or record["method"])
    return "+".join(dict.fromkeys(steps))


def totp_code(secret: str, step: int) -> str:
    """Return the code that an app with the secret shows in the given step of TOTP_SECONDS since 1970."""
    return str(format_hotp_value(hotp_value(secret, step)))


def has_second_factor(user: User) -> bool:
    """Whether `user` signs in with more than a password: an app's codes or a passkey."""
    types = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=types).exists())

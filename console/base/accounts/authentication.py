"""What the console needs of allauth and allauth offers only inside: the one module that knows its private names."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import default_token_generator
from allauth.account.internal.flows import reauthentication
from allauth.account.internal.flows.login import record_authentication
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.utils import perform_login, user_pk_to_url_str
from allauth.mfa.models import Authenticator
from allauth.mfa.stages import AuthenticateStage
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from console.base.accounts.identity.configuration import IdentityProvider
from console.base.accounts.models import User

TOTP_SECONDS = 30  # for which an app shows a code
PROVIDER_FACTOR = "provider_factor"  # in a session: the second factor that an identity provider has asked for
PASSWORDS_OFF = gettext_lazy("Password sign-in is off. People sign in with the identity provider.")


def proofs(request: HttpRequest) -> list[float]:
    """Return when this session's user proved who they are, in seconds since 1970."""
    return [record["at"] for record in get_authentication_records(request, request.user)]


def record_sign_in(request: HttpRequest, user: User) -> None:
    """Note that `user` has just signed in with the password, outside allauth's own pages."""
    record_authentication(request, user, method="password", email=user.email)


def record_proof(request: HttpRequest) -> None:
    """Note that the signed-in user has just given the right password once more."""
    reauthenticate_by_password(request)


def record_proof_by_provider(request: HttpRequest, user: User, provider: IdentityProvider) -> None:
    """Note that the signed-in user has just signed in at the provider once more."""
    request.session.pop(reauthentication.STATE_SESSION_KEY, None)  # What was sent before is not sent again.
    name = f"provider:{provider.name}"
    record_authentication(request, user, method="socialaccount", reauthenticated=True, type=name)


def sign_in_by_link(request: HttpRequest, user: User) -> HttpResponse:
    """Sign in who opened a one-time link; the second factor is asked as ever. Return where to go on.

    Somebody else who is signed in here is signed out first: Django would empty the session after the record.
    """
    if request.user.is_authenticated and request.user != user:
        logout(request)
    record_authentication(request, user, method="link")
    return perform_login(request, user)


def linked_providers(user: User) -> list[IdentityProvider]:
    """Return the providers by which `user` signs in, in the order of the settings; one query, or none without any."""
    if not settings.IDENTITY_PROVIDERS:
        return []
    names = set(SocialAccount.objects.filter(user_id=user.pk).values_list("provider", flat=True))
    return [provider for provider in settings.IDENTITY_PROVIDERS.values() if provider.name in names]


def has_password(user: User) -> bool:
    """Whether `user` can prove who they are by a password."""
    return settings.PASSWORD_SIGN_IN and user.has_usable_password()


_library_flows = reauthentication.get_reauthentication_flows


def _flows(user: User) -> list[dict[str, Any]]:
    """Return by what `user` may confirm who they are: where allauth finds nothing, it asks for nothing.

    That would be so for everyone who signs in by a provider alone. Who has none of all that signs in again.
    """
    flows = [flow for flow in _library_flows(user) if flow["id"] != "reauthenticate" or settings.PASSWORD_SIGN_IN]
    flows += [{"id": f"provider:{provider.name}"} for provider in linked_providers(user)]
    return flows or [{"id": "again"}]


reauthentication.get_reauthentication_flows = _flows


class SecondStep(AuthenticateStage):
    """Our own second factor, but where the identity provider has asked for one that counts (P-6, P-10)."""

    def _should_handle(self, request: HttpRequest) -> bool:
        person = getattr((self.login.signal_kwargs or {}).get("sociallogin"), "person", None)
        if SESSION_KEY not in request.session:
            request.session.pop(PROVIDER_FACTOR, None)
        if person is not None and person.second_factor:
            request.session[PROVIDER_FACTOR] = person.second_factor
            return False
        return bool(super()._should_handle(request))


def send_password_link(request: HttpRequest, user: User) -> str:
    """Mail the user a link that sets a new password and works once; return why it was not sent, in words, or ""."""
    if not settings.PASSWORD_SIGN_IN:
        return str(PASSWORDS_OFF)
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
            by_provider = f"provider:{record.get('provider')}" if record["method"] == "socialaccount" else ""
            steps.append("passkey" if is_passkey else by_provider or record.get("type") or record["method"])
    return "+".join(dict.fromkeys(steps))


def totp_code(secret: str, step: int) -> str:
    """Return the code that an app with the secret shows in the given step of TOTP_SECONDS since 1970."""
    return str(format_hotp_value(hotp_value(secret, step)))


def used_second_factor_of_provider(request: HttpRequest) -> bool:
    """Whether this session began with a second factor that the identity provider asked for."""
    return bool(request.session.get(PROVIDER_FACTOR))


def has_second_factor(user: User) -> bool:
    """Whether `user` signs in with more than a password: an app's codes or a passkey."""
    types = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=types).exists())

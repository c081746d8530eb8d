"""How allauth behaves here."""

import logging
from contextlib import nullcontext
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from console.base.accounts import codes, entering, security, throttle
from console.base.accounts.authentication import PASSWORDS_OFF, linked_providers
from console.base.accounts.identity.provider import app_of
from console.base.accounts.identity.transport import ProviderAway
from console.base.accounts.models import User
from console.base.accounts.notifying import post_mail
from console.base.accounts.readers import read_by
from console.base.accounts.states import SecurityKind
from console.base.core.fields import refuse_invisible
from console.base.core.proxies import client_address

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """People come in by invitation only; rate limits and the activity log mean the same address; mails go by a job."""

    error_messages: ClassVar = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The e-mail or the password is wrong."),
        "enter_current_password": _("This is not your current password."),
        "incorrect_password": _("The password is wrong."),
        "incorrect_code": _("The code is wrong or was already used."),
        "passwords_off": PASSWORDS_OFF,
        "too_many_login_attempts": _("Too many failed attempts. Wait a few minutes, or set a new password by e-mail."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed: accounts are made by invitations and by operators."""
        return False

    def clean_email(self, email: str) -> str:
        """Return an address that someone typed to reset a password; the same rule as in our own forms."""
        refuse_invisible(email)
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address; without one the rate limits could not hold, so nothing goes on."""
        address = client_address(request.META)
        if not address:
            raise PermissionDenied
        return address

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of the mail at BASE_URL, whatever Host the request named."""
        return urljoin(settings.BASE_URL, urlsplit(super().get_reset_password_from_key_url(key)).path)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try, and refuse one too many, see `throttle`; no password is tried where they are switched off."""
        if not settings.PASSWORD_SIGN_IN:
            raise self.validation_error("passwords_off")
        email = str(credentials.get("email", ""))
        user = _owner(email)
        self.get_client_ip(request)  # Without one nothing would hold.
        self.attempt = throttle.begin(request, email=email, user=user)
        if self.attempt.refused:
            if self.attempt.just_now:
                security.note(user, SecurityKind.BLOCKED, request=request, email=email)
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Keep a failed try on record, also for an address that no account has."""
        email = str(credentials.get("email", ""))
        security.note(_owner(email), SecurityKind.WRONG_PASSWORD, request=request, email=email)

    def _rollback_login_failed_rl_usage(self) -> None:
        self.attempt.succeeded()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        throttle.forgive(request, email=str(credentials.get("email", "")))

    def get_login_stages(self) -> list[str]:
        """Return the steps of a sign-in; an identity provider may have done the second one."""
        ours = "console.base.accounts.authentication.SecondStep"
        return [ours if step.endswith(".AuthenticateStage") else step for step in super().get_login_stages()]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Return by what `user` may confirm who they are; the first one is asked for."""
        ways: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not user.is_authenticated:
            return ways
        for provider in linked_providers(user):
            words = _("Use %(provider)s") % {"provider": provider.label}
            url = reverse("identity_confirm", args=[provider.name])
            ways.append({"id": f"provider:{provider.name}", "description": words, "url": url})
        return ways or [{"id": "again", "description": _("Sign in again"), "url": reverse("sign_in_again")}]

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave the mail, rendered as allauth does, to the mail job. Our mails are plain text: so is what is kept.

        It is in the language of the account, whoever asked for it; where there is none, in that of the page.
        Repeated requests for new passwords can't fill a mailbox, and can't mail strangers without end.
        """
        if not throttle.may_mail(email, self.request):
            self.request.mail_refused = True
            return
        user = context.get("user")
        with read_by(user) if user and user.language else nullcontext():
            message = self.render_mail(template_prefix, email, {"request": self.request, "email": email, **context})
        post_mail(to=email, subject=message.subject, body=message.body)


def _owner(email: str) -> User | None:
    return User.objects.filter(email=email.strip().lower()).first()


class IdentityAdapter(DefaultSocialAccountAdapter):
    """Identity providers are those of the environment, never rows of a table; accounts are ours to find and to make."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the providers, or the one of that name."""
        found = settings.IDENTITY_PROVIDERS.values()
        return [app_of(each) for each in found if provider in (None, "openid_connect", each.name)]

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        """Leave the account that is only a sketch empty; `entering` finds or makes the real one."""
        return sociallogin.user

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Sign-up is closed, as for everybody."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find the account of the person, or say why there is none."""
        entering.enter(request, settings.IDENTITY_PROVIDERS[sociallogin.account.provider], sociallogin)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Say in words why the provider signed nobody in; raises ImmediateHttpResponse."""
        configured = settings.IDENTITY_PROVIDERS[provider.sub_id]
        situation = "refused_token" if exception else "expired" if "state" not in (extra_context or {}) else "failed"
        if error == AuthError.CANCELLED:
            situation = "cancelled"
        if isinstance(exception, ProviderAway):
            situation = "away"
        said = exception or request.GET.get("error", "")[:100]
        logger.warning("sign-in by %s: %s: %r", configured.name, situation, said)
        raise ImmediateHttpResponse(entering.problem(request, configured, situation))


class FactorAdapter(DefaultMFAAdapter):
    """Second factors' secrets are sealed."""

    error_messages: ClassVar = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("The code is wrong or was already used."),
    }

    def encrypt(self, text: str) -> str:
        """Return the secret as it is kept."""
        return codes.encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret that is kept."""
        return codes.decrypt(encrypted_text)

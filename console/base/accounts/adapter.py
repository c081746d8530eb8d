"""How allauth behaves here."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from console.base.accounts import actions
from console.base.core.fields import refuse_invisible
from console.base.core.proxies import client_address


class AccountAdapter(DefaultAccountAdapter):
    """People come in by invitation only; rate limits and the activity log mean the same address; mails go by a job."""

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

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Leave the mail, rendered as allauth does, to the mail job. Our mails are plain text: so is what is kept."""
        message = self.render_mail(template_prefix, email, {"request": self.request, "email": email, **context})
        actions.post_mail(to=email, subject=message.subject, body=message.body)

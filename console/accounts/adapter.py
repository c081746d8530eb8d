"""How allauth behaves here."""

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from console.activity.middleware import client_address
from console.core.fields import refuse_invisible


class AccountAdapter(DefaultAccountAdapter):
    """People come in by invitation only; rate limits and the activity log mean the same address."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Sign-up is closed: accounts are made by invitations and by operators."""
        return False

    def clean_email(self, email: str) -> str:
        """Return an address that someone typed to reset a password; the same rule as in our own forms."""
        refuse_invisible(email)
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the client's address; without one the rate limits could not hold, so nothing goes on."""
        address = client_address(request)
        if not address:
            raise PermissionDenied
        return address

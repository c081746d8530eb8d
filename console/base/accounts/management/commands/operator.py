"""`manage.py operator EMAIL`: the first person of an installation, who sets the password by a link, or needs none."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.forms import ValidationError

from console.base.accounts import actions
from console.base.accounts.authentication import password_link
from console.base.accounts.models import User


class Command(BaseCommand):
    """Makes an operator where there is none with this address, and prints how they get in."""

    help = "Make an operator, and print a link by which they set their password; without passwords, how they sign in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="Operator", help="default: Operator")
        parser.add_argument("--new-link", action="store_true", help="print a link also if they have a password")

    def handle(self, *, email: str, name: str, new_link: bool, **options: Any) -> None:
        """Print the link; nothing new for an operator who has a password. The link works once, for three days."""
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an e-mail address.") from error
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            user = actions.create_user(by=None, email=email, name=name, is_staff=True, is_superuser=True)
        elif not user.is_staff:
            raise CommandError(f"{user.email} has an account that is not an operator's. Choose another address.")
        if not settings.PASSWORD_SIGN_IN:
            self.stdout.write(_by_provider(user))
            return
        if user.has_usable_password() and not new_link:
            self.stdout.write(f"{user.email} is an operator and has a password.")
            return
        self.stdout.write(f"{user.email} sets a password here, within three days:\n{password_link(user)}")


def _by_provider(user: User) -> str:
    """Return how the operator gets in where passwords are off, and a link that sets one would be refused."""
    labels = " or ".join(provider.label for provider in settings.IDENTITY_PROVIDERS.values())
    return (
        f"{user.email} is an operator. Password sign-in is off: they sign in with {labels} at {settings.BASE_URL}.\n"
        f"While that is away, this prints a link that signs them in once: manage.py sign_in_link {user.email}"
    )

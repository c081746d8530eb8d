"""`manage.py sign_in_link ADDRESS`: lets an operator in while the identity provider is away (docs/identity.md)."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from console.base.accounts import events, one_time_links
from console.base.accounts.models import User
from console.base.activity.events import emit


class Command(BaseCommand):
    """Prints the link; that it was made is in the activity log, in the person's security log, and mailed to them."""

    help = "Print a link that signs an operator in once, within 15 minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the operator's address")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["email"].strip().lower(), is_active=True, is_staff=True).first()
        if user is None:
            raise CommandError("No active operator has this address. manage.py operator ADDRESS makes one.")
        with transaction.atomic():
            emit(events.SignInLinkMade(user, by=None))
        self.stdout.write(one_time_links.link_for(user))

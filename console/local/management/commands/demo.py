"""`manage.py demo`: fill an empty console with something to look at."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from console.base.accounts.models import User
from console.local.demo.outcome import outcome
from console.local.demo.seed_data import PEOPLE
from console.local.demo.seeding import Seeder


class Command(BaseCommand):
    """Make the demo data once, and print who can sign in."""

    help = "Create demo data: three teams, two host apps, a dozen mini programs in every state."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print every account, key and id as one JSON object")
        parser.add_argument("--password", help="the password of all demo accounts; default: a random one")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it all, or refuse where it is there already."""
        if User.objects.filter(email__in=PEOPLE).exists():
            raise CommandError("The demo data already exists.")
        seeder = Seeder(options["password"])
        seeder.seed()
        made = outcome(seeder)
        if options["json"]:
            self.stdout.write(json.dumps(made, indent=1))
            return
        self.stdout.write(f"Demo accounts, all with the password {seeder.password}:")
        for account in made["accounts"]:
            roles = {**account["teams"], **account["applications"]}
            words = ", ".join(f"{role} in {place}" for place, role in roles.items())
            self.stdout.write(f"  {account['email']:20} {words}")

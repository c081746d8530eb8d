"""`manage.py routes`: each route with its methods and required permission."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from console.routes import routes


class Command(BaseCommand):
    """List the routes, as a table or as JSON."""

    help = "List every route with its methods and required permission."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--json for machines."""
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        found = routes()
        if options["json"]:
            self.stdout.write(json.dumps([asdict(route) for route in found], indent=1))
            return
        for route in found:
            permission = f"{route.permission}{' + password' if route.sudo else ''}"
            self.stdout.write(f"{permission:28} {'/'.join(route.methods):10} {route.path}")

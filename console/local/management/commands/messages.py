"""`manage.py messages`: brings the catalogue of translations up to the sources, and compiles it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from console.local import translations


class Command(BaseCommand):
    """Update or compile the catalogue."""

    help = "Update the Chinese catalogue from the sources and compile it."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """--compile leaves the catalogue as it is."""
        parser.add_argument("--compile", action="store_true", help="only compile the catalogue")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it and say how many strings wait for their translation."""
        if not options["compile"]:
            waiting = translations.update()
            self.stdout.write(f"{translations.path()}: {waiting} strings need a translation.")
        translations.compile_to_file()

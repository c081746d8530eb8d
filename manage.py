#!/usr/bin/env python
"""Django's command line for the console."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # Settings that can't be: the sentence says which, and what to do.
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The console can't start: {error}")


if __name__ == "__main__":
    main()

"""`python -m tests.scale`: ask for the plans of everything at 100 million devices; fails on one that can't be run.

Runs the console's own code on the demo's rows, records what it asks, makes the tables seem as large as `sizes` says and
lets PostgreSQL plan each statement again. Writes the tables in docs/scale.md.
"""

from __future__ import annotations

import os
import sys
import tempfile

from console.local import throwaway
from tests.scale.server import server


def main() -> int:
    """Print what was found; the exit code says whether any statement reads or sorts too much."""
    with tempfile.TemporaryDirectory(prefix="console-scale-") as folder, server() as postgres, throwaway.services():
        os.environ["CONSOLE_LOCAL_DIR"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "console.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from tests.scale import asked, report

        call_command("migrate", verbosity=0, skip_checks=True)
        statements = list(asked.all_statements())
        connection.close()
        connection.close_pool()
        postgres.grow()
        findings = report.findings(statements)
        connection.close()
        connection.close_pool()
    report.show(findings)
    report.write(findings, postgres.indexes)
    return 1 if any(finding.problems for finding in findings) else 0


sys.exit(main())

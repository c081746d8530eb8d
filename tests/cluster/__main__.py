"""`make drill`: fail-over of PostgreSQL under Patroni, under load; prints the table of docs/clusters.md."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.cluster import drill, patroni


def main() -> int:
    """Return 1 when something was lost, or did not come back."""
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--only", default="", help="only faults whose names contain this")
    parser.add_argument("--times", type=int, default=1, help="how often each fault happens; default: 1")
    parser.add_argument("--logs", type=Path, help="a folder for what the processes write; default: none")
    given = parser.parse_args()
    if not patroni.is_installed():
        return sys.stderr.write(f"{patroni.MISSING}\n") and 1
    report = drill.go(given.only, given.logs, given.times)
    print(report.table())
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.bench [NAME …]`: measure, print the tables, write docs/benchmarks.md and docs/benchmarks.json.

Without a name everything is measured; with names the other entries of the files stay. PostgreSQL and Valkey are
started for it unless the environment names them, with commits that wait for the disk.
"""

from __future__ import annotations

import importlib
import inspect
import sys

from console.local import throwaway
from tests.bench import report

BENCHMARKS = (
    "update_check",
    "slow_clients",
    "lists",
    "upload",
    "review_report",
    "object_lists",
    "claims",
    "log_ingest",
    "log_query",
    "sending",
    "server_api",
    "changes_page",
    "rest_api",
)


def main(names: list[str]) -> int:
    """Run the named benchmarks; the exit code says whether all of them could be run."""
    if unknown := set(names) - set(BENCHMARKS):
        print(f"No such benchmark: {', '.join(sorted(unknown))}. There are: {', '.join(BENCHMARKS)}.", file=sys.stderr)
        return 2
    entries = report.load()
    failed = 0
    with throwaway.services(durable=True):
        print("; ".join(f"{fact}: {value}" for fact, value in report.machine().items()))
        for name in names or BENCHMARKS:
            module = importlib.import_module(f"tests.bench.{name}")
            print(f"\n{name}", flush=True)
            try:
                results = module.run()
            except RuntimeError as error:
                print(f"could not be measured: {error}", file=sys.stderr)
                failed += 1
                continue
            print(report.plain(results), flush=True)
            about = (inspect.getdoc(module) or "").replace("\n", " ")
            entries[name] = report.entry(f"make bench ONLY={name}", about, results)
            report.save({name: entries[name] for name in BENCHMARKS if name in entries})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The tables: on the screen, in docs/benchmarks.md and, for programs, in docs/benchmarks.json."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.result import Result

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
HEADS = ("what", "value", "reference", "reference value", "ratio", "aim")
LEAD = """# Benchmarks

Written by `make bench`; do not edit. Compare the ratio of a value to its reference: both are measured in the same run,
in turns, on the same machine; each is the median of the rounds. Absolute values depend on the machine.
"""


def machine() -> dict[str, str]:
    """Return what the figures depend on besides the code."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        names = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "autovacuum")
        facts = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in names}  # type: ignore[index]
    version = facts.pop("server_version")
    return {
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "PostgreSQL": f"{version} ({', '.join(f'{name} {value}' for name, value in facts.items())})",
    }


def entry(command: str, about: str, results: list[Result]) -> dict[str, Any]:
    """Return a benchmark as the JSON file keeps it."""
    return {
        "about": about,
        "command": command,
        "machine": machine(),
        "results": [asdict(result) for result in results],
    }


def load() -> dict[str, Any]:
    """Return the entries of earlier runs."""
    file = DOCS / "benchmarks.json"
    entries: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    return entries


def save(entries: Mapping[str, Any]) -> None:
    """Write both files."""
    (DOCS / "benchmarks.json").write_text(json.dumps(entries, indent=2, ensure_ascii=False) + "\n")
    parts = [LEAD, *(markdown(name, entries[name]) for name in entries)]
    (DOCS / "benchmarks.md").write_text("\n".join(parts))


def markdown(name: str, entry: Mapping[str, Any]) -> str:
    """Return a benchmark's section."""
    facts = "; ".join(f"{fact}: {value}" for fact, value in entry["machine"].items())
    lines = [f"## {name}", "", entry["about"], "", f"`{entry['command']}` on {facts}", ""]
    lines += [f"| {' | '.join(HEADS)} |", "|---|---:|---|---:|---:|---|"]
    lines += [f"| {' | '.join(cells(result))} |" for result in entry["results"]]
    return "\n".join([*lines, ""])


def cells(result: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a result as the tables show it."""
    value, reference = (f"{number(result[key])} {result['unit']}" for key in ("value", "reference_value"))
    return result["name"], value, result["reference"], reference, f"{result['ratio']:.2f}", result["aim"]


def number(value: float) -> str:
    """Return three digits or more, and no fraction where there is none."""
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def plain(results: list[Result]) -> str:
    """Return a table for the screen."""
    rows = [HEADS, *(cells(asdict(result)) for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)

"""What a run found, as text."""

from __future__ import annotations

from tests.chaos.matrix import PARTS, Outcome


def table(outcome: Outcome) -> str:
    """Return the matrix as Markdown, what is to be known beside it, and every violation."""
    lines = [
        "| fault | times | " + " | ".join(PARTS) + " | violations |",
        "|---|---:|" + "---:|" * len(PARTS) + "---:|",
    ]
    for name, row in sorted(outcome.rows.items()):
        times = f"{row.times}" + (f" (+{row.missed} missed)" if row.missed else "")
        cells = [f"{row.outages[part]:.1f}" for part in PARTS]
        lines.append(f"| {name} | {times} | {' | '.join(cells)} | {len(row.violations)} |")
    times = sum(row.times for row in outcome.rows.values())
    worst = {part: max((row.outages[part] for row in outcome.rows.values()), default=0.0) for part in PARTS}
    lines.append(f"| **all** | {times} | " + " | ".join(f"{worst[part]:.1f}" for part in PARTS) + " | |")
    lines += ["", f"{outcome.seconds:.0f} s; longest time without a good answer, in seconds.", ""]
    lines += [f"- {words}: {count}" for words, count in sorted(outcome.told.items())]
    lines += [f"- {client}: " + _answers(found) for client, found in outcome.answers.items()]
    violations = outcome.all_violations
    lines += ["", f"Violations: {len(violations)}", *(f"- {words}" for words in violations)]
    return "\n".join(lines)


def _answers(found: dict[int, int]) -> str:
    return ", ".join(f"{status or 'no answer'} × {count}" for status, count in found.items())

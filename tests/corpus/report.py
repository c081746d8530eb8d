"""The table of the corpus: for the terminal, and for docs/scanner.md between its markers."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.corpus.recipes import ROOT
from tests.corpus.score import BOUNDS, Score, Stats, by_group, total

PAGE = ROOT / "docs" / "scanner.md"
BEGIN, END = "<!-- corpus: written by make test-frameworks -->", "<!-- /corpus -->"
_LEGEND = """\
*marked*: programs of which the scan says that it could not follow everything; *silent*: those in which an API or an
asked origin is missing, or can't be known, and it does not say so. Precision: how much of what is found is there."""
_MEASURES = [f"{thing}: {what}" for thing in BOUNDS for what in ("recall", "precision")]
_HEAD = ["form", "programs", *_MEASURES, "marked", "silent"]


def rows(scores: Iterable[Score]) -> list[list[str]]:
    """Return the table: a row for each form, in the order in which they come, and a sum for each group at the end."""
    scores = [*scores]
    forms: dict[str, list[Score]] = {}
    for score in scores:
        forms.setdefault(score.program.form, []).append(score)
    sums = by_group(scores).items()
    return [_row(form, found) for form, found in forms.items()] + [_row(f"all {group}", found) for group, found in sums]


def plain(table: list[list[str]]) -> str:
    """Return the table for a terminal."""
    widths = [max(len(row[column]) for row in [_HEAD, *table]) for column in range(len(_HEAD))]
    lines = [[row[0].ljust(widths[0]), *(cell.rjust(widths[n + 1]) for n, cell in enumerate(row[1:]))] for row in table]
    head = [_HEAD[0].ljust(widths[0]), *(cell.rjust(widths[n + 1]) for n, cell in enumerate(_HEAD[1:]))]
    return "\n".join("  ".join(line) for line in [head, *lines])


def markdown(table: list[list[str]]) -> str:
    """Return the table for a page."""
    lines = [_HEAD, ["---", *["---:"] * (len(_HEAD) - 1)], *table]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write(table: list[list[str]], page: Path = PAGE) -> None:
    """Put the table between the markers of the page; behind its end where there are none."""
    text = page.read_text() if page.exists() else "# What the scan finds\n"
    before, begin, rest = text.partition(BEGIN)
    before, behind = (before, rest.partition(END)[2]) if begin else (f"{before.rstrip()}\n\n", "\n")
    page.write_text(f"{before}{BEGIN}\n\n{markdown(table)}\n\n{_LEGEND}\n\n{END}{behind}")


def _row(form: str, scores: list[Score]) -> list[str]:
    totals = total(scores)
    cells = [cell for stats in totals.values() for cell in _cells(stats)]
    marked = sum(bool(score.marks) for score in scores)
    silent = sum(score.silent for score in scores)
    return [form, str(len(scores)), *cells, str(marked), str(silent)]


def _cells(stats: Stats) -> tuple[str, str]:
    recall = f"{stats.recall:.0%} ({stats.right}/{stats.right + stats.missed})" if stats.right + stats.missed else ""
    precision = f"{stats.precision:.0%}" if stats.right + stats.false else ""
    return recall, precision

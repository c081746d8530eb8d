"""`python -m tests.corpus`: build the programs of the frameworks, scan them and the native ones, print the table.

The exit code is 1 when a bound is missed (`score.BOUNDS`), or when a program was reported as wholly read and was not.
"""

from __future__ import annotations

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.corpus import report
from tests.corpus.found import look
from tests.corpus.recipes import Built, CannotBuildError, Recipe, build, lock, recipes
from tests.corpus.score import Score, compare, shortfalls
from tests.corpus.truth import Program, native_programs


def main(arguments: list[str]) -> int:
    """Do what the command line says; the exit code says whether all is well."""
    options = _parser().parse_args(arguments)
    chosen = [recipe for recipe in recipes() if _is_chosen(recipe, options)]
    if unknown := {*options.only} - {recipe.name for recipe in chosen}:
        print(f"No such recipe: {', '.join(sorted(unknown))}.", file=sys.stderr)
        return 2
    if options.lock:
        for recipe in chosen:
            lock(recipe)
        return 0
    programs, failed = _build(chosen, options.jobs)
    if not options.only:
        programs = native_programs() + programs
    with ThreadPoolExecutor(options.jobs) as pool:
        scores = list(map(compare, programs, pool.map(look, programs)))
    return max(_judge(scores, options), failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", default=[], metavar="RECIPE", help="these recipes, and no native program")
    parser.add_argument("--all", action="store_true", help="the extended recipes, too")
    parser.add_argument(
        "--jobs", type=int, default=2, help="recipes that are built, and programs that are scanned, at a time (2)"
    )
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{report.PAGE.name}")
    parser.add_argument("--lock", action="store_true", help="write the lock files anew, and nothing else")
    return parser


def _is_chosen(recipe: Recipe, options: argparse.Namespace) -> bool:
    return recipe.name in options.only if options.only else options.all or not recipe.extended


def _build(chosen: list[Recipe], jobs: int) -> tuple[list[Program], int]:
    """Build recipes, several at a time: while one waits for the registry, another keeps a processor busy."""
    begin, programs, failed = time.monotonic(), [], 0
    with ThreadPoolExecutor(jobs) as pool:
        for recipe, future in [(recipe, pool.submit(build, recipe)) for recipe in chosen]:
            try:
                built = future.result()
            except CannotBuildError as error:
                print(f"{recipe.name} could not be built.\n{error}", file=sys.stderr, flush=True)
                failed = 1
                continue
            print(_times(built), flush=True)
            programs += built.programs
    print(f"{'all':<16} {time.monotonic() - begin:>23.0f} s")
    return programs, failed


def _times(built: Built) -> str:
    if not built.build_seconds:
        return f"{built.recipe.name:<16} built before"
    return f"{built.recipe.name:<16} install {built.install_seconds:>5.0f} s, build {built.build_seconds:>5.0f} s"


def _judge(scores: list[Score], options: argparse.Namespace) -> int:
    table = report.rows(scores)
    print(f"\n{report.plain(table)}\n")
    for score in scores:
        for fault in score.faults:
            print(f"{score.program.name}: {fault}")
    if options.write:
        report.write(table)
    short = shortfalls(scores)
    print("\n".join(["", *short]) if short else "\nEvery bound is kept.")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.chaos`: let faults happen to an installation under load, and say what came of it."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from console.local.process import LocalServiceError
from console.local.supervisor import Stop, stop_on_signals
from tests.chaos import report
from tests.chaos.faults import kills, stalls
from tests.chaos.installation import faketime
from tests.chaos.matrix import Plan, run

SETTLE_SECONDS = 1200.0  # for the start, the last fault, and until all is quiet


def main() -> int:
    """Run; the exit code says whether everything held."""
    parser = argparse.ArgumentParser(prog="tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the dice; default: 1")
    parser.add_argument("--kills", type=int, default=300, help="default: 300")
    parser.add_argument("--stalls", type=int, default=30, help="default: 30")
    parser.add_argument("--seconds", type=float, default=3600, help="no fault happens after that; default: 3600")
    parser.add_argument("--only", default="", help="one fault, by its name, once; --only list names all")
    parser.add_argument("--seconds-away", type=float, help="how long what is away stays away; default: 2 to 5")
    parser.add_argument("--logs", type=Path, help="a folder for what the processes write; default: none")
    given = parser.parse_args()
    if given.only == "list":
        print("\n".join([*kills(), *stalls(Path("/"))]))
        return 0
    if faketime() is None:
        print("No clock is moved: the machine has no libfaketime.")
    away = (given.seconds_away, given.seconds_away) if given.seconds_away else (2.0, 5.0)
    plan = Plan(given.seed, given.kills, given.stalls, given.seconds, given.only, away, logs=given.logs)
    limit = threading.Timer(given.seconds + SETTLE_SECONDS, os.kill, (os.getpid(), signal.SIGTERM))
    limit.daemon = True
    limit.start()
    try:
        with stop_on_signals():
            outcome = run(plan)
    except Stop:
        return sys.stderr.write("Stopped; nothing is left.\n") and 1
    except (LocalServiceError, RuntimeError) as error:
        return sys.stderr.write(f"{error}\n") and 1
    print(report.table(outcome))
    return 1 if outcome.all_violations else 0


if __name__ == "__main__":
    sys.exit(main())

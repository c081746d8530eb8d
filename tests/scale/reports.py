"""`python -m tests.scale.reports`: how many update reports a second one process takes (R-7), each of a new device.

As after a publish: each report is a row that is committed before the answer. Commits wait for the disk, and 32
connections wait for 32 threads. Writes its table in docs/scale.md.
"""

from __future__ import annotations

import os
import statistics
import sys

from console.local import throwaway
from tests.bench import update_check
from tests.processes import granian
from tests.scale import report

ROUNDS, SECONDS = 5, 5
SCRIPT = """
local ids, fresh = {%(ids)s}, 0
function init(args) fresh = tonumber(args[1]) end
function request()
  fresh = fresh + 1
  return wrk.format("POST", "/runtime/v1/reports",
    {["Content-Type"] = "application/json", ["Authorization"] = "%(authorization)s"},
    '{"app_id":"' .. ids[fresh %% #ids + 1] .. '","guid":"' .. string.format("0302%%028d", fresh) ..
    '","version":"%(version)s","result":"installed"}')
end
"""
VERSION = "1.2.0"  # that the programs of tests.bench.catalogue have online


def main() -> int:
    """Measure, print and write."""
    os.environ["UNPROVEN_RATE_LIMIT"] = "1000000/second"  # of one address, which all devices have here
    with throwaway.services(durable=True), update_check._site(update_check.FEW) as site:
        ids = update_check._ids(site.catalogue["plain"])
        script = site.folder / "reports.lua"
        script.write_text(SCRIPT % {"ids": ids, "authorization": site.authorization, "version": VERSION})
        with granian(update_check.CONSOLE, env=site.environment, threads=update_check.THREADS) as port:
            update_check._first_answer(port, site)
            load = update_check._load(port, script)
            rates = [load(SECONDS) for _round in range(ROUNDS + 1)][1:]
        facts = "; ".join(f"{fact}: {value}" for fact, value in report.machine().items())
    median = f"{statistics.median(rates):,.0f} reports/s, {min(rates):,.0f} to {max(rates):,.0f}"
    text = [f"`make scale-reports` on {facts}: one process with {update_check.THREADS} threads keeps {median}."]
    print(text[0])
    report.put("reports", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

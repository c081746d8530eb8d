"""Log entries over HTTP against django-ninja with `bulk_create`, and against bare COPY without HTTP (D-5).

The same gzipped batches of 20 entries with a few lines each, 8 clients, each batch committed to disk before the answer,
into the same partitions with the same indexes. The servers are granian as production runs it, one worker a core with
four threads; they and the bare COPY take turns, several rounds. Bare COPY is a process with 8 connections that sends
blocks which were made before.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg

from tests.bench import stand
from tests.bench.result import Result
from tests.processes import granian

PROGRAMS, BATCHES, ENTRIES = 20, 64, 20
CLIENTS, WORKERS = 8, os.cpu_count() or 1
ROUNDS, SECONDS = 7, 3
CONSOLE = ["console.wsgi:application"]
NINJA = ["--factory", "tests.bench.log_reference:application"]
COLUMNS = (
    "mini_program_id, time, id, level, application_id, guid, platform, os_version, page, filter_msg, trace_id,"
    " library_version, client_version, version, marks, message, error, lines"
)
LINES = [
    ("info", "onLoad with scene {n}, from share card {hex}"),
    ("info", "GET https://api.example.com/v1/orders?page={n} took {n} ms"),
    ("info", "rendered {n} items of list orders in {n} ms, {n} from the cache"),
    ("warn", "slow answer of https://cdn.example.com/{hex}.webp: {n} ms"),
    ("error", "TypeError: Cannot read property 'price' of undefined at pages/cart/index.js:{n}:{n}"),
]
PAGES = ["pages/index/index", "pages/cart/index?from=home", "pages/order/detail?id={n}", "pages/user/index"]
# Each connection sends one batch after the other; all are read before it begins.
SCRIPT = """
local bodies, at = {}, 0
function init(args)
  for n = 1, %(batches)d do
    local file = io.open("%(folder)s/" .. n, "rb")
    bodies[n] = wrk.format("POST", "/runtime/v1/logs", {["Content-Type"] = "application/json",
      ["Content-Encoding"] = "gzip", ["Authorization"] = "%(authorization)s"}, file:read("*a"))
    file:close()
  end
end
function request()
  at = at %% #bodies + 1
  return bodies[at]
end
"""

Load = Callable[[float], float]


def run() -> list[Result]:
    """Measure and compare; raises RuntimeError without `wrk`, or when a server answers with errors."""
    if shutil.which("wrk") is None:
        raise RuntimeError("The load generator is missing: apt-get install wrk")
    with stand.database() as environment, contextlib.ExitStack() as stack:
        environment |= {
            "DEVICE_RATE_LIMIT": "100000/second",
            "UNPROVEN_RATE_LIMIT": "100000/second",
            "LOG_ENTRIES_PER_DAY": "1000000000",
        }
        fill = [sys.executable, "-m", "tests.bench.catalogue", str(PROGRAMS)]
        catalogue = json.loads(subprocess.check_output(fill, env=environment))
        keep = "import django; django.setup(); from devmgmt.tasks import keep_logs; keep_logs()"
        subprocess.run([sys.executable, "-c", keep], env=environment, check=True)
        url = environment["DATABASE_URL"]
        batches = _batches(catalogue)
        script = _script(batches, catalogue, Path(environment["BENCH_FOLDER"]))
        loads: dict[str, Load] = {}
        for name, options in (("console", CONSOLE), ("ninja", NINJA)):
            loads[name] = _over_http(
                stack.enter_context(granian(options, env=environment, workers=WORKERS, threads=4)), script
            )
        loads["copy"] = _bare(url, batches, stack)
        rates = _rounds(loads)
        _check(url, rates)
    return [
        _compared(rates, "ninja", "django-ninja with bulk_create", "at least 4 times"),
        _compared(rates, "copy", "bare COPY of blocks", "at least 0.4 times"),
    ]


def _batches(catalogue: dict[str, Any]) -> list[dict[str, Any]]:
    """Of as many devices; every tenth entry or so has an error."""
    chance = random.Random(1)
    now = time.time_ns() // 1_000_000
    programs = catalogue["plain"] + catalogue["tasked"]
    return [
        {
            "app_id": programs[n % len(programs)],
            "guid": f"0302{n:028}",
            "platform": "android",
            "os_version": "14",
            "client_version": "8.0.50",
            "library_version": "3.5.1",
            "version": "1.2.0",
            "entries": [_entry(chance, now - 1000 * at) for at in range(ENTRIES, 0, -1)],
        }
        for n in range(BATCHES)
    ]


def _entry(chance: random.Random, at: int) -> dict[str, Any]:
    def text(pattern: str) -> str:
        return pattern.format(n=chance.randrange(2000), hex=f"{chance.randrange(1 << 32):08x}")

    lines = chance.choices(LINES, (30, 30, 30, 6, 4), k=chance.randint(1, 5))
    return {
        "time": at,
        "page": text(chance.choice(PAGES)),
        "filter_msg": chance.choice(["", "", "checkout", text("order {n}")]),
        "trace_id": f"{chance.randrange(1 << 48):012x}",
        "lines": [{"time": at + n, "level": level, "text": text(pattern)} for n, (level, pattern) in enumerate(lines)],
    }


def _script(batches: list[dict[str, Any]], catalogue: dict[str, Any], folder: Path) -> Path:
    """Write the bodies, and what `wrk` does with them."""
    for n, batch in enumerate(batches, 1):
        (folder / str(n)).write_bytes(gzip.compress(json.dumps(batch).encode()))
    credentials = base64.b64encode(f"{catalogue['application_id']}:{catalogue['key']}".encode()).decode()
    facts = {"batches": len(batches), "folder": folder, "authorization": f"Basic {credentials}"}
    file = folder / "batches.lua"
    file.write_text(SCRIPT % facts)
    return file


def _over_http(port: int, script: Path) -> Load:
    """Return a function that returns entries per second."""

    def load(seconds: float) -> float:
        command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds:.0f}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
        if rate is None or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        return float(rate[1]) * ENTRIES

    return load


def _bare(url: str, batches: list[dict[str, Any]], stack: contextlib.ExitStack) -> Load:
    """The same by as many connections, in blocks."""
    blocks = [_block(batch) for batch in batches]
    crowd = [stack.enter_context(psycopg.connect(url, autocommit=True)) for _ in range(CLIENTS)]
    done = [0] * CLIENTS

    def send(number: int, until: float) -> None:
        done[number] = 0
        while time.perf_counter() < until:
            with crowd[number].cursor() as cursor, cursor.copy(f"COPY devmgmt_logentry ({COLUMNS}) FROM STDIN") as copy:
                copy.write(blocks[(number + done[number]) % len(blocks)])
            done[number] += 1

    def load(seconds: float) -> float:
        began = time.perf_counter()
        threads = [threading.Thread(target=send, args=(n, began + seconds)) for n in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) * ENTRIES / (time.perf_counter() - began)

    return load


def _block(batch: dict[str, Any]) -> bytes:
    """The rows that the console makes of a batch, in COPY's text format."""
    from devmgmt.logs.entry import Line, Origin, Times, entry

    times = Times.at(datetime.now(UTC), days=7)
    versions = (batch["os_version"], batch["library_version"], batch["client_version"], batch["version"])
    origin = Origin(1, 1, batch["guid"], batch["platform"], *versions)
    levels = {"info": 2, "warn": 4, "error": 8}
    rows = []
    for sent in batch["entries"]:
        lines = [Line(line["time"], levels[line["level"]], line["text"]) for line in sent["lines"]]
        texts = {name: sent[name] for name in ("page", "filter_msg", "trace_id")}
        columns = msgspec.structs.astuple(entry(origin, times, time=sent["time"], lines=lines, **texts))
        rows.append("\t".join(str(column).replace("\\", "\\\\") for column in columns))
    return "".join(f"{row}\n" for row in rows).encode()


def _rounds(loads: dict[str, Load]) -> dict[str, list[float]]:
    """Return entries per second, by name and round; the first round, which warms up, does not count."""
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(ROUNDS + 1):
        for name, load in loads.items():
            rates[name].append(load(SECONDS))
    return {name: found[1:] for name, found in rates.items()}


def _check(url: str, rates: dict[str, list[float]]) -> None:
    """All that was answered must be there, in partitions of the console."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM devmgmt_logentry").fetchone()
    wanted = sum(sum(found) for found in rates.values()) * SECONDS
    if row is None or row[0] < wanted:
        raise RuntimeError(f"{row} rows for {wanted:.0f} entries")


def _compared(rates: dict[str, list[float]], reference: str, name: str, aim: str) -> Result:
    """The ratio is the median of the rounds' ratios."""
    ours, others = rates["console"], rates[reference]
    ratio = statistics.median(one / other for one, other in zip(ours, others, strict=True))
    ours_median, others_median = statistics.median(ours), statistics.median(others)
    return Result("log entries over HTTP", ours_median, "entries/s", name, others_median, ratio, aim)

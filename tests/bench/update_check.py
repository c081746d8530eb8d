"""The device update check against a bare WSGI hello and a bare Django view, in one run.

granian servers with the same options run side by side; `wrk` sends the same POST requests to one after the other, in
several rounds, so that other load on the machine affects all of them. Every tenth program has five delivering grayscale
tasks, so every tenth request comes from a device that is eligible for one: of a hundred such devices 99 are enrolled
already, one is new and is enrolled, committed to disk before the answer. “First claims only” sends new devices only.
Run alone: `python -m tests.bench.update_check`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import secrets
import shutil
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from console.local import throwaway
from tests.bench import stand
from tests.bench.result import Result
from tests.processes import granian

PROGRAMS, FEW = 10_000, 10
LISTS = (10_000, 10_000_000)
ROUNDS, SECONDS = 9, 3
THREADS = 32  # where every request waits for a commit (docs/production.md)
HELLO = ["--factory", "tests.bench.bare:hello"]
DJANGO = ["--factory", "tests.bench.bare:django_view"]
CONSOLE = ["console.wsgi:application"]
# All but the new devices' requests are made in advance, so that the load generator has little to do. Of each thousand
# requests `known` are of devices that fit a task and come again, `new` of ones that were never seen.
SCRIPT = """
local plain_ids, task_ids = {%(plain)s}, {%(tasked)s}
local plain, tasked, at, fresh, known, new = {}, {}, 0, 0, %(known)d, %(new)d
local proofs = {%(proofs)s}
local function post(app_id, guid, version, proof)
  return wrk.format("POST", "/runtime/v1/update",
    {["Content-Type"] = "application/json", ["Authorization"] = "%(authorization)s", ["Installation-Proof"] = proof},
    '{"app_id":"' .. app_id .. '","guid":"0302' .. guid .. '","platform":"android","os_version":"14",' ..
    '"app_version":"8.0.50","network":"wifi","local_version":"1.' .. version .. '.0"}')
end
function init(args)
  fresh = tonumber(args[1])
  for n = 0, 4999 do
    local guid = string.format("%%028d", n)
    plain[n] = post(plain_ids[n %% #plain_ids + 1], guid, n %% 3, proofs[n + 1])
    tasked[n] = post(task_ids[n %% #task_ids + 1], guid, n %% 3, proofs[n + 1])
  end
end
function request()
  at = at + 1
  local turn = at * 37 %% 1000
  if turn < new then
    fresh = fresh + 1
    return post(task_ids[fresh %% #task_ids + 1], string.format("%%028d", fresh), 0)
  elseif turn < new + known then
    return tasked[at %% 5000]
  end
  return plain[at %% 5000]
end
"""
_fresh = count(1)  # each load gets a million GUIDs of its own


@dataclass
class Site:
    """A database with programs, and how to ask for them."""

    environment: dict[str, str]
    catalogue: dict[str, Any]
    folder: Path

    def script(self, *, tasked: list[str] | None = None, known: int = 99, new: int = 1, proved: bool = False) -> Path:
        """Write a load of requests; `tasked` are the App IDs of the programs with tasks, by default all of them.

        `proved` devices show an installation proof, but new ones.
        """
        facts = {"authorization": self.authorization, "known": known, "new": new}
        facts |= {"plain": _ids(self.catalogue["plain"]), "tasked": _ids(tasked or self.catalogue["tasked"])}
        facts["proofs"] = _ids(self.catalogue["proofs"] if proved else [])
        file = self.folder / f"{secrets.token_hex(4)}.lua"
        file.write_text(SCRIPT % facts)
        return file

    @property
    def authorization(self) -> str:
        """The header."""
        credentials = f"{self.catalogue['application_id']}:{self.catalogue['key']}"
        return f"Basic {base64.b64encode(credentials.encode()).decode()}"


Loads = dict[str, Callable[[int], float]]


def run() -> list[Result]:
    """Measure and compare; raises RuntimeError without `wrk`, or when a server answers with errors."""
    if shutil.which("wrk") is None:
        raise RuntimeError("The load generator is missing: apt-get install wrk")
    with throwaway.services(durable=True), contextlib.ExitStack() as stack:
        many = stack.enter_context(_site(PROGRAMS))
        return [*_mixed(many), *_first_claims(many), _programs(many), _proofs(), _lists()]


def _mixed(site: Site) -> list[Result]:
    """Everyone together, one thread for Python in each process."""
    ours = f"update check, {PROGRAMS:,} programs"
    with contextlib.ExitStack() as stack:
        ports = {
            name: stack.enter_context(granian(options, env=site.environment))
            for name, options in ((ours, CONSOLE), ("bare Django view", DJANGO), ("bare WSGI hello", HELLO))
        }
        first = _first_answer(ports[ours], site)
        script = site.script()
        rates = _rounds({name: _load(port, script) for name, port in ports.items()})
    return [
        _compared(rates, ours, "bare Django view", "at least 2.6 times"),
        _compared(rates, ours, "bare WSGI hello", "at least 0.55 times"),
        Result("update check, first answer after start", first, "s", "limit", 2.0, first / 2.0, "below 2 s"),
    ]


def _first_claims(site: Site) -> list[Result]:
    """Only devices that are new, each of which gets a place that is committed before the answer."""
    ours = f"update check, first claims only, {THREADS} threads"
    reference = f"bare Django view, {THREADS} threads"
    with contextlib.ExitStack() as stack:
        ports = {
            name: stack.enter_context(granian(options, env=site.environment, threads=THREADS))
            for name, options in ((ours, CONSOLE), (reference, DJANGO))
        }
        _first_answer(ports[ours], site)
        script = site.script(known=0, new=1000)
        rates = _rounds({name: _load(port, script) for name, port in ports.items()})
    return [_compared(rates, ours, reference, "at least 0.6 times")]


def _programs(many: Site) -> Result:
    """The same requests where there are few programs, and one of them with tasks."""
    ours, reference = f"update check, {PROGRAMS:,} programs", f"the same with {FEW} programs"
    with contextlib.ExitStack() as stack:
        few = stack.enter_context(_site(FEW))
        loads = {}
        for name, site in ((ours, many), (reference, few)):
            port = stack.enter_context(granian(CONSOLE, env=site.environment))
            _first_answer(port, site)
            loads[name] = _load(port, site.script())
        return _compared(_rounds(loads), ours, reference, "at least 0.9 times")


def _proofs() -> Result:
    """The same requests, none of a new device, to applications that require an installation proof for places."""
    ours, reference = "update check, installation proof required", "the same without proofs"
    with contextlib.ExitStack() as stack:
        loads = {}
        for name, proved in ((ours, True), (reference, False)):
            site = stack.enter_context(_site(FEW, proved=proved))
            port = stack.enter_context(granian(CONSOLE, env=site.environment))
            _first_answer(port, site)
            loads[name] = _load(port, site.script(known=100, new=0, proved=proved))
        return _compared(_rounds(loads), ours, reference, "at least 0.85 times")


def _lists() -> Result:
    """A task with a long list of GUIDs against one with a shorter list; half of the devices that ask are on it."""
    short, long = (f"update check, a list of {length:,} GUIDs" for length in LISTS)
    with contextlib.ExitStack() as stack:
        site = stack.enter_context(_site(FEW, *LISTS))
        port = stack.enter_context(granian(CONSOLE, env=site.environment))
        _first_answer(port, site)
        listed = dict(zip((short, long), site.catalogue["listed"], strict=True))
        rates = _rounds(
            {name: _load(port, site.script(tasked=[one], known=100, new=0)) for name, one in listed.items()}
        )
    return _compared(rates, long, short.removeprefix("update check, "), "at least 0.9 times", measured=short)


def _rounds(loads: Loads) -> dict[str, list[float]]:
    """Return requests per second, by name and round; the first round, which warms up, does not count."""
    for load in loads.values():
        load(2)
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, load in loads.items():
            rates[name].append(load(SECONDS))
    return rates


def _compared(
    rates: dict[str, list[float]], ours: str, reference: str, aim: str, *, measured: str | None = None
) -> Result:
    """The ratio is the median of the rounds' ratios."""
    values, references = rates[ours], rates[measured or reference]
    return Result(
        name=ours,
        value=statistics.median(values),
        unit="requests/s",
        reference=reference,
        reference_value=statistics.median(references),
        ratio=statistics.median(value / other for value, other in zip(values, references, strict=True)),
        aim=aim,
    )


@contextlib.contextmanager
def _site(programs: int, *lists: int, proved: bool = False) -> Iterator[Site]:
    """Fill a database of our own; yield it with its programs."""
    with stand.database() as environment:
        environment |= {
            # Counted all the same.
            "DEVICE_RATE_LIMIT": "100000/second",
            "UNPROVEN_PLACES_PER_ADDRESS": "1000000/second",
            "UNPROVEN_PLACES_PER_APPLICATION": "1000000/second",
            "BENCH_PROVED": "1" if proved else "",
            "OBJECT_LIST_CACHE": environment["BENCH_FOLDER"],
        }
        fill = [sys.executable, "-m", "tests.bench.catalogue", str(programs), *map(str, lists)]
        catalogue = json.loads(subprocess.check_output(fill, env=environment))
        yield Site(environment, catalogue, Path(environment["BENCH_FOLDER"]))


def _ids(app_ids: list[str]) -> str:
    return ",".join(f'"{app_id}"' for app_id in app_ids)


def _first_answer(port: int, site: Site) -> float:
    """Return the seconds that the first request of a process waits, which reads the whole snapshot."""
    body = {"app_id": site.catalogue["plain"][0], "guid": f"0302{1:028}", "platform": "android", "os_version": "14"}
    body |= {"app_version": "8.0.50", "network": "wifi"}
    headers = {"Content-Type": "application/json", "Authorization": site.authorization}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/runtime/v1/update", json.dumps(body).encode(), headers)
    began = time.perf_counter()
    while (answer := _answer(request)) is None:
        if time.perf_counter() > began + 120:
            raise RuntimeError("the update check does not answer")
    if answer["status"] != "update":
        raise RuntimeError(f"unexpected answer {answer}")
    return time.perf_counter() - began


def _answer(request: urllib.request.Request) -> dict[str, Any] | None:
    """Return the answer; None when it takes so long to read everything that the device is asked to come again."""
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
            return answer
    except urllib.error.HTTPError as error:
        if error.code != 503:
            raise
        return None


def _load(port: int, script: Path) -> Callable[[int], float]:
    """Return a function that returns requests per second over 32 connections, measured for some seconds."""

    def load(seconds: int) -> float:
        command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        command += ["--", str(next(_fresh) * 1_000_000)]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
        if rate is None or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError(output)
        return float(rate[1])

    return load


if __name__ == "__main__":
    for result in run():
        print(
            f"{result.name}: {result.value:,.2f} {result.unit}; {result.reference} {result.reference_value:,.2f}; "
            f"ratio {result.ratio:.2f} (aim {result.aim})"
        )

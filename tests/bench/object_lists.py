"""Reading a txt of GUIDs into a draft, over HTTP with upload and report, against `bulk_create` of the same lines as
rows (number, list, value; 10,000 at a time), in the same run, in turns, with commits that wait for the disk. Memory is
what the console's process takes at its highest while it reads, above what it had before. A look-up asks for one GUID in
a list's mapped file of hashes.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import psycopg
from django.conf import settings

from tests.bench import stand
from tests.bench.result import Result

MANY, FEWER = 1_000_000, 100_000
ROUNDS, BATCH = 3, 10_000
MEMORY = 100.0  # MB
LONG, SHORT, LOOK_UPS = 10_000_000, 10_000, 200_000
BOUNDARY = "form-of-the-benchmark"


def run() -> list[Result]:
    """Measure and compare."""
    with stand.database() as environment:
        fill = [sys.executable, "-m", "tests.bench.rows", "10", "100"]
        made = json.loads(subprocess.check_output(fill, env=environment))
        with stand.console(environment) as port:
            console = _Console(environment, port, made)
            console.upload(FEWER)  # The first upload also loads what later ones find loaded.
            rounds = [(console.upload(MANY), _bulk_create(environment, MANY)) for _ in range(ROUNDS)]
            fewer = console.upload(FEWER)
    ours = statistics.median(upload[0] for upload, _rows in rounds)
    theirs = statistics.median(rows for _upload, rows in rounds)
    memory = max(upload[1] for upload, _rows in rounds)
    ratio = statistics.median(rows / upload[0] for upload, rows in rounds)
    return [
        Result(f"read {MANY:,} lines over HTTP", ours, "s", "bulk_create of rows", theirs, ratio, "10 times as fast"),
        *(
            Result(f"memory while {lines:,} lines are read", used, "MB", "limit", MEMORY, used / MEMORY, "below 100 MB")
            for lines, used in ((MANY, memory), (FEWER, fewer[1]))
        ),
        _look_ups(),
    ]


class _Console:
    """The console's server process, and who uploads to it."""

    def __init__(self, environment: stand.Environment, port: int, made: dict[str, Any]) -> None:
        self._database = environment["DATABASE_URL"]
        self._port, self._session = port, made["session"]
        self._path = f"/miniprograms/{made['app_id']}/grayscale/lists/"
        self._seed = 0

    def upload(self, lines: int) -> tuple[float, float]:
        """Upload that many GUIDs; return the seconds until the report is there, and the memory that it took, in MB."""
        self._seed += 1
        body = _form("".join(guids(self._seed, lines)))
        server = max(_children(os.getpid()), key=_memory)
        Path(f"/proc/{server}/clear_refs").write_text("5")  # forget the highest so far
        before, began = _memory(server), time.perf_counter()
        # Another connection each time: an idle one is closed.
        visitor = stand.Visitor(self._port, self._session)
        response = visitor.post(self._path, body, f"multipart/form-data; boundary={BOUNDARY}")
        seconds = time.perf_counter() - began
        with psycopg.connect(self._database) as connection:
            row = connection.execute("SELECT count FROM grayscale_objectlist ORDER BY id DESC LIMIT 1").fetchone()
        if response.status != 200 or row != (lines,):
            raise RuntimeError(f"the upload was answered {response.status}, and {row} values were read")
        return seconds, _memory(server, "VmHWM") - before


def guids(seed: int, count: int) -> Iterator[str]:
    """Yield lines of a txt."""
    chance = random.Random(seed)
    return (f"0302{chance.randrange(10**28):028}\n" for _ in range(count))


def _form(txt: str) -> bytes:
    fields = {"csrfmiddlewaretoken": stand.CSRF_TOKEN, "kind": "guid"}
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="guids.txt"\r\n')
    return "".join([*parts, "Content-Type: text/plain\r\n\r\n", txt, f"\r\n--{BOUNDARY}--\r\n"]).encode()


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    own = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return own + [grandchild for child in own for grandchild in _children(child)]


def _memory(pid: int, which: str = "VmRSS") -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition(f"{which}:")[2].split()[0]) / 1024


def _bulk_create(environment: stand.Environment, lines: int) -> float:
    """Return the seconds that another process needs for the same lines as rows."""
    command = [sys.executable, "-m", "tests.bench.object_lists", str(lines)]
    return float(subprocess.check_output(command, env=environment))


def as_rows(lines: list[str]) -> float:
    """Store the lines as rows of a plain table; return the seconds."""
    from django.db import connection, models

    class Row(models.Model):
        list_id = models.IntegerField()
        value = models.CharField(max_length=128)

        class Meta:
            app_label = "bench"

    with connection.schema_editor() as editor:
        editor.create_model(Row)
    began = time.perf_counter()
    Row._default_manager.bulk_create((Row(list_id=1, value=line.strip()) for line in lines), batch_size=BATCH)
    seconds = time.perf_counter() - began
    with connection.schema_editor() as editor:
        editor.delete_model(Row)
    return seconds


def _look_ups() -> Result:
    """Compare look-ups in a long and a short list, both in files."""
    if not settings.configured:
        settings.configure()
    with tempfile.TemporaryDirectory(prefix="console-bench-") as folder:
        settings.OBJECT_LIST_CACHE = folder
        long, short = _microseconds(1, LONG), _microseconds(2, SHORT)
    return Result(f"a look-up among {LONG:,}", long, "µs", f"among {SHORT:,}", short, long / short, "for information")


def _microseconds(list_id: int, length: int) -> float:
    from grayscale.hashed import cached

    found = cached(list_id, b"k" * 16, lambda: array("Q", range(1, 2**64, 2**64 // length)).tobytes())
    asked = [line.strip() for line in guids(3, LOOK_UPS)]
    began = time.process_time()
    for value in asked:
        value in found  # noqa: B015 - what it costs to ask
    return (time.process_time() - began) / LOOK_UPS * 1e6


if __name__ == "__main__":
    django.setup()
    print(as_rows(list(guids(1, int(sys.argv[1])))))

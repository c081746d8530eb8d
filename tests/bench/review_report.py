"""Writing the review report of packages of 20 MB unpacked, in a worker of its own, against the least that must be done
with the package: its sha256 and inflating each file. Scripts are minified ones of node_modules, each with a few calls
and addresses in it, so that every one is parsed; or so many small ones as a package may have; or made to cost as much
as possible. Memory is the peak of the worker and its parsers together.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import random
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django

from tests.bench import stand
from tests.bench.result import Result

PACKAGES = 10  # main package and subpackages, each below the 2 MB that one may have
FILL = 1_980_000  # bytes in each
SMALL = 480  # files in each of the packages that have many
MINIFIED = Path("node_modules/@tabler/core/dist")
CALLS = (
    "\n;wx.getLocation({{type:'gcj02'}});wx.request({{url:'https://api{0}.example.com/v1'}});"
    "wx.connectSocket({{url:'wss://push.example.com'}});\n"
)
HOSTILE = (b"{a:", b"(a,", b"if )] {", b"a=/", b"`${", b"wx;", b"a=wx,", b"'https://a.example/';", b"a,", b'secret="')
SAMPLE_SECONDS = 0.005
KINDS = {"minified": "minified scripts", "many": "4,800 files", "hostile": "scripts made to be slow"}


# The packages ------------------------------------------------------------------------------------------------------


def package(kind: str) -> bytes:
    """Return a package as it is uploaded."""
    roots = ["", *(f"package{number}/" for number in range(1, PACKAGES))]
    subpackages = [{"root": root, "pages": ["pages/index"]} for root in roots[1:]]
    app = {"pages": ["pages/index"], "subPackages": subpackages}
    files: dict[str, bytes] = {"app.json": json.dumps(app).encode(), "app.js": b"App({})\n"}
    scripts = _minified()
    for number, root in enumerate(roots):
        files |= {f"{root}pages/index.js": b"Page({})\n", f"{root}pages/index.wxml": b"<view>Hi</view>\n"}
        made = {"minified": _large, "many": _small, "hostile": _hostile}[kind](number, scripts)
        files |= {f"{root}scripts/{place}.js": source for place, source in enumerate(made)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _minified() -> Iterator[bytes]:
    """Yield minified scripts, the largest first, for ever."""
    paths = sorted(MINIFIED.rglob("*.min.js"), key=lambda path: (-path.stat().st_size, str(path)))
    if not paths:
        raise RuntimeError("node_modules is empty: make assets")
    return itertools.cycle([path.read_bytes() for path in paths[:15]])


def _large(number: int, scripts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield whole scripts of some 40 to 900 kB."""
    left, calls = FILL, CALLS.format(number).encode()
    for script in itertools.islice(scripts, 30):
        if len(script) + len(calls) <= left:
            left -= len(script) + len(calls)
            yield script + calls


def _small(number: int, _scripts: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pages of some 4 kB."""
    calls = CALLS.format(number).encode()
    method = b"async load%d(e){const{id:t}=e.currentTarget.dataset;this.setData({stop:t,at:Date.now()})},"
    for place in range(SMALL):
        methods = b"".join(method % (place + other) for other in range(FILL // SMALL // len(method) - 4))
        yield b"Page({" + methods + b"data:{}});" + calls


def _hostile(number: int, _scripts: Iterator[bytes]) -> Iterator[bytes]:
    pattern = HOSTILE[number % len(HOSTILE)]
    comment = b"/*" + random.Random(number).randbytes(20_000).hex().encode() + b"*/"  # else it is packed too well
    yield pattern * ((FILL - 50_000) // len(pattern)) + b"\nwx.getLocation()\n" + comment


# In processes of their own -----------------------------------------------------------------------------------------


def _fill(kind: str) -> dict[str, Any]:
    from releases import actions
    from releases.actions.report import request_report
    from tests import factories

    program = factories.make_program()
    application = factories.make_application()
    factories.make_binding(program, application)
    factories.make_api(application)
    file = io.BytesIO(package(kind))
    version = actions.upload(program, file=file, number=(1, 0, 0), notes="", by=program.created_by)
    request_report(version, by=program.created_by)
    return {"path": version.package.file.path}


def _write() -> dict[str, Any]:
    from django.utils import timezone

    import console.celery  # noqa: F401 - as a worker has it
    from releases.models import Report
    from releases.report.writing import write_waiting

    Report.objects.count()
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    write_waiting(at=timezone.now())
    seconds = time.perf_counter() - began
    report = Report.objects.get()
    if report.content is None or [use["use"]["name"] for use in report.content["apis"]] != ["wx.getLocation"]:
        raise RuntimeError("the report was not written")
    return {"seconds": seconds, "unread": len(report.content["unread"])}


# Measuring ---------------------------------------------------------------------------------------------------------


def run() -> list[Result]:
    """Measure and compare."""
    return [result for kind in KINDS for result in _measured(kind)]


def _measured(kind: str) -> list[Result]:
    with stand.database() as environment:
        command = [sys.executable, "-m", "tests.bench.review_report"]
        made = json.loads(subprocess.check_output([*command, "fill", kind], env=environment))
        least = _least(Path(made["path"]))
        with subprocess.Popen(
            [*command, "write"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as worker:
            assert worker.stdin and worker.stdout
            if worker.stdout.readline().strip() != "ready":
                raise RuntimeError("the worker did not start")
            idle = _memory(worker.pid)
            with _peak_of(worker.pid) as peaks:
                worker.stdin.write("\n")
                worker.stdin.flush()
                answer = json.loads(worker.stdout.readline() or "{}")
        if worker.returncode:
            raise RuntimeError("the report was not written")
    seconds, peak = answer["seconds"], max(peaks)
    name = f"report, {KINDS[kind]}" + (f" ({answer['unread']} left to patterns)" if answer["unread"] else "")
    time_aim = "less than 10 s" if kind != "hostile" else "for information"
    reference = "sha256 + inflate"
    return [
        Result(name, seconds, "s", reference, least, seconds / least, time_aim),
        Result(f"memory, {KINDS[kind]}", peak, "MB", "the worker before", idle, peak / idle, "less than 256 MB"),
    ]


def _least(path: Path) -> float:
    began = time.perf_counter()
    hashlib.sha256(path.read_bytes()).digest()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            archive.read(name)
    return time.perf_counter() - began


@contextlib.contextmanager
def _peak_of(pid: int) -> Iterator[list[float]]:
    """Look at the memory of a process and its children again and again."""
    peaks = [0.0]
    done = threading.Event()

    def look() -> None:
        while not done.wait(SAMPLE_SECONDS):
            peaks[0] = max(peaks[0], _memory(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


def _memory(pid: int) -> float:
    """Return the resident MB of a process and its children, as each counts them."""
    total = 0.0
    with contextlib.suppress(OSError):
        total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += _memory(int(child))
    return total


if __name__ == "__main__":
    django.setup()
    json.dump(_fill(sys.argv[2]) if sys.argv[1] == "fill" else _write(), sys.stdout)

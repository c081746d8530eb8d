"""The files of metrics on a disk that is full: a process that needs no disk goes on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector

from tests.disks import disk

# Fills the disk before or after the first numbers are written; then counts more than the first blocks can take.
SCRIPT = """
import contextlib, os, pathlib, sys

def fill(root):
    with contextlib.suppress(OSError), open(root / "filler", "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))

folder = pathlib.Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
folder.mkdir()
if sys.argv[1] == "before":
    fill(folder.parent)
from console.base.core import metrics
metrics.requests.labels("home", "200").inc()
if sys.argv[1] == "after":
    fill(folder.parent)
for number in range(1000):
    metrics.requests.labels(f"route-{number}", "200").inc()
assert metrics.requests.labels("route-999", "200")._value.get() == 1
assert metrics.requests.labels("home", "200")._value.get() == 1
print("still there")
"""


def counted(root: Path, when: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(root / "metrics")}
    command = [sys.executable, "-c", SCRIPT, when]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_full_disk_ends_no_process(when: str) -> None:
    with disk("size=512k,mode=1777") as root:
        ended = counted(root, when)
        list(MultiProcessCollector(CollectorRegistry(), path=str(root / "metrics")).collect())  # for the others' sake
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "still there\n"
    assert "metrics of this process are no longer kept in" in ended.stderr


def test_with_room_the_numbers_are_in_the_folder() -> None:
    with disk("size=4m,mode=1777") as root:
        ended = counted(root, "never")
        (file,) = (root / "metrics").glob("counter_*.db")
        assert b"route-999" in file.read_bytes()
        assert file.stat().st_blocks * 512 >= file.stat().st_size
    assert (ended.returncode, ended.stderr) == (0, "")

"""Where the processes of a role keep their numbers beside each other: a folder for each start, gone with the next."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_FOLDER = re.compile(r"console-metrics-([0-9]+)-([a-z]+)-.*")
_OF_PROCESS = re.compile(r"gauge_live[a-z]*_([0-9]+)\.db")


def folder_for(role: str, *, place: str | None = None) -> Path:
    """Return a new folder for a role that this process starts, or becomes; what dead ones have left is deleted.

    It is in `place`, else where temporary files are.

    In a container each start has the number of the one before it, so its own old folder is nobody's, too. Raises
    OSError where there is no place for temporary files.
    """
    place = place or tempfile.gettempdir()
    for folder, process, its_role in _folders(place):
        if not _lives(process) or (process == os.getpid() and its_role == role):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"console-metrics-{os.getpid()}-{role}-", dir=place))


def forget_dead(folder: Path) -> None:
    """Delete what processes that are gone have said of their present; what they have counted stays."""
    for file in folder.iterdir():
        found = _OF_PROCESS.fullmatch(file.name)
        if found and not _lives(int(found[1])):
            file.unlink(missing_ok=True)


def _folders(place: str) -> Iterator[tuple[Path, int, str]]:
    for folder in Path(place).glob("console-metrics-*"):
        found = _FOLDER.fullmatch(folder.name)
        if found and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
            yield folder, int(found[1]), found[2]


def _lives(process: int) -> bool:
    """Whether there is such a process; one that has ended and that its parent has not noticed yet is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:  # Where there is no such folder at all, all are taken for living.
        return not Path("/proc/self").exists()

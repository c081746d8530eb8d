"""Where no Debian root can be made, these tests are skipped, which is said aloud."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.local.addresses import PROJECT
from console.local.pytest_plugin import NO_DEBIAN
from tests.install.debian import why_not


@pytest.fixture(autouse=True, scope="session")
def possible() -> None:
    """Skip everything where it can't be done."""
    if reason := why_not():
        pytest.skip(f"{NO_DEBIAN}: {reason}")


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """This release's files as they would be packed: what git knows, and what is new and not ignored."""
    folder = tmp_path_factory.mktemp("release")
    git = ["git", "-c", "safe.directory=*", "-C", str(PROJECT), "ls-files", "-z", "--cached", "--others"]
    names = subprocess.run([*git, "--exclude-standard"], capture_output=True, check=True).stdout
    existing = b"\0".join(name for name in names.split(b"\0") if name and (PROJECT / name.decode()).is_file())
    packed = subprocess.run(
        ["tar", "-c", "-C", str(PROJECT), "--null", "-T", "-"], input=existing, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=packed.stdout, check=True)
    yield folder

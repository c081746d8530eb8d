"""deploy/install.sh over the previous release, while devices and people go on through nginx."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.debian import DebianRoot, debian_root
from tests.install.traffic import Traffic, traffic
from tests.install.visiting import HOST, Door
from tests.upgrade import previous

SECONDS = 1200.0
ADDED = Path(__file__).parent / "previous"


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The previous release's files, with the commands that units call."""
    folder = previous.unpack(tmp_path_factory.mktemp("previous") / "release")
    (folder / "node_modules").unlink()
    for name in ("start.py", "migrate.py"):
        shutil.copy(ADDED / name, folder / "console/local/management/commands" / name)
    shutil.copy(ADDED / "served.py", folder / "console/served.py")
    return folder


@pytest.fixture(scope="module")
def root(tree: Path, old: Path) -> Iterator[DebianRoot]:
    """A machine with the previous release and its demo."""
    with debian_root(system=True, ports=[443]) as made:
        made.copy(tree, "/opt/src")
        made.copy(old, "/opt/old")
        settings = made.inside("/etc/console/console.env")
        settings.parent.mkdir()
        # As that release wants it, and as its demo does, which has a gateway on this machine.
        settings.write_text(f"BASE_URL=https://{HOST}\nBEHIND_PROXY=1\nEGRESS_ALLOWED=127.0.0.0/8\n")
        made.run("/opt/src/deploy/install.sh", "--source", "/opt/old", timeout=SECONDS)
        yield made


def test_nobody_notices(root: DebianRoot) -> None:
    printed = root.run("console-manage", "demo", "--json").stdout
    made = json.loads(printed[printed.index("\n{") if printed[0] != "{" else 0 :])
    door = Door(root.ports[443], root.inside("/etc/ssl/console/fullchain.pem"))
    with traffic(door, made) as here:
        wait_for_more(here)
        before = root.run("readlink", "/opt/console/current").stdout
        root.run("/opt/src/deploy/install.sh", timeout=SECONDS)
        assert root.run("readlink", "/opt/console/current").stdout != before
        wait_for_more(here)
        # That release's cookies have other names, so everyone signs in once more; twice while both serve.
        assert all(times <= 2 for times in here.asked.values()), here.asked

        here.asked.clear()
        root.run("/opt/src/deploy/install.sh", timeout=SECONDS)  # this one in its own place
        wait_for_more(here)
        assert not here.asked
        root.run("/opt/src/deploy/install.sh", "--rollback", timeout=SECONDS)
        assert root.run("readlink", "/opt/console/current").stdout == before
        wait_for_more(here)
    print(f"{dict(here.counts)}, asked to sign in: {dict(here.asked)}")
    assert here.failed == []


def wait_for_more(here: Traffic) -> None:
    """Wait until each kind of request was answered a few times more."""
    wanted = {kind: here.counts[kind] + 5 for kind in ("update checks", "reports", "forms")}
    for _second in range(120):
        if all(here.counts[kind] >= number for kind, number in wanted.items()):
            return
        here.stop.wait(1)
    raise AssertionError(f"{here.counts} did not become {wanted}: {here.failed[-3:]}")

"""The empty Debian that installations start from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.install.debian import CommandFailed, debian_root


@pytest.mark.parametrize("system", [False, True], ids=["plain", "systemd"])
def test_a_root_stands_alone_and_leaves_nothing(system: bool) -> None:
    with debian_root(system=system) as root:
        assert "trixie" in root.run("cat", "/etc/os-release").stdout
        assert root.run("cat", "/proc/1/comm").stdout.strip() == ("systemd" if system else "sleep")
        assert root.run("id", "-un", user="nobody", cwd="/").stdout.strip() == "nobody"
        root.run("apt-get", "update", "-q")
        with pytest.raises(CommandFailed, match="ended with 3"):
            root.run("sh", "-c", "exit 3")
        with pytest.raises(subprocess.TimeoutExpired):
            root.run("sleep", "60", timeout=0.2)
        if system:
            root.run("systemctl", "is-active", "dbus.socket")
        path, leader = root.path, root.leader
    assert not path.exists()
    command_line = Path(f"/proc/{leader}/cmdline")
    assert not command_line.exists() or not command_line.read_bytes()  # or it waits for its burial
    assert str(path) not in Path("/proc/mounts").read_text()

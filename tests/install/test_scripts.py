"""Scripts of the shell."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from console.local.addresses import PROJECT

SCRIPTS = (
    *(
        ".ci/run",
        "deploy/install.sh",
        "deploy/compose/nginx.sh",
        "deploy/compose/prepare.sh",
        "deploy/container/console",
    ),
    *("tests/install/namespace.sh", "tests/install/containers.sh", "tests/install/standin.sh"),
)


def test_shellcheck_finds_nothing() -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("There is no shellcheck here.")
    subprocess.run(["shellcheck", *SCRIPTS], cwd=PROJECT, check=True)

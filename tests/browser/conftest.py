"""Playwright on the machine's own Chromium; the plugin skips these tests, aloud, where there is none."""

import os
from typing import Any

import pytest

from console.local.pytest_plugin import chromium

# Playwright's synchronous API runs an event loop in this thread, in which Django would refuse the database.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Start the machine's Chromium; its sandbox cannot be had as root."""
    sandbox = [] if os.getuid() else ["--no-sandbox"]
    return {
        **browser_type_launch_args,
        "executable_path": chromium(),
        "args": [*sandbox, "--disable-dev-shm-usage"],
    }

"""Starts real PostgreSQL and Valkey for a test run, before Django reads its settings; finds a browser.

Loaded by `addopts = "-p console.local.pytest_plugin"`. Under pytest-xdist the controller starts them once and
its workers inherit the URLs. Set DATABASE_URL and REDIS_URL to test against servers of your own.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest

from console.local import throwaway
from console.local.process import LocalServiceError

NO_CHROMIUM = "no Chromium on this machine"
NO_NGINX = "no nginx on this machine"
NO_PREVIOUS_RELEASE = "the previous release is not in this clone"
NO_DEBIAN = "no empty Debian can be made here"
# What may be missing for some tests, and how to get it.
HINTS = {
    NO_CHROMIUM: "On Debian and Ubuntu: apt-get install chromium-headless-shell",
    NO_NGINX: "On Debian and Ubuntu: apt-get install nginx-light",
    NO_PREVIOUS_RELEASE: "In a shallow clone: git fetch --unshallow",
    NO_DEBIAN: "Only root can, where namespaces are allowed. On Debian: apt-get install mmdebstrap passt iproute2",
}

_running = contextlib.ExitStack()


def chromium() -> str | None:
    """Return the machine's Chromium: Debian's, or another one with a known name.

    The one without windows comes first: the same tests cost it 30 % less of a processor.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the services: as a wrapper this runs before pytest-django's own hook loads the settings."""
    options = early_config.known_args_namespace
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    if not (is_worker or options.help or options.version):
        try:
            _running.enter_context(throwaway.services())
        except LocalServiceError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop them when all else has finished."""
    _running.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a browser where there is none."""
    if chromium() is None:
        for item in items:
            if "browser" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.skip(reason=NO_CHROMIUM))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud which tests did not run: a green run must not pass for a whole one."""
    reports = terminalreporter.getreports("skipped")
    for missing, hint in HINTS.items():
        if skipped := [report for report in reports if missing in str(report.longrepr)]:
            terminalreporter.write_sep("!", f"{len(skipped)} tests did NOT run: {missing}", red=True)
            terminalreporter.write_line(hint)

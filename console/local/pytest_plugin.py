"""Starts real PostgreSQL and Valkey for a test run, before Django reads its settings.

Loaded by `addopts = "-p console.local.pytest_plugin"`. Under pytest-xdist the controller starts them once
and its workers inherit the URLs. Set DATABASE_URL and REDIS_URL to test against servers of your own.
"""

import contextlib
from collections.abc import Iterator

import pytest

from console.local import throwaway
from console.local.process import LocalServiceError

_running = contextlib.ExitStack()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Start the services: as a wrapper this runs before pytest-django's own hook loads the settings."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        try:
            _running.enter_context(throwaway.services())
        except LocalServiceError as error:
            raise pytest.UsageError(str(error)) from None
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop them when all else has finished."""
    _running.close()

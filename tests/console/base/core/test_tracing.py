"""Traces that nobody asked for cost nothing (redis imports parts of OpenTelemetry wherever it is);
tests/console/platform/test_followed.py has those that somebody did."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from console.base.core import tracing
from tests.processes import START_SECONDS

LOADED = """
import console.wsgi, sys
from django.conf import settings
print(any(name.startswith("opentelemetry.exporter") for name in sys.modules))
print(any("tracing" in one for one in settings.MIDDLEWARE))
"""


def test_without_an_endpoint_nothing_is_loaded() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings"}
    environment.pop("OTEL_EXPORTER_OTLP_ENDPOINT", None)
    command = [sys.executable, "-c", LOADED]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=START_SECONDS, check=False)
    assert ended.stdout.split() == ["False", "False"], ended.stderr


@pytest.mark.django_db
def test_without_an_endpoint_nothing_is_wrapped() -> None:
    with tracing.span("nothing") as own, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert own is None
    assert tracing.following() == {}
    assert tracing._query not in connection.execute_wrappers


def test_an_endpoint_without_the_packages_is_told_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http", None)
    with pytest.raises(ImproperlyConfigured, match=r"requirements-otel\.txt"):
        tracing.is_on()

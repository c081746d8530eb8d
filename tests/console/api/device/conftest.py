"""Fixtures of the device API's tests."""

from __future__ import annotations

import pytest

from console.api.device import rate
from devmgmt.logs import volume
from devmgmt.logs.volume import Volumes
from miniprograms.models import Binding, MiniProgram
from releases.field import seen
from releases.field.seen import SeenBuffer
from tests.console.api.device.asking import Device, ThroughDispatcher, through_django
from tests.factories import make_application, make_binding, make_online, make_program


@pytest.fixture(autouse=True)
def _fresh_limiter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another test counted."""
    monkeypatch.setattr(rate, "limiter", rate.Limiter("600/minute"))


@pytest.fixture(autouse=True)
def _fresh_buffer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another test noted, and no thread: the dispatcher's way writes after each request."""
    monkeypatch.setattr(seen, "buffer", SeenBuffer(follow=False))


@pytest.fixture(autouse=True)
def _fresh_volumes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another test counted, and no thread: the tests write by themselves."""
    monkeypatch.setattr(volume, "buffer", Volumes(follow=False))


@pytest.fixture(params=["django", "dispatcher"])
def device(request: pytest.FixtureRequest, db: None) -> Device:
    """A device of a new host application; each test runs in both ways."""
    way = through_django if request.param == "django" else ThroughDispatcher()
    return Device(way, make_application())


@pytest.fixture
def binding(device: Device) -> Binding:
    """A program with 1.0.0 online, bound to the device's application."""
    binding = make_binding(make_program(), device.application)
    make_online(binding.mini_program)
    return binding


@pytest.fixture
def program(binding: Binding) -> MiniProgram:
    """The bound program."""
    return binding.mini_program

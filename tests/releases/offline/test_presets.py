"""The answer for a device with a preset, the version that was built into its app (O-3), over the real endpoint."""

import pytest

from miniprograms import actions as programs
from releases import actions as releases
from releases.offline import actions
from tests import factories
from tests.console.api.device.asking import Device, ThroughDispatcher, through_django


@pytest.fixture(params=["django", "dispatcher"])
def device(request, application):
    """A device of the application, asking in each of the two ways."""
    return Device(through_django if request.param == "django" else ThroughDispatcher(), application)


@pytest.fixture
def preset(program, application):
    """1.0.0, downloaded and built into the application."""
    version, file = actions.download(program, application=application, by=program.created_by)
    file.close()
    return version.number


def told(device, program, preset):
    """Return status and version of the first update check after the app was installed."""
    reply = device.update(program.app_id, local_version=preset)
    assert reply.status == 200
    return reply.json["status"], reply.json["version"]


def test_a_preset_that_is_online_is_current(device, program, preset):
    assert told(device, program, preset) == ("current", "1.0.0")


def test_after_a_publish_the_online_version_is_fetched(device, program, preset):
    version = factories.make_online(program, "1.1.0")
    assert told(device, program, preset) == ("update", "1.1.0")
    reply = device.update(program.app_id, local_version=preset)
    assert reply.json["package"]["sha256"] == version.package.sha256


def test_after_a_roll_back_the_higher_preset_is_replaced(device, program, application):
    factories.make_online(program, "1.1.0")
    program.refresh_from_db()
    version, file = actions.download(program, application=application, by=program.created_by)
    file.close()
    releases.roll_back(program.versions.numbered("1.0.0").get(), by=program.created_by)
    assert told(device, program, version.number) == ("update", "1.0.0")


def test_off_the_shelf_the_preset_must_not_open_and_later_it_may(device, program, preset):
    programs.take_off_shelf(program, by=program.created_by, reason="Test")
    assert told(device, program, preset) == ("removed", None)
    programs.put_on_shelf(program, by=program.created_by)
    assert told(device, program, preset) == ("current", "1.0.0")


def test_unbound_the_preset_must_not_open(device, program, preset):
    programs.unbind(program.bindings.get(), by=program.created_by)
    assert told(device, program, preset) == ("removed", None)


def test_the_page_says_the_same(device, program, application, preset, signed_in, developer):
    factories.make_online(program, "1.1.0")
    _status, version = told(device, program, preset)
    page = signed_in(developer).get(f"/miniprograms/{program.app_id}/offline/").content.decode()
    words = f"Devices with this preset fetch {version} when they first start online."
    assert words in " ".join(page.split())

"""`mpc verify` against the console's signatures, and beside the reference client (A-3, R-8)."""

from __future__ import annotations

import json

import pytest

from console.api.device.client import Client
from console.base.hosts.actions.sealed import add_signing_key
from releases.offline.presenters import signatures_of
from releases.reading import opened
from tests import factories
from tests.cli.conftest import Mpc
from tests.console.api.device.test_client import exported

pytestmark = pytest.mark.django_db


@pytest.fixture
def offline(tmp_path):
    """An offline package as a developer of a host app has it: the file, what is told of it, and the configuration."""
    binding = factories.make_binding(factories.make_program())
    application, program = binding.application, binding.mini_program
    version = factories.make_online(program)
    add_signing_key(application, by=program.created_by)
    [signed] = signatures_of(version, [application])
    file = tmp_path / f"{program.app_id}_{version.number}.apkg"
    file.write_bytes(b"".join(opened(version.package)))
    named = {"application_id": application.application_id, "name": application.name}
    signatures = [{"application": named, "signature": signed.value}]
    told = {"app_id": program.app_id, "version": version.number, "signatures": signatures}
    file.with_name(f"{file.name}.json").write_text(json.dumps(told))
    return file, told, exported(tmp_path, application)


def test_says_who_signed_a_package_and_refuses_another(offline, tmp_path, environment):
    file, told, configuration = offline
    mpc = Mpc(tmp_path, environment)
    checked = ("verify", str(file), "--configuration", str(configuration))
    good = mpc.done(*checked, "--json").json
    assert (good["version"], good["app_id"]) == (told["version"], told["app_id"])
    Client.configured(configuration).verify_file(
        told["app_id"], told["version"], file, told["signatures"][0]["signature"]
    )

    assert mpc(*checked, "--uv", "9.9.9").code == 1
    assert mpc(*checked, "--signature", "other:AAAA").code == 1
    file.write_bytes(file.read_bytes() + b"x")
    changed = mpc(*checked)
    assert (changed.code, "does not match" in changed.err) == (1, True)
    assert mpc("verify", str(file), "--configuration", str(file)).code == 2
    assert mpc("verify", str(tmp_path / "gone"), "--configuration", str(configuration)).code == 2

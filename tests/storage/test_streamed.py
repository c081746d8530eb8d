"""Packages from a bucket through a server of the console, as devices get them by default (R-2)."""

from __future__ import annotations

import pytest
import requests
from django.conf import settings

from releases.models import Package
from tests import factories, faulty_server, stored
from tests.console.api.device.asking import UPDATE, authorization, question
from tests.console.api.device.serving import up_to_date
from tests.console.platform.servers import serve
from tests.nginx import ENVIRONMENT, HOST
from tests.object_storage import storage_url

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not settings.STORAGE_URL, reason="make test-storage"),
]


def test_a_download_that_breaks_off_is_not_taken_for_whole(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bucket breaks off again and again: the device sees it, and gets update checks and, later, the package."""
    with faulty_server.before(server) as network:
        url = storage_url(network.address, "streamed")
        stored.use(monkeypatch, url)
        program = factories.make_binding(factories.make_program()).mini_program
        factories.make_online(program)
        package, application = Package.objects.get(), program.bindings.get().application
        with package.file.open("rb") as file:
            content = file.read()
        with serve("runtime", {**ENVIRONMENT, "STORAGE_URL": url, "PACKAGE_ACCEL_PREFIX": ""}) as runtime:
            address = up_to_date(f"http://127.0.0.1:{runtime.port}")
            headers = {"Authorization": authorization(application), "Host": HOST}
            there = f"{address}/runtime/v1/packages/{package.sha256}.apkg"
            whole = requests.get(there, headers=headers, timeout=20)
            assert (whole.status_code, whole.content) == (200, content)
            assert requests.get(there, headers={**headers, "Range": "bytes=5-9"}, timeout=20).content == content[5:10]

            network.cut_after = 700  # headers, and less than half of the package
            network.fail("cuts answers")
            with pytest.raises(requests.RequestException):
                requests.get(there, headers=headers, timeout=20)
            asked = requests.post(address + UPDATE, json=question(program.app_id), headers=headers, timeout=20)
            assert (asked.status_code, asked.json()["status"]) == (200, "update")
            network.fail("passes")
            assert requests.get(there, headers=headers, timeout=20).content == content

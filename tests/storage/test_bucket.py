"""Pages, devices and commands with packages and icons in a bucket, and while nobody answers there."""

from __future__ import annotations

from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from console.base.core import files
from console.base.core.files import storage_faults
from console.base.core.images import encode_icon
from console.platform.services import _storage
from miniprograms.models import MiniProgram
from releases.models import FileTurn, Package, Version, package_storage
from tests import factories, stored
from tests.console.api.device.asking import Device, through_django
from tests.faulty_server import Faulty
from tests.stored import folders_only

pytestmark = pytest.mark.django_db
AWAY = "Nothing was saved: the storage isn’t responding. Try again in a minute, or contact an operator."


@pytest.fixture
def device(in_bucket: str) -> Device:
    """A device of an application to which a program with 1.0.0 online is bound."""
    binding = factories.make_binding(factories.make_program())
    factories.make_online(binding.mini_program)
    return Device(through_django, binding.application)


@pytest.fixture
def package(device: Device) -> Package:
    return Package.objects.get()


def test_away_uploads_are_refused_beside_their_field(in_bucket, network: Faulty, signed_in) -> None:
    """Nothing is stored, and as soon as the bucket answers the same upload succeeds."""
    program = factories.make_program()
    client, url = signed_in(program.created_by), reverse("releases:upload", args=[program.app_id])

    def upload():
        return client.post(url, {"file": factories.make_zip(), "number": "1.0.0", "notes": "Typed already"})

    network.fail("refuses")
    refused = upload()
    assert (refused.status_code, refused.context["form"].errors) == (422, {"file": [AWAY]})
    assert "Typed already" in refused.content.decode()
    assert [kind.objects.count() for kind in (Version, Package, FileTurn)] == [0, 0, 0]
    network.fail("passes")
    package_storage()._away_until = 0.0
    assert upload().status_code == 302
    assert stored.names() == {Package.objects.get().file.name}


def test_away_icons_are_refused_too_and_pages_go_on(in_bucket, network: Faulty, signed_in) -> None:
    program = factories.make_program(icon=encode_icon(factories.make_icon()))
    edit = reverse("miniprograms:edit", args=[program.app_id])
    client = signed_in(program.created_by)
    icon = program.icon.url
    assert (client.get(icon).status_code, urlsplit(icon).netloc) == (200, "")
    network.fail("refuses")
    typed = {"name": "New", "category": program.category_id, "introduction": "Kept", "revision": program.revision}
    refused = client.post(edit, {**typed, "icon": factories.make_icon()})
    assert (refused.status_code, refused.context["form"].errors) == (422, {"icon": [AWAY]})
    missing = client.get(icon)
    assert (missing.status_code, missing.headers["Retry-After"]) == (503, "5")
    assert client.get(reverse("miniprograms:detail", args=[program.app_id])).status_code == 200
    assert MiniProgram.objects.get().name == program.name


@pytest.mark.parametrize("way", ["refuses", "is overloaded"])
def test_away_devices_are_told_to_come_back(device: Device, package: Package, network: Faulty, way, settings) -> None:
    network.fail(way)
    for method in ("GET", "HEAD"):
        reply = device.package(package.sha256, method)
        assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
    assert device.package(package.sha256, HTTP_IF_NONE_MATCH=f'"{package.sha256}"').status == 304
    assert device.update(MiniProgram.objects.get().app_id).status == 200


def test_a_redirect_holds_nothing_of_the_device(device: Device, package: Package, settings: Settings) -> None:
    """R-2 by a signed address: for a while, for the file alone, without key and trial token."""
    settings.PACKAGE_REDIRECT_SECONDS = 90
    program = MiniProgram.objects.get()
    trial = factories.make_trial(factories.make_version(program, "0.9.0"))
    sha256 = trial.version.package.sha256
    reply = device.ask("GET", f"/runtime/v1/packages/{sha256}.apkg?trial_token={trial.token}")
    assert (reply.status, reply.body) == (307, b"")
    assert (reply.headers["Cache-Control"], reply.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    location = reply.headers["Location"]
    assert (trial.token in location, parse_qs(urlsplit(location).query)["X-Amz-Expires"]) == (False, ["90"])
    found = requests.get(location, headers={"Range": "bytes=0-9"}, timeout=10)
    with trial.version.package.file.open("rb") as file:
        assert (found.status_code, found.content) == (206, file.read(10))
    assert found.headers["Content-Type"] == "application/octet-stream"
    assert device.ask("GET", f"/runtime/v1/packages/{sha256}.apkg").status == 404
    head = device.package(package.sha256, "HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(package.size))


def test_nginx_is_told_what_to_fetch(device: Device, package: Package, settings: Settings) -> None:
    settings.PACKAGE_ACCEL_PREFIX = "/object-storage/"
    reply = device.package(package.sha256, HTTP_RANGE="bytes=2-5")
    path, _, query = reply.headers["X-Accel-Redirect"].partition("?")
    assert path.startswith("/object-storage/console-tests/test-") and path.endswith(f"/packages/{package.file.name}")
    assert "X-Amz-Signature" in parse_qs(query)
    assert (reply.status, reply.headers["X-Package-Range"]) == (200, "bytes=2-5")
    for headers in ({}, {"HTTP_RANGE": "bytes=2-5", "HTTP_IF_RANGE": '"other"'}):
        assert "X-Package-Range" not in device.package(package.sha256, **headers).headers
    assert device.package(package.sha256, HTTP_RANGE="bytes=999999999-").status == 416
    assert device.package(package.sha256, "HEAD").headers["Content-Length"] == str(package.size)


def test_what_operators_read_of_it(in_bucket, network: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_answer", files._Answer())
    monkeypatch.setattr(files, "ANSWER_COUNTS", 0)
    monkeypatch.setattr(files, "LONGEST_PROBE", 60)
    assert storage_faults() == []
    network.fail("refuses")
    [fault] = storage_faults()  # one bucket for both
    assert fault.startswith("STORAGE_URL can't be written: no answer (")
    assert "Check STORAGE_URL" in str(_storage(fault).trouble.mend)


def test_a_reviewer_reads_the_code_and_downloads_it(
    device: Device, package: Package, network: Faulty, signed_in
) -> None:
    program = MiniProgram.objects.get()
    developer = factories.make_member(program.team, "developer")
    client, url = signed_in(developer), reverse("offline:download", args=[program.app_id])
    with package.file.open("rb") as file:
        assert b"".join(client.post(url).streaming_content) == file.read()
    network.fail("refuses")
    refused = client.post(url)
    assert (refused.status_code, "be read from storage" in refused.content.decode()) == (422, True)


# Moving there -----------------------------------------------------------------------------------------------------


def copy(*arguments: str) -> tuple[int, list[str]]:
    out = StringIO()
    try:
        call_command("packages", *arguments, stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue().splitlines()
    return 0, out.getvalue().splitlines()


@folders_only
def test_from_folders_to_a_bucket(url: str, tmp_path, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    """Copied while the console works, and again for what came meanwhile; then the bucket is used."""
    stored.move(monkeypatch, "packages", tmp_path / "packages")
    stored.move(monkeypatch, "default", tmp_path / "media")
    program = factories.make_program(icon=encode_icon(factories.make_icon()))
    first = factories.make_version(program, "1.0.0", **{"app.js.map": "{}"}).package
    named = tmp_path / "bucket"
    named.write_text(f"{url}\n")
    assert copy("copy", "--to-file", str(named)) == (0, ["1 packages, 1 × source maps, 1 icons, 0 faulty"])
    second = factories.make_version(program, "1.1.0").package
    first_name, second_name = first.file.name, second.file.name
    package_storage().delete(first_name)  # It is in the bucket: nothing is read for it.
    stored.put(second_name, b"cut")
    assert copy("copy", "--to-file", str(named)) == (
        1,
        [f"{second_name}: 3 bytes instead of {second.size}", "2 packages, 1 × source maps, 1 icons, 1 faulty"],
    )
    with pytest.raises(CommandError, match="Others on this machine see"):
        copy("copy", "--to", url)
    with pytest.raises(CommandError, match="Write --to as s3://"):
        copy("copy", "--to", "folder")
    stored.use(monkeypatch, url)
    assert copy("verify") == (
        1,
        [f"{second_name}: missing", "2 packages, 1 × source maps, 1 faulty; 0 files belong to no package"],
    )
    assert client.get(program.icon.url).status_code == 200
    assert default_storage.exists(program.icon.name)

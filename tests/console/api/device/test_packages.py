"""GET and HEAD /runtime/v1/packages/{sha256}.apkg (R-2)."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from console.api.device import rate
from console.base.hosts.models import ApplicationKey
from miniprograms import actions as programs
from miniprograms.models import Binding
from releases import actions as releases
from releases.models import Package, package_storage
from tests import stored
from tests.console.api.device.asking import Device
from tests.factories import (
    make_application,
    make_approved,
    make_binding,
    make_online,
    make_program,
    make_version,
)
from tests.stored import folders_only


@pytest.fixture
def package(binding: Binding) -> Package:
    """The package that is online."""
    return binding.mini_program.versions.online().get().package


def content(package: Package) -> bytes:
    """The stored bytes."""
    with package.file.open("rb") as file:
        read: bytes = file.read()
    return read


def test_the_whole_package(device: Device, package: Package) -> None:
    reply = device.package(package.sha256)
    assert (reply.status, reply.body) == (200, content(package))
    wanted = {
        "ETag": f'"{package.sha256}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
        "Content-Length": str(package.size),
    }
    assert reply.headers | wanted == reply.headers


def test_head(device: Device, package: Package) -> None:
    whole, head = device.package(package.sha256), device.package(package.sha256, "HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)
    assert device.package(package.sha256, "HEAD", HTTP_RANGE="bytes=0-0").status == 200


def test_ranges(device: Device, package: Package) -> None:
    bytes_, size = content(package), package.size
    for header, start, stop in [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=7-", 7, size),
        ("bytes=-3", size - 3, size),
        (f"bytes=-{size + 5}", 0, size),
        (f"bytes=0-{size + 5}", 0, size),
        ("Bytes=1-1", 1, 2),
    ]:
        reply = device.package(package.sha256, HTTP_RANGE=header)
        assert (reply.status, reply.body) == (206, bytes_[start:stop]), header
        assert reply.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{size}"
        assert reply.headers["Content-Length"] == str(stop - start)


@pytest.mark.parametrize(
    "header", ["", "bytes", "bytes=", "bytes=-", "bytes=x-", "bytes=3-2", "bytes=0-1,3-4", "lines=0-1", "bytes=٣-"]
)
def test_other_ranges_get_everything(device: Device, package: Package, header: str) -> None:
    reply = device.package(package.sha256, HTTP_RANGE=header)
    assert (reply.status, reply.body) == (200, content(package))


@pytest.mark.parametrize("header", ["bytes=999999999-", "bytes=999999999999999999-999999999999999999", "bytes=-0"])
def test_a_range_outside(device: Device, package: Package, header: str) -> None:
    reply = device.package(package.sha256, HTTP_RANGE=header)
    assert (reply.status, reply.json["code"]) == (416, "range_not_satisfiable")
    assert reply.headers["Content-Range"] == f"bytes */{package.size}"


def test_if_range(device: Device, package: Package) -> None:
    statuses = [
        device.package(package.sha256, HTTP_RANGE="bytes=0-3", HTTP_IF_RANGE=validator).status
        for validator in (f'"{package.sha256}"', '"other"', f'W/"{package.sha256}"', "Tue, 24 Nov 2026 08:00:00 GMT")
    ]
    assert statuses == [206, 200, 200, 200]


def test_if_none_match(device: Device, package: Package) -> None:
    for header in (f'"{package.sha256}"', f'"a", W/"{package.sha256}"', "*"):
        reply = device.package(package.sha256, HTTP_IF_NONE_MATCH=header)
        assert (reply.status, reply.body) == (304, b"")
    assert device.package(package.sha256, HTTP_IF_NONE_MATCH='"other"').status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods(device: Device, package: Package, method: str) -> None:
    reply = device.package(package.sha256, method)
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, HEAD")


def test_no_wrong_and_revoked_key(device: Device, package: Package) -> None:
    for method in ("GET", "HEAD"):
        assert device.package(package.sha256, method, HTTP_AUTHORIZATION=None).status == 401
        assert device.package(package.sha256, method, HTTP_AUTHORIZATION="Basic eDp5").status == 401
    ApplicationKey.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert device.package(package.sha256).status == 401


def test_what_is_not_served_is_not_there(device: Device, package: Package) -> None:
    unknown = device.package("0" * 64)
    assert (unknown.status, unknown.json["code"]) == (404, "not_found")
    other = Device(device.way, make_application())
    waiting = make_binding(make_program(), device.application, state="waiting")
    hidden = [make_online(waiting.mini_program), make_version(make_program()), make_online(make_program())]
    for sha256 in [version.package.sha256 for version in hidden]:
        reply = device.package(sha256)
        assert (reply.status, reply.headers, reply.body) == (404, unknown.headers, unknown.body)
    assert other.package(package.sha256).body == unknown.body


def test_off_the_shelf_unbound_and_overtaken(device: Device, binding: Binding, package: Package) -> None:
    program, by = binding.mini_program, binding.mini_program.created_by
    programs.take_off_shelf(program, by=by, reason="")
    assert device.package(package.sha256).status == 404
    programs.put_on_shelf(program, by=by)
    assert device.package(package.sha256).status == 200
    second = make_approved(program, "1.1.0")
    assert device.package(second.package.sha256).status == 404
    releases.publish(second, by=by)
    assert [device.package(sha256).status for sha256 in (package.sha256, second.package.sha256)] == [404, 200]
    programs.unbind(binding, by=by)
    assert device.package(second.package.sha256).status == 404


def test_two_programs_with_one_package(device: Device, binding: Binding, package: Package) -> None:
    twin = make_binding(make_program(), device.application)
    version = make_online(twin.mini_program)
    type(version).objects.filter(pk=version.pk).update(package=package)
    programs.unbind(binding, by=binding.mini_program.created_by)
    assert device.package(package.sha256).status == 200
    programs.take_off_shelf(twin.mini_program, by=twin.mini_program.created_by, reason="")
    assert device.package(package.sha256).status == 404


@pytest.mark.parametrize("name", ["", "x.apkg", "a" * 64, f"{'A' * 64}.apkg", f"{'a' * 64}.apkg\n", "a/b.apkg"])
def test_other_names(device: Device, name: str) -> None:
    assert device.ask("GET", f"/runtime/v1/packages/{name}").status == 404


@folders_only
def test_nginx_sends_what_python_allowed(device: Device, package: Package, settings: Settings) -> None:
    settings.PACKAGE_ACCEL_PREFIX = "/packages/"
    reply = device.package(package.sha256, HTTP_RANGE="bytes=0-1")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["X-Accel-Redirect"] == f"/packages/{package.sha256[:2]}/{package.sha256}.apkg"
    assert "X-Accel-Redirect" not in device.package("0" * 64).headers
    assert device.package(package.sha256, HTTP_RANGE="bytes=999999999-").json["code"] == "range_not_satisfiable"
    head = device.package(package.sha256, "HEAD").headers
    assert (head["ETag"], head["Content-Length"]) == (f'"{package.sha256}"', str(package.size))


@pytest.mark.parametrize("prefix", ["", "/packages/"])
@pytest.mark.parametrize("fault", ["lost", "cut", pytest.param("no file", marks=folders_only)])
def test_a_file_that_is_not_whole(
    device: Device, package: Package, fault: str, prefix: str, settings: Settings
) -> None:
    """Also where nginx sends it, which would answer 404, or half of it."""
    settings.PACKAGE_ACCEL_PREFIX = prefix
    name = package.file.name
    if fault == "cut":
        stored.put(name, content(package)[:-1])
    else:
        package_storage().delete(name)
    if fault == "no file":
        Path(package_storage().path(name)).mkdir()
    try:
        for method in ("GET", "HEAD"):
            reply = device.package(package.sha256, method)
            assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
            assert "X-Accel-Redirect" not in reply.headers
        assert device.package(package.sha256).json["code"] == "package_missing"
    finally:
        if fault == "no file":
            Path(package_storage().path(name)).rmdir()


def test_who_has_the_package_needs_no_file(device: Device, package: Package) -> None:
    package.file.delete(save=False)
    assert device.package(package.sha256, HTTP_IF_NONE_MATCH=f'"{package.sha256}"').status == 304


def test_too_many_downloads_from_one_address(device: Device, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate, "limiter", rate.Limiter("2/hour"))
    assert [device.package(package.sha256).status for _ in range(3)] == [200, 200, 429]
    assert device.package(package.sha256, REMOTE_ADDR="192.0.2.1").status == 200

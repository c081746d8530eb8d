"""`manage.py device`: the reference client."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.utils import timezone

from console.base.hosts.actions import export_configuration
from console.base.hosts.models import HostApplication
from devmgmt.logs.criteria import Criteria
from devmgmt.logs.store import log_store
from miniprograms import actions as programs
from releases.field.models import UpdateReport
from tests.console.api.device.serving import Served
from tests.factories import (
    make_api,
    make_binding,
    make_domain,
    make_exemption,
    make_online,
    make_program,
    make_server_secret,
)
from tests.processes import START_SECONDS

CONTENT = b"package" * 40_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
APP_ID = "mp00000000000000"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
KEYS = [{"key_id": "k1", "public_key": base64.b64encode(KEY.public_key().public_bytes_raw()).decode()}]


def signature(version: str = "1.0.0", app_id: str = APP_ID, sha256: str = SHA256, size: int = len(CONTENT)) -> str:
    """What the stand-in's key says of a package."""
    content = f"mini-program-package-v1\n{app_id}\n{version}\n{sha256}\n{size}\n".encode()
    return f"k1:{base64.b64encode(KEY.sign(content)).decode()}"


class Server(ThreadingHTTPServer):
    """Answers with `answer`, sends `content` in pieces of at most `piece` bytes and then hangs up."""

    daemon_threads = True
    answer: dict[str, Any]
    content = CONTENT
    piece = len(CONTENT)
    ranges: list[str | None]
    told: list[set[str]]


class Handler(BaseHTTPRequestHandler):
    """Speaks just enough of the protocol."""

    server: Server

    def do_POST(self) -> None:
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/packages")
            self.end_headers()
            return
        if self.path == "/signed":
            self.send_response(307)
            self.send_header("Location", f"http://{self.headers['Host']}/bucket?X-Amz-Signature=s")
            self.end_headers()
            return
        if self.path.startswith("/bucket"):
            self.server.told.append({name.lower() for name in self.headers} - {"host", "accept-encoding", "connection"})
        header = self.headers["Range"]
        self.server.ranges.append(header)
        start = int(header.removeprefix("bytes=").removesuffix("-")) if header else 0
        self.send_response(206 if header else 200)
        self.send_header("Content-Length", str(len(self.server.content) - start))
        self.end_headers()
        self.wfile.write(self.server.content[start : start + self.server.piece])

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def console() -> Iterator[Server]:
    """A stand-in whose connections break as we like."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.ranges, running.told = [], []
        package = {"url": "/packages", "sha256": SHA256, "size": len(CONTENT), "signature": signature()}
        running.answer = {"status": "update", "version": "1.0.0", "channel": "online", "package": package}
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        yield running
        running.shutdown()


def device(configuration: Path, *options: str, app_id: str = APP_ID, action: str = "update") -> str:
    """Run the command; returns what it printed. It asks again, as a device does, while a server can't answer (503)."""
    return command(action, "--configuration", str(configuration), "--app-id", app_id, *options)


def command(*given: str) -> str:
    """Run it; returns what it printed."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        out = StringIO()
        try:
            call_command("device", *given, stdout=out)
        except CommandError as error:
            if not str(error).startswith("503: ") or time.monotonic() > deadline:
                raise
        else:
            return out.getvalue()


def configuration(folder: Path, base_url: str, application_id: str = "ha1", key: str = "k", **more: Any) -> Path:
    """Write a configuration file as the console offers it."""
    file = folder / "configuration.json"
    content = {"base_url": base_url, "application_id": application_id, "key": key, "signing_keys": KEYS, **more}
    file.write_text(json.dumps(content))
    return file


def exported(folder: Path, application: HostApplication) -> Path:
    """Write the configuration file that the console offers."""
    key = application.keys.get()
    file = folder / "configuration.json"
    file.write_text(json.dumps(export_configuration(key, by=key.created_by)))
    return file


@pytest.fixture
def told(console: Server, tmp_path: Path) -> Path:
    """The configuration file for the stand-in."""
    return configuration(tmp_path, f"http://127.0.0.1:{console.server_port}")


def test_against_the_real_console(served: Served, tmp_path: Path) -> None:
    binding = make_binding(make_program())
    version = make_online(binding.mini_program)
    app_id, application = binding.mini_program.app_id, binding.application
    file = exported(tmp_path, application)
    address = served()
    options = ("--url", address, "--download", str(tmp_path / "out"), "--json")
    answer = json.loads(device(file, *options, app_id=app_id))
    saved = tmp_path / "out" / f"{app_id}_1.0.0.apkg"
    assert (answer["status"], answer["file"]) == ("update", str(saved))
    assert hashlib.sha256(saved.read_bytes()).hexdigest() == version.package.sha256
    assert list(saved.parent.iterdir()) == [saved]
    assert device(file, "--url", address, "--local-version", "1.0.0", app_id=app_id) == "current 1.0.0\n"
    with pytest.raises(CommandError) as error:
        device(file, "--url", address)
    assert error.value.returncode == 4
    with pytest.raises(CommandError, match=r"422: .*guid"):
        device(file, "--url", address, "--platform", "ios", "--guid", f"0302{0:028}")
    programs.take_off_shelf(binding.mini_program, by=binding.mini_program.created_by, reason="")
    served()
    with pytest.raises(CommandError, match="removed") as error:
        device(file, "--url", address, app_id=app_id)
    assert error.value.returncode == 3


def test_a_report(served: Served, tmp_path: Path) -> None:
    binding = make_binding(make_program())
    version = make_online(binding.mini_program)
    address = served()
    key = binding.application.keys.get().key
    file = configuration(tmp_path, address, binding.application.application_id, key)
    told: list[str] = ["--version-number", "1.0.0"]
    app_id = binding.mini_program.app_id
    assert device(file, *told, "--failed", "disk full", app_id=app_id, action="report") == "reported\n"
    row = UpdateReport.objects.get(version=version)
    assert (row.result, row.failures, row.reason) == ("failed", 1, "disk full")
    assert device(file, *told, app_id=app_id, action="report") == "reported\n"
    row.refresh_from_db()
    assert (row.result, row.failures, row.reason) == ("installed", 1, "")
    with pytest.raises(CommandError, match=r"422: .*version"):
        device(file, "--version-number", "9.0.0", app_id=app_id, action="report")
    with pytest.raises(CommandError, match="404: "):
        device(file, *told, action="report")


def test_the_policy(served: Served, tmp_path: Path) -> None:
    binding = make_binding(make_program())
    program, application = binding.mini_program, binding.application
    make_domain(program, "api.example.com", port=8443)
    make_api(application, "wx.scanCode", restricted=False)
    address = served()
    key = application.keys.get().key
    file = configuration(tmp_path, address, application.application_id, key)
    printed = device(file, app_id=program.app_id, action="policy").splitlines()
    told = dict(line.split(maxsplit=1) for line in printed)
    assert (told["request"], told["socket"]) == ("https://api.example.com:8443", "none")
    assert (told["verification"], told["apis"]) == ("by these lists", "wx.scanCode")
    again = device(file, "--etag", told["ETag"], app_id=program.app_id, action="policy")
    assert again == f"not modified, ETag {told['ETag']}\n"
    make_exemption(program, application)
    now = json.loads(device(file, "--etag", told["ETag"], "--json", app_id=program.app_id, action="policy"))
    assert (now["skip_domain_verification"], now["etag"] == told["ETag"]) == (True, False)
    with pytest.raises(CommandError, match="404: "):
        device(file, action="policy")


def test_a_log_entry(served: Served, tmp_path: Path) -> None:
    binding = make_binding(make_program())
    program = binding.mini_program
    address = served()
    key = binding.application.keys.get().key
    file = configuration(tmp_path, address, binding.application.application_id, key)
    options = ("--level", "error", "--filter-msg", "order-7731", "first", "second")
    assert device(file, *options, app_id=program.app_id, action="log") == "1 kept, 0 cut\n"
    assert device(file, "x" * 6000, app_id=program.app_id, action="log") == "1 kept, 1 cut\n"
    with pytest.raises(CommandError, match="404: "):
        device(file, "lost", action="log")
    now = timezone.now()
    criteria = Criteria(program.pk, now - timedelta(hours=1), now + timedelta(minutes=1))
    cut, entry = log_store().latest(criteria)
    assert (entry.level, entry.message, entry.filter_msg, entry.platform) == (8, "first", "order-7731", "android")
    assert [line[2] for line in json.loads(entry.lines)] == ["first", "second"]
    assert cut.message == "x" * 200


def test_a_download_that_breaks_is_continued(console: Server, told: Path, tmp_path: Path) -> None:
    console.piece = len(CONTENT) // 3
    device(told, "--download", str(tmp_path))
    assert (tmp_path / f"{APP_ID}_1.0.0.apkg").read_bytes() == CONTENT
    assert console.ranges == [None, *(f"bytes={console.piece * n}-" for n in (1, 2, 3))]


def test_a_later_run_goes_on(console: Server, told: Path, tmp_path: Path) -> None:
    console.piece = 1000
    with pytest.raises(CommandError, match="failed 4 times"):
        device(told, "--download", str(tmp_path))
    console.piece = len(CONTENT)
    device(told, "--download", str(tmp_path))
    assert console.ranges[-1] == "bytes=4000-"
    assert (tmp_path / f"{APP_ID}_1.0.0.apkg").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"x"])
def test_another_package_is_not_kept(console: Server, told: Path, tmp_path: Path, content: bytes) -> None:
    console.content, console.piece = content, len(content)
    with pytest.raises(CommandError, match="differs from the one announced"):
        device(told, "--download", str(tmp_path))
    assert list(tmp_path.iterdir()) == [told]


@pytest.mark.parametrize("url", ["https://elsewhere.example/p", "//elsewhere.example/p", "file:///etc/passwd"])
def test_the_key_goes_nowhere_else(console: Server, told: Path, tmp_path: Path, url: str) -> None:
    console.answer["package"]["url"] = url
    with pytest.raises(CommandError, match="the key is not sent anywhere else"):
        device(told, "--download", str(tmp_path))


def test_no_redirect_is_followed(console: Server, told: Path, tmp_path: Path) -> None:
    console.answer["package"]["url"] = "/elsewhere"
    with pytest.raises(CommandError, match="302"):
        device(told, "--download", str(tmp_path))
    assert console.ranges == []


def test_a_signed_address_is_followed_without_the_key(console: Server, told: Path, tmp_path: Path) -> None:
    """And resumed there: a range, under no condition that a storage would not know."""
    console.answer["package"]["url"], console.piece = "/signed", len(CONTENT) - 1
    device(told, "--download", str(tmp_path))
    assert console.ranges == [None, f"bytes={len(CONTENT) - 1}-"]
    assert [headers - {"user-agent"} for headers in console.told] == [set(), {"range"}]


def test_what_can_go_wrong_before(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="could not be reached") as error:
        device(configuration(tmp_path, "http://127.0.0.1:9"))
    assert error.value.returncode == 1
    with pytest.raises(CommandError, match="the key is not sent anywhere else"):
        device(configuration(tmp_path, "ftp://127.0.0.1"))
    named = '"base_url": "http://127.0.0.1:9", "application_id": "ha1", "key": "k", "signing_keys"'
    keys = ('{"k": 1}', '[{"key_id": "k1"}]', '[{"key_id": "k1", "public_key": "AA=="}]', "[7]")
    for content in ("", "[]", "{}", '{"application_id": "ha1"}', *(f"{{{named}: {key}}}" for key in keys)):
        (tmp_path / "wrong.json").write_text(content)
        with pytest.raises(CommandError, match="not a configuration file"):
            device(tmp_path / "wrong.json")
    with pytest.raises(CommandError, match="not a configuration file"):
        device(tmp_path / "missing.json")


def test_a_proof(served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the application's server first, then as the device to which it hands the proof (R-9, R-13)."""
    binding = make_binding(make_program())
    make_online(binding.mini_program)
    monkeypatch.setenv("SERVER_SECRET", make_server_secret(binding.application))
    HostApplication.objects.update(reports_proved_since=timezone.now())
    file = configuration(tmp_path, served(), binding.application.application_id, binding.application.keys.get().key)
    issued = json.loads(command("proof", "--configuration", str(file), "--platform", "ios"))
    assert issued["guid"].startswith("0303")
    report = ("--version-number", "1.0.0", "--platform", "ios", "--guid", issued["guid"])
    app_id = binding.mini_program.app_id
    with pytest.raises(CommandError, match="403: This application requires an installation proof"):
        device(file, *report, app_id=app_id, action="report")
    assert device(file, *report, "--proof", issued["proof"], app_id=app_id, action="report") == "reported\n"
    monkeypatch.setenv("SERVER_SECRET", "whsec_nobodys")
    with pytest.raises(CommandError, match="is not a server secret"):
        command("proof", "--configuration", str(file))

"""`manage.py doctor`: each finding of a part that is really so, and how it is mended."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
from datetime import timedelta
from io import StringIO
from pathlib import Path
from threading import Thread

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from console.local.addresses import PROJECT
from console.local.pytest_plugin import NO_NGINX
from console.platform import configuration as needed_settings
from console.platform import reflection
from console.platform.doctor import configuration, connections, edge, storage, system
from console.platform.doctor.findings import Finding, Level
from console.platform.models import Backup
from tests import factories
from tests.chaos.stubs import GOOD, REFUSING, mail_server
from tests.console.platform.servers import serve
from tests.disks import FAILING, fill, move_packages
from tests.mail_server import mail_server as strict_server
from tests.nginx import ENVIRONMENT, executable, nginx
from tests.processes import START_SECONDS, free_port


def levels(findings) -> list[tuple[str, str]]:
    """Level and first words of each."""
    return [(str(finding.level), finding.words) for finding in findings]


def problems(findings) -> list[Finding]:
    return [finding for finding in findings if finding.level in (Level.ERROR, Level.WARNING)]


# The command --------------------------------------------------------------------------------------------------------


def run(*options: str) -> tuple[int, dict]:
    out = StringIO()
    try:
        call_command("doctor", "--json", *options, stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.fixture(autouse=True)
def no_browser(no_running_loop, monkeypatch):
    """Tests with a browser leave a variable in their process, which no installation has."""
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE", raising=False)


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lacks_nothing_then_one_that_lacks_processes(monkeypatch):
    for name in needed_settings.NEEDED.keys() - os.environ.keys():
        monkeypatch.setenv(name, "given")
    Backup.objects.create(taken_at=timezone.now(), place="here:/backups", size=1)
    with mail_server() as mail, override_settings(**smtp(mail.port)):
        factories.make_signs()
        status, found = run("--role", "worker", "--send-mail", "operator@example.com")
        by_check = {finding["check"] for finding in found["findings"]}
        assert [one for one in found["findings"] if one["level"] == "error"] == []
        assert (status, found["ok"]) == (0, True)
        assert by_check == {"deployment", "names", "system", "broker", "storage", "folders", "mail"}
        assert [mail["To"] for mail in mail.mails] == ["operator@example.com"]
        factories.platform.Heartbeat.objects.filter(part="worker").delete()
        status, found = run("--role", "worker")
    errors = [(one["words"], one["mend"]) for one in found["findings"] if one["level"] == "error"]
    assert status == 1
    assert (
        "No worker is running",
        "Nothing is delivered, mailed or checked until a worker runs. Run: manage.py start worker",
    ) in errors
    assert found["counts"]["error"] == len(errors)


def test_people_read_it_and_a_database_that_is_away_hides_nothing_else(tmp_path):
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "console.settings",
        "DATABASE_URL": f"postgresql://console@127.0.0.1:{free_port()}/console",
        "PACKAGE_ROOT": str(tmp_path / "packages"),
        "MEDIA_ROOT": str(tmp_path / "media"),
        "OBJECT_LIST_CACHE": str(tmp_path / "lists"),
        "LOG_LEVEL": "ERROR",
        "ALOWED_HOSTS": "console.example.com",
    }
    command = [sys.executable, "manage.py", "doctor", "--role", "worker"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 1, done.stderr
    assert "  error        PostgreSQL doesn't answer: connection failed: " in done.stdout
    assert "→ Start it, or correct DATABASE_URL." in done.stdout
    assert "  not checked  Services and processes (sealed): PostgreSQL doesn't answer." in done.stdout
    assert "  ok           The broker takes connections." in done.stdout
    assert "→ Did you mean ALLOWED_HOSTS?" in done.stdout
    assert f"PACKAGE_ROOT ({tmp_path}/packages)" in done.stdout


def test_settings_that_can_not_be_are_a_sentence():
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "console.settings", "DEBUG": "0", "SECRET_KEY": "short"}
    command = [sys.executable, "manage.py", "doctor"]
    done = subprocess.run(
        command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("The console can't start: SECRET_KEY has 5 characters, but needs at least 50.")


def test_an_address_is_an_address():
    with pytest.raises(CommandError, match="is not an e-mail address"):
        call_command("doctor", "--send-mail", "nobody")


# Configuration ------------------------------------------------------------------------------------------------------

GOOD_EDGE = {
    "BASE_URL": "https://console.example.com",
    "ALLOWED_HOSTS": ["console.example.com"],
    "TRUSTED_PROXIES": ("x",),
}


@pytest.mark.parametrize(
    ("changes", "words", "mend"),
    [
        ({"BASE_URL": "http://console.example.com"}, "without https", "https://HOST"),
        ({"BASE_URL": "https://console.example.com/console"}, "more than a host", "=https://console.example.com."),
        ({"ALLOWED_HOSTS": ["other.example.com"]}, "lacks BASE_URL's host", "=other.example.com,console.example.com."),
        ({"ALLOWED_HOSTS": ["*"]}, "allows any host", "=console.example.com."),
        ({"TRUSTED_PROXIES": ()}, "TRUSTED_PROXIES is empty", "127.0.0.1/32"),
    ],
)
def test_addresses_that_do_not_fit(changes, words, mend):
    with override_settings(**GOOD_EDGE):
        assert problems(configuration.addresses()) == []
    with override_settings(**{**GOOD_EDGE, **changes}):
        (found,) = problems(configuration.addresses())
    assert words in found.words
    assert mend in found.mend


def test_slips_in_env_and_who_reads_it(tmp_path):
    (tmp_path / ".env.example").write_text("#BASE_URL=x\n#TRUSTED_PROXIES=\n#EMAIL_URL=\n")
    (tmp_path / ".env").write_text("BASE_URL=x\nexport TRUSTED_PROXY=127.0.0.1/32\nBASE_URLS=y\nOTHER=z\n")
    (tmp_path / ".env").chmod(0o644)
    with override_settings(BASE_DIR=tmp_path):
        slip, open_to_all = problems(configuration.names())
    assert slip.words == ".env has TRUSTED_PROXY, which the console doesn't read."
    assert slip.mend == "Did you mean TRUSTED_PROXIES?"
    assert open_to_all.mend.startswith("chmod o-r ")


def test_variables_of_any_identity_provider_are_known(tmp_path):
    (tmp_path / ".env.example").write_text("#OIDC_CORP_CREATES_ACCOUNTS=\n#OIDC_CORP_CLIENT_ID=\n")
    (tmp_path / ".env").write_text("OIDC_SSO_CREATES_ACCOUNTS=1\nOIDC_CORPS_CLIENT_ID=y\n")
    (tmp_path / ".env").chmod(0o600)
    with override_settings(BASE_DIR=tmp_path, IDENTITY_PROVIDERS={"sso": None}):
        (slip,) = problems(configuration.names())
    assert slip.words.startswith(".env has OIDC_CORPS_CLIENT_ID, ")


# Services -----------------------------------------------------------------------------------------------------------


NO_NAME = "m" * 64 + ".example"  # A label of a host has 63 letters at most.


def smtp(port: int | None, host: str = "127.0.0.1") -> dict[str, object]:
    backend = "console.base.accounts.smtp.Backend"
    return {"EMAIL_BACKEND": backend, "EMAIL_HOST": host, "EMAIL_PORT": port, "EMAIL_TIMEOUT": 5}


def test_the_mail_server_is_asked_and_gets_nothing():
    with mail_server() as mail, override_settings(**smtp(mail.port), DEFAULT_FROM_EMAIL="console@example.com"):
        assert levels(connections.mail()) == [("ok", f"The mail server 127.0.0.1:{mail.port} lets the console in.")]
        with override_settings(EMAIL_HOST_USER="console", EMAIL_HOST_PASSWORD="wrong"):
            (found,) = connections.mail()
            assert found.words.startswith(f"The mail server 127.0.0.1:{mail.port} refuses: ")
        with override_settings(EMAIL_USE_TLS=True):
            (found,) = connections.mail()
            assert (found.level, found.mend) == (Level.ERROR, "Correct EMAIL_URL.")
        assert mail.mails == []
        mail.mode = REFUSING
        assert problems(connections.mail("operator@example.com"))
        mail.mode = GOOD
    with override_settings(**smtp(free_port())):
        assert "Connection refused" in next(connections.mail()).words
    with override_settings(**smtp(25, NO_NAME)):
        assert next(connections.mail()).level is Level.ERROR


@pytest.mark.parametrize("stage", ["MAIL", "RCPT", "text"])
def test_what_the_mail_server_says_against_the_test_mail_is_shown(stage):
    with strict_server() as mail, override_settings(**mail.settings(), DEFAULT_FROM_EMAIL="console@example.com"):
        mail.faults = {stage: "550"}
        (found,) = problems(connections.mail("operator@example.com"))
    assert found.words.endswith(" refuses: 550 not here")


def test_a_user_without_a_password_is_not_signed_in():
    user = {"EMAIL_HOST_USER": "console", "EMAIL_HOST_PASSWORD": None}
    with mail_server() as mail, override_settings(**smtp(mail.port), **user, DEFAULT_FROM_EMAIL="console@example.com"):
        lets_in, found = connections.mail()
    assert lets_in.words == f"The mail server 127.0.0.1:{mail.port} lets the console in."
    assert (found.level, found.mend) == (Level.WARNING, "Set EMAIL_URL=smtp+tls://USER:PASSWORD@HOST:587.")


@pytest.mark.parametrize(("ssl", "port"), [(False, 25), (True, 465)])
def test_a_mail_server_without_a_port_has_its_usual_one(ssl, port):
    with override_settings(**smtp(None, NO_NAME), EMAIL_USE_SSL=ssl):
        assert f"m.example:{port} refuses: " in next(connections.mail()).words


@pytest.mark.django_db
def test_the_last_backup_is_shown_here_and_on_the_status_page():
    factories.make_signs()
    assert ("not checked", "Last backup: Not known") in levels(system.everything())
    row = Backup.objects.create(taken_at=timezone.now() - timedelta(days=3), place="one:/backups", size=1, faults=0)
    (found,) = [one for one in system.everything() if "backup" in one.words]
    assert (found.level, found.words[:31]) == (Level.WARNING, "The last backup is 3 days old s")
    assert found.mend.endswith("Run: manage.py backup FOLDER")
    row.taken_at, row.faults = timezone.now(), 2
    row.save()
    (found,) = [one for one in system.everything() if "backup" in one.words]
    assert (found.level, found.words) == (Level.WARNING, "The last backup lacks 2 files")


@pytest.mark.parametrize("kind", FAILING)
def test_a_storage_that_fails(kind, monkeypatch):
    with FAILING[kind]() as root:
        move_packages(monkeypatch, root)
        (found, *_others) = problems(storage.shared())
    assert "PACKAGE_ROOT" in found.words
    assert found.level is Level.ERROR


def test_a_folder_of_temporary_files_that_is_full_is_not_taken_for_another(monkeypatch):
    with FAILING["full"]() as root:
        fill(root)
        monkeypatch.setenv("TMPDIR", str(root))
        monkeypatch.setattr(tempfile, "tempdir", None)  # A process looks for one once.
        (found,) = problems(storage.own())
    assert found.level is Level.ERROR
    assert found.words.startswith(f"TMPDIR ({root}) can't be written: temporary files go to /")


@pytest.mark.parametrize(
    ("url", "prefix", "mend"),
    [
        ("s3://bucket", "/packages/", "/object-storage/"),
        ("", "/object-storage/", "/packages/"),
        ("s3://bucket", "/object-storage/", None),
        ("", "/packages/", None),
        ("s3://bucket", "", None),
    ],
)
def test_nginx_that_looks_for_packages_where_they_are_not(url, prefix, mend):
    with override_settings(STORAGE_URL=url, PACKAGE_ACCEL_PREFIX=prefix):
        found = list(storage.downloads())
    assert [one.mend.partition(",")[0] for one in found] == ([f"Set PACKAGE_ACCEL_PREFIX={mend}"] if mend else [])


# The edge -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(executable() is None, reason=NO_NGINX)
def test_the_shipped_proxy_is_found_right_and_its_certificate_judged(tmp_path, monkeypatch):
    """P-8: forged names, with hyphens and with underscores, have no effect on pages and on devices."""
    monkeypatch.setattr(edge, "ANSWER_SECONDS", START_SECONDS)
    environment = {**ENVIRONMENT, "ALLOWED_HOSTS": "localhost", "BASE_URL": "https://localhost"}
    with (
        serve("web", environment) as web,
        serve("runtime", environment) as devices,
        nginx(tmp_path / "nginx", web=web.port, devices=devices.port, host="localhost") as (https, _http),
        override_settings(BASE_URL=f"https://localhost:{https}"),
    ):
        assert levels(edge.proxy()) == [
            ("ok", f"Forged headers have no effect ({label}); this machine is seen as 127.0.0.1.")
            for label in ("pages", "devices")
        ]
        (found,) = edge.certificate()
        assert (found.level, found.words) == (
            Level.ERROR,
            "The certificate of localhost isn't accepted: self-signed certificate",
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "nginx/fullchain.pem"))
        (found,) = edge.certificate()
        assert found == Finding(
            Level.ERROR, "The certificate of localhost is valid for 0 more days.", "Renew it, then reload the proxy."
        )
        # Without the token nothing is there; an old or foreign one opens nothing.
        for token in ({}, {reflection.HEADER: "doctor:forged:token"}):
            monkeypatch.setattr(reflection, "token", lambda token=token: token.get(reflection.HEADER, ""))
            assert [one.level for one in edge.proxy()] == [Level.UNKNOWN, Level.UNKNOWN]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("proxies", "words"),
    [
        ("127.0.0.1/32", "The proxy passes on what clients say in X-Forwarded-… or Forwarded (pages)."),
        ("10.0.0.0/8", "The console doesn't trust the proxy at 127.0.0.1 (pages)."),
    ],
)
def test_a_proxy_that_passes_on_what_clients_say(proxies, words, monkeypatch):
    """The doctor itself is the peer here, as a proxy is that changes nothing."""
    monkeypatch.setattr(edge, "ANSWER_SECONDS", START_SECONDS)
    environment = {**ENVIRONMENT, "ALLOWED_HOSTS": "127.0.0.1", "TRUSTED_PROXIES": proxies}
    with serve("web", environment) as web, override_settings(BASE_URL=f"http://127.0.0.1:{web.port}"):
        found = list(edge.proxy())
    assert (found[0].level, found[0].words) == (Level.ERROR, words)
    published = [one.words for one in found if one.words.startswith("The proxy publishes ")]
    assert published == [f"The proxy publishes {path}." for path in ("/healthz", "/readyz", "/metrics")]


@pytest.mark.django_db(transaction=True)
def test_a_proxy_that_answers_a_part_only_hides_nothing_of_the_rest(monkeypatch):
    """It hangs up when it is asked for what it does not publish."""

    def behind(client: socket.socket, web: int) -> None:
        with client, socket.create_connection(("127.0.0.1", web)) as server:
            request = client.recv(65536)
            if not request.startswith(b"GET /doctor"):
                return
            server.sendall(request.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
            while data := server.recv(65536):
                client.sendall(data)

    monkeypatch.setattr(edge, "ANSWER_SECONDS", START_SECONDS)
    monkeypatch.setattr(reflection, "DEVICES", reflection.PAGES)
    environment = {**ENVIRONMENT, "ALLOWED_HOSTS": "127.0.0.1", "TRUSTED_PROXIES": "10.0.0.0/8"}
    with serve("web", environment) as web, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def run() -> None:
            with contextlib.suppress(OSError):
                while True:
                    behind(listener.accept()[0], web.port)

        Thread(target=run, daemon=True).start()
        with override_settings(BASE_URL=f"http://127.0.0.1:{port}"):
            found = list(edge.proxy())
    assert [one.level for one in found] == [Level.ERROR, Level.ERROR, *[Level.UNKNOWN] * 3]
    assert found[-1].words.startswith("Whether the proxy publishes /metrics: http://127.0.0.1")


BELIEVED = {
    "version": edge.VERSION,
    "peer": "10.0.0.1",
    "peer_is_trusted": True,
    "address": "192.0.2.1",
    "address_is_trusted": False,
    "scheme": "https",
    "host": "console.example.com",
}


@pytest.mark.parametrize(
    ("hyphens", "underscores", "level", "words"),
    [
        ({}, {}, Level.OK, "is seen as 192.0.2.1."),
        ({"address": "198.51.100.1"}, {}, Level.OK, "only NAT or another proxy in between explains that"),
        ({"address": "10.0.0.2", "address_is_trusted": True}, {}, Level.WARNING, "which is in TRUSTED_PROXIES"),
        ({}, {"address": edge.UNDERSCORE_ADDRESS}, Level.ERROR, "passes on X_Forwarded_…"),
        ({}, {"host": edge.HOST}, Level.ERROR, "passes on X_Forwarded_…"),
        ({"scheme": "http"}, {}, Level.ERROR, "doesn't say that clients use https"),
        ({"host": "inside"}, {}, Level.ERROR, "names the host inside"),
        ({"version": "0.0.1"}, {}, Level.WARNING, "release 0.0.1 answers"),
    ],
)
def test_what_is_said_of_answers(hyphens, underscores, level, words):
    answers = [
        edge.Answer(200, json.dumps({**BELIEVED, **changes}).encode(), "192.0.2.1")
        for changes in (hyphens, underscores)
    ]
    found = next(edge._judge("pages", answers, edge.urlsplit("https://console.example.com")))
    assert found.level is level
    assert words in found.words


def test_static_files_of_production(tmp_path):
    with override_settings(STATIC_ROOT=tmp_path):
        assert next(configuration.static_files()).mend == "manage.py collectstatic --noinput"
        Path(tmp_path, "staticfiles.json").touch()
        assert next(configuration.static_files()).level is Level.OK

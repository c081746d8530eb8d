"""The key that signs: nobody else can know it, neither on a desk nor in production."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core import signing
from django.core.exceptions import ImproperlyConfigured

from console import secret_key
from console.api import http
from console.base.core.sealing import seal, unseal
from console.local import addresses

GOOD = secrets.token_urlsafe(64)
SHOW = "import console.settings as s; print(s.SECRET_KEY, *s.SECRET_KEY_FALLBACKS)"


def start(script: str = SHOW, **variables: str) -> subprocess.CompletedProcess[str]:
    """Read the settings in a process of its own, in which nothing but `variables` is set."""
    unset = ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE")
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_installation_has_a_key_of_its_own(tmp_path: Path) -> None:
    """Made by whichever process is first, kept for all the others, read by its owner only."""
    first, second = (tmp_path / name for name in ("first", "second"))
    started = [start(CONSOLE_LOCAL_DIR=str(folder)).stdout.split() for folder in (first, first, second)]
    assert [len(keys) for keys in started] == [1, 1, 1]  # The known key signs nothing.
    (one,), (again,), (other,) = started
    assert one == again == (first / secret_key.FILE).read_text().strip()
    assert len({one, other, secret_key.KNOWN}) == 3
    assert [path.name for path in first.iterdir()] == [secret_key.FILE]
    assert stat.S_IMODE((first / secret_key.FILE).stat().st_mode) == 0o600


def test_one_that_others_could_read_is_closed(tmp_path: Path) -> None:
    key = secret_key.own(tmp_path)
    (tmp_path / secret_key.FILE).chmod(0o644)
    assert secret_key.own(tmp_path) == key
    assert stat.S_IMODE((tmp_path / secret_key.FILE).stat().st_mode) == 0o600


def test_one_that_is_damaged_or_can_not_be_kept(tmp_path: Path) -> None:
    (tmp_path / secret_key.FILE).write_text("\n")
    with pytest.raises(ImproperlyConfigured, match=r"is not set\. Remove the file"):
        secret_key.own(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match="Set SECRET_KEY, or set CONSOLE_LOCAL_DIR"):
        secret_key.own(tmp_path / "file")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "is not set"),
        (secret_key.KNOWN, "the public one"),
        (GOOD[:49], "has 49 characters"),
        ("s" * 60, "only 1 different"),
        ("abcdefgh" * 8, "only 8 different"),
        ("0123456789ab" * 5, "repeats itself"),
        (f"django-insecure-{GOOD}", "contains “insecure”"),
        (f"Change-Me-{GOOD}", "contains “change-me”"),
    ],
    ids=["none", "known", "short", "one letter", "eight letters", "repeated", "insecure", "change me"],
)
def test_production_refuses_a_weak_key(key: str, why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"SECRET_KEY .*{why}.*token_urlsafe"):
        secret_key.check(key, [])
    with pytest.raises(ImproperlyConfigured, match=r"SECRET_KEY_FALLBACKS .* Move it to SEALING_KEY_FALLBACKS"):
        secret_key.check(GOOD, [GOOD, key])


@pytest.mark.parametrize(
    "key", [GOOD, secrets.token_hex(32), f"{secrets.randbits(400):0100d}"], ids=["letters", "hex", "digits"]
)
def test_production_takes_a_random_key(key: str) -> None:
    secret_key.check(key, [key])


def test_settings_refuse_it() -> None:
    assert start(DEBUG="0", SECRET_KEY=GOOD, SECRET_KEY_FALLBACKS=GOOD).returncode == 0
    assert "SECRET_KEY is not set." in start(DEBUG="0").stderr
    assert "SECRET_KEY has only 1 different" in start(DEBUG="0", SECRET_KEY="s" * 60).stderr
    assert "SEALING_KEY_FALLBACKS" in start(DEBUG="0", SECRET_KEY=GOOD, SECRET_KEY_FALLBACKS="s" * 60).stderr


def test_what_was_sealed_under_the_known_key_opens_and_what_was_signed_does_not(settings) -> None:
    """An installation of an earlier release keeps its secrets; an invitation or a link that anybody forged is none."""
    settings.SECRET_KEY = secret_key.KNOWN
    sealed, signed = seal("a secret"), signing.dumps({"team": 1})
    settings.SECRET_KEY, settings.SEALING_KEY_FALLBACKS = GOOD, [secret_key.KNOWN]
    assert unseal(sealed) == "a secret"
    with pytest.raises(signing.BadSignature):
        signing.loads(signed)


def test_debug_is_for_this_machine_only(tmp_path: Path) -> None:
    local = {"CONSOLE_LOCAL_DIR": str(tmp_path)}
    hosts = "import console.settings as s; print(s.ALLOWED_HOSTS)"
    assert start(hosts, **local).stdout.strip() == "['localhost', '.localhost', '127.0.0.1', '[::1]']"
    assert start(ALLOWED_HOSTS="console.localhost,127.0.0.2", **local).returncode == 0
    for name in ("*", "console.example.com", "10.0.0.1", "localhost.example.com"):
        refused = start(ALLOWED_HOSTS=f"localhost,{name}", **local).stderr
        assert f"ALLOWED_HOSTS contains {name}. With DEBUG on" in refused
        assert "set DEBUG=0, SECRET_KEY, BASE_URL and ALLOWED_HOSTS" in refused


@pytest.mark.parametrize(
    ("peer", "status"),
    [
        *[(peer, "200 OK") for peer in ("127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1", "")],
        *[(peer, "403 Forbidden") for peer in ("10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "1.127.0.1")],
    ],
)
def test_debug_answers_this_machine_only(peer: str, status: str) -> None:
    """Whatever address the server listens on."""
    sent: list[str] = []

    def start_response(line: str, _headers: object) -> None:
        sent.append(line)

    answer = http.Response(200, [], b"{}")
    guarded = http.for_this_machine(lambda _environ, start: answer.send(start), addresses.ONLY_HERE)
    body = b"".join(guarded({"REMOTE_ADDR": peer}, start_response))
    assert (sent, b"set DEBUG=0" in body) == ([status], status == "403 Forbidden")


@pytest.mark.parametrize(
    ("command", "host"), [(("start", "web"), "0.0.0.0"), (("start", "runtime"), "10.0.0.1"), (("up",), "::")]
)
def test_debug_listens_on_this_machine_only(tmp_path: Path, command: tuple[str, ...], host: str) -> None:
    script = f"import sys; sys.argv = ['manage.py', *{command!r}, '--host', {host!r}]; import manage; manage.main()"
    refused = start(script, CONSOLE_LOCAL_DIR=str(tmp_path))
    assert refused.returncode == 1
    assert f"The console can't listen on {host}. With DEBUG on" in refused.stderr

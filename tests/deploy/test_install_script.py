"""Parts of deploy/install.sh that need no machine of their own; tests/install runs all of it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from console.local.addresses import PROJECT

SCRIPT = PROJECT / "deploy" / "install.sh"
MAIL = "smtp+tls://user:p&a|s$s@mail.example.com:587"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., str]:
    """Run functions of the script with its files in a folder: `environment` there, `certificates`, and `work`."""
    script = SCRIPT.read_text()
    main = '\nmain "$@"\n'
    assert script.endswith(main)
    (tmp_path / "certificates").mkdir()
    (tmp_path / "work").mkdir()
    places = (
        f"environment={tmp_path}/console.env certificates={tmp_path}/certificates work={tmp_path}/work host=a.test\n"
    )

    def run(commands: str, *, said: str = "") -> str:
        text = f"{script.removesuffix(main)}\n{places}{commands}\n"
        (tmp_path / "script").write_text(text)
        done = subprocess.run(
            ["bash", tmp_path / "script"], input=said, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr

    return run


def test_a_mail_server_is_read_from_standard_input_and_replaced_in_its_place(
    run: Callable[..., str], tmp_path: Path
) -> None:
    settings = tmp_path / "console.env"
    settings.write_text('A="1"\nEMAIL_URL="smtp://localhost:25"\nB="2"')
    assert run('options --email-url-file -; replace EMAIL_URL "$email_url"', said=f"{MAIL}\n") == ""
    assert settings.read_text() == f'A="1"\nEMAIL_URL="{MAIL}"\nB="2"\n'
    assert settings.stat().st_mode & 0o777 == 0o600
    assert "is not the URL of a mail server" in run("options --email-url-file -", said="mail.example.com\n")
    assert "has a quote, a backslash or a space" in run("options --email-url-file -", said="smtp://a:b c@d\n")
    assert "there is no option --email-url." in run(f"options --email-url '{MAIL}'")


def test_nothing_is_written_through_a_link_that_leads_nowhere(run: Callable[..., str], tmp_path: Path) -> None:
    renewed = tmp_path / "renewed.pem"
    link = tmp_path / "certificates" / "privkey.pem"
    link.symlink_to(renewed)
    assert f"{link} is a link to {renewed}, which is not there." in run("tls")
    assert not renewed.exists()
    link.unlink()
    link.write_text("a key")
    assert "has privkey.pem without fullchain.pem" in run("tls")
    assert link.read_text() == "a key"


def test_openssl_says_why_there_is_no_certificate(run: Callable[..., str], tmp_path: Path) -> None:
    said = run(
        "PATH=$work:$PATH; printf '#!/bin/sh\\necho no entropy >&2; exit 1' >$work/openssl; chmod +x $work/openssl; tls"
    )
    assert "openssl makes no certificate.\nno entropy" in said
    assert not (tmp_path / "certificates" / "fullchain.pem").exists()


def test_what_is_made_can_be_read_by_the_user_of_the_console(run: Callable[..., str]) -> None:
    text = run("umask")
    assert text == "0022\n"


def test_units_and_the_proxy_are_those_of_the_release(run: Callable[..., str], tmp_path: Path) -> None:
    """Also for `--source` and `--rollback`; a release from before this script takes the script's."""
    ask = f"home={tmp_path} here=/here release=1-a; shipped systemd"
    deploy = tmp_path / "releases" / "1-a" / "deploy"
    (deploy / "nginx").mkdir(parents=True)
    assert run(ask) == "/here/systemd\n"
    (deploy / "install.sh").touch()
    assert run(ask) == f"{deploy}/systemd\n"


def test_nginx_sends_no_packages_of_a_bucket(run: Callable[..., str], tmp_path: Path) -> None:
    settings = tmp_path / "console.env"
    stubs = "as_postgres() { echo 5432; }\n"
    for written, is_refused in {
        'STORAGE_URL="s3://bucket"\nPACKAGE_ACCEL_PREFIX="/packages/"\n': True,
        "STORAGE_URL=s3://bucket\nPACKAGE_ACCEL_PREFIX=/packages/\n": True,
        'STORAGE_URL="s3://bucket"\nPACKAGE_ACCEL_PREFIX=""\n': False,
        "STORAGE_URL=s3://bucket\n": False,
        'STORAGE_URL=""\n': False,
    }.items():
        settings.write_text(written)
        assert ("every download would be a 404" in run(f"{stubs}settings")) is is_refused, written
    assert 'PACKAGE_ACCEL_PREFIX="/packages/"\n' in settings.read_text()


def test_the_old_servers_stay_while_a_slow_upload_is_on_its_way(run: Callable[..., str], tmp_path: Path) -> None:
    """It comes by an old worker of nginx, which asks the old servers when it has all of it."""
    slept = tmp_path / "slept"
    stubs = f"""
        nginx_workers() {{ say 31; (($(wc -c <{slept}) >= leaves)) || say 17; }}
        sleep() {{ printf . >>{slept}; }}
        >{slept}
    """
    said = run(f"{stubs} leaves=200; drained 17; say done")
    assert said.startswith("nginx still has requests with the old servers, such as a slow upload: waiting")
    assert (said.splitlines()[1:], slept.stat().st_size) == (["done"], 200)
    said = run(f"{stubs} leaves=9999; drained $'17\\n18'; say done")
    assert said.splitlines()[1:] == ["Uploads that are not complete after 15 minutes are lost.", "done"]
    assert slept.stat().st_size == 900
    for old in ("", "30"):
        assert run(f"{stubs} leaves=9999; drained '{old}'; say done") == "done\n"


def test_a_fresh_postgresql_gets_room_for_the_processes_of_an_upgrade(run: Callable[..., str], tmp_path: Path) -> None:
    """One that has somebody's data, or the console's already, stays as its owner has set it."""
    (tmp_path / "conf.d").mkdir()
    made = tmp_path / "conf.d" / "console.conf"
    stubs = f"""
        systemctl() {{ say "systemctl $*"; }}
        nproc() {{ say 6; }}
        memory() {{ say "$megabytes"; }}
        as_postgres() {{
            case $1 in
            *pg_database*) say "$databases" ;;
            'SHOW config_file') say {tmp_path}/postgresql.conf ;;
            *) say 1 ;;
            esac
        }}
    """
    assert run(f"{stubs} databases=4; sizes") == ""
    assert not made.exists()
    for megabytes, buffers in ((300, 128), (4000, 1000), (64_000, 2048)):
        said = run(f"{stubs} databases=3 megabytes={megabytes}; sizes")
        assert said == "systemctl restart postgresql.service\n"
        assert f"\nmax_connections = 340\nshared_buffers = {buffers}MB\n" in made.read_text()
        assert made.stat().st_mode & 0o777 == 0o644

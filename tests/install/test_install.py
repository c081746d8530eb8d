"""deploy/install.sh: from an empty Debian with systemd to a person who has signed in, by what it installed alone."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.debian import DebianRoot, debian_root
from tests.install.visiting import HOST, Door, Person, title

SECONDS = 1200.0  # for an installation, on a busy machine: nothing waits for ever
EMAIL, PASSWORD = "ada@example.com", "plenty of sea air"
UNITS = ("console-web@8000", "console-runtime@8001", "console-worker@deliver", "console-beat", "console-migrate@1")
EXPOSURE = 2.0
# Only who reads the code, and does not search it for patterns, sees what it calls.
PROGRAM = {
    "app.json": '{"pages": ["pages/index/index"]}',
    "app.js": "App({})",
    "pages/index/index.js": "Page({ onLoad() { const api = wx; api.getLocation({}) } })",
    "pages/index/index.wxml": "<view/>",
}


@pytest.fixture(scope="module")
def root(tree: Path) -> Iterator[DebianRoot]:
    # With a mail server that answers, and a name that leads here, as the doctor asks for both.
    with debian_root(system=True, packages=["msmtp-mta"], ports=[443]) as made:
        made.copy(tree, "/opt/src")
        with made.inside("/etc/hosts").open("a") as hosts:
            hosts.write(f"127.0.0.1 {HOST}\n")
        made.run("systemctl", "enable", "--now", "msmtpd.service")
        yield made


@pytest.fixture(scope="module")
def installed(root: DebianRoot) -> str:
    """Install; return what it said."""
    began = time.monotonic()
    # As root of a hardened machine, whose files nobody else can read.
    install = f"umask 077; exec /opt/src/deploy/install.sh --host {HOST} --operator {EMAIL}"
    said = root.run("sh", "-c", install, timeout=SECONDS).stdout
    used = int(root.run("cat", "/sys/fs/cgroup/cpu.stat").stdout.split()[1]) / 1_000_000
    print(f"{said}\nInstalled in {time.monotonic() - began:.0f} s, with {used:.0f} s of processor time.")
    return said


def door(root: DebianRoot) -> Door:
    """Return the way in; the certificate has to be the one that was made."""
    return Door(root.ports[443], root.inside("/etc/ssl/console/fullchain.pem"))


def test_the_first_operator_signs_in_through_nginx(root: DebianRoot, installed: str) -> None:
    link = re.search(rf"https://{HOST}(/account/password/reset/\S+)", installed)
    assert link, installed
    person = Person(door(root))
    page = person.follow(person.get(link[1]))
    form = re.search(r'<form[^>]+action="([^"]+set-password/)"', page.text)
    path = form[1] if form else re.sub(r"-[^/]+/$", "-set-password/", link[1])
    home = person.follow(person.post(path, page, password1=PASSWORD, password2=PASSWORD))
    assert (home.status, title(home).partition(".")[0]) == (200, "Welcome"), home.text[:2000]

    again = Person(door(root))
    home = again.sign_in(EMAIL, PASSWORD)
    assert (home.status, title(home).partition(".")[0]) == (200, "Welcome"), home.text[:2000]
    style = re.search(r'href="(/static/[^"]+\.css)"', home.text)
    assert style and again.get(style[1]).status == 200
    assert again.get("/readyz").status == 404  # for machines inside only


def test_everything_runs_as_nobody_in_particular(root: DebianRoot, installed: str) -> None:
    assert root.run("systemctl", "--failed", "--no-legend", "--plain").stdout == ""
    shown = root.run("systemctl", "list-units", "console-*", "--state=running", "--no-legend", "--plain").stdout
    units = [line.split()[0] for line in shown.splitlines()]
    assert len(units) == 8, shown
    for unit in units:
        process = root.run("systemctl", "show", "--property=MainPID", "--value", unit).stdout.strip()
        assert root.run("stat", "-c", "%U", f"/proc/{process}").stdout == "console\n", unit
        if "runtime" in unit:  # It tells by this how old a kept snapshot is.
            boot = "/proc/sys/kernel/random/boot_id"
            assert root.run("nsenter", "--target", process, "--mount", "cat", boot).stdout.strip()
    assert root.run("stat", "-c", "%a %U", "/etc/console/console.env").stdout == "600 root\n"
    for port in range(9464, 9470):
        told = root.run("curl", "--silent", "--fail", f"http://127.0.0.1:{port}/metrics").stdout
        assert "console_build_info" in told


def test_postgresql_has_room_for_the_processes_of_two_releases(root: DebianRoot, installed: str) -> None:
    shown = root.run("runuser", "-u", "postgres", "--", "psql", "-XqAt", "-c", "SHOW max_connections").stdout
    assert int(shown) == 100 + 40 * int(root.run("nproc").stdout)


def test_units_are_sound_and_expose_little(root: DebianRoot, installed: str) -> None:
    root.run(
        "sh",
        "-c",
        "systemd-analyze verify --man=no /etc/systemd/system/console*.service /etc/systemd/system/console.target",
    )
    for unit in UNITS:
        said = root.run("systemd-analyze", "security", "--no-pager", f"{unit}.service").stdout
        assert float(said.rsplit("exposure level", 1)[1].split(": ")[1].split()[0]) <= EXPOSURE, said


def test_code_is_read_within_the_limits_of_units(root: DebianRoot, installed: str) -> None:
    with zipfile.ZipFile(root.inside("/opt/program.zip"), "w") as packed:
        for name, text in PROGRAM.items():
            packed.writestr(name, text)
    current = "/opt/console/current"
    place = [f"--property=WorkingDirectory={current}", f"--property=EnvironmentFile={current}/release.env"]
    # The name brings it what all units have in common.
    unit = ["systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--unit=console-try", *place, "/usr/bin/env"]
    assert root.run(*unit, "id", "-un").stdout == "console\n"
    said = root.run(*unit, ".venv/bin/python", "manage.py", "inspect", "/opt/program.zip", "--report").stdout
    assert "wx.getLocation" in said and "not read: 0" in said, said


def test_the_doctor_finds_nothing(root: DebianRoot, installed: str) -> None:
    if root.run("console-manage", "doctor", "--help", check=False).returncode:
        pytest.skip("There is no doctor yet.")
    root.run("systemctl", "start", "console-backup.service")
    said = ""
    for _try in range(30):  # Just after the start it misses signs of life.
        said = root.run("console-manage", "doctor", check=False).stdout
        if re.search(r"\b0 errors, 0 warnings?\b", said):
            return
        time.sleep(2)
    raise AssertionError(said)


def test_a_second_run_changes_nothing_and_a_wrong_one_says_why(root: DebianRoot, installed: str) -> None:
    before = root.run(
        "sh", "-c", "cat /etc/console/console.env; readlink /opt/console/current; cat /etc/nginx/nginx.conf"
    )
    root.run("/opt/console/current/deploy/install.sh", timeout=SECONDS)
    after = root.run(
        "sh", "-c", "cat /etc/console/console.env; readlink /opt/console/current; cat /etc/nginx/nginx.conf"
    )
    assert before.stdout == after.stdout
    assert Person(door(root)).sign_in(EMAIL, PASSWORD).status == 200
    for options, words in (
        (["--host", "other.example.com"], "the console is installed as console.example.com"),
        (["--host", "Not a name"], "is not a host name"),
        (["--certificate", "/etc/hostname"], "--certificate and --key belong together"),
        (["--rollback"], "there is no release before this one"),
    ):
        refused = root.run("/opt/src/deploy/install.sh", *options, check=False)
        assert refused.returncode == 1 and words in refused.stdout, refused

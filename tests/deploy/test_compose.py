"""deploy/compose.yaml and what a person makes beside it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import load_command_class

from console import secret_key
from console.celery import QUEUES
from console.local.addresses import PROJECT

DEPLOY = PROJECT / "deploy"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("${CONSOLE_IMAGE")}
DOCUMENT = (PROJECT / "docs" / "install-kit.md").read_text()
HOST = "console.shop.test"


def named_in(file: Path) -> set[str]:
    """Return the variables that an example file names."""
    return set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", file.read_text(), re.M))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_limited_watched_and_without_rights(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert {"cpus", "memory", "pids"} <= service["deploy"]["resources"]["limits"].keys()
    assert "privileged" not in service
    # nginx has to read a key that its owner, who is not root, keeps to themselves (tls/ is closed to others, below).
    nginx = {"CHOWN", "DAC_READ_SEARCH", "NET_BIND_SERVICE", "SETGID", "SETUID"}
    assert set(service.get("cap_add", [])) == (nginx if name == "nginx" else set())
    # The one that ends by itself has neither.
    assert ("test" in service["healthcheck"]) is (name != "migrate")
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert ("ports" in service) is (name == "nginx")


def test_each_command_is_one_of_the_image() -> None:
    """The words behind a role are options of `manage.py start`."""
    parser = load_command_class("console.platform", "start").create_parser("manage.py", "start")
    parsed = {name: parser.parse_args(_words(SERVICES[name]["command"])) for name in OURS - {"migrate"}}
    assert {options.role for options in parsed.values()} == {"web", "runtime", "worker", "beat"}
    queues = [options.queues for options in parsed.values() if options.role == "worker"]
    assert sorted(queues) == sorted(QUEUES)
    migrate = load_command_class("console.base.core", "migrate").create_parser("manage.py", "migrate")
    assert migrate.parse_args(SERVICES["migrate"]["command"][1:])


def _words(command: list[str]) -> list[str]:
    return [re.sub(r"^\$\{\w+:-(.*)\}$", r"\1", word) for word in command]


def test_everything_waits_for_the_migrations() -> None:
    for name in OURS - {"migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_the_proxy_listens_where_it_sees_each_client() -> None:
    """Its network has no IPv6: Docker would hand on what comes by IPv6 as if one address had sent all of it."""
    networks = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["networks"]
    assert not networks["outside"].get("enable_ipv6")
    assert [port.partition(":")[0] for port in SERVICES["nginx"]["ports"]] == ["0.0.0.0", "0.0.0.0"]


def test_a_documented_run_needs_no_address_that_a_running_service_has() -> None:
    """With a fixed address in use, the container of `run` would not start."""
    commands = re.findall(r"docker compose [^`\n]* run ([^`\n]*)", DOCUMENT)
    named = [next(word for word in command.split() if word in SERVICES) for command in commands]
    assert {"migrate", "worker-periodic"} == set(named)
    assert len(named) >= 3  # migrate, backup, restore
    for name in named:
        assert "ipv4_address" not in str(SERVICES[name]["networks"]), name
        assert {"data:/var/lib/console", "cache:/var/cache/console"} <= set(SERVICES[name]["volumes"])


def test_each_variable_is_documented() -> None:
    known = named_in(PROJECT / ".env.example")
    for name in OURS:
        assert {variable.removesuffix("_FILE") for variable in SERVICES[name]["environment"]} <= known
    example = named_in(DEPLOY / "compose.env.example")
    used = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert used <= example
    # What compose does not use itself is a setting of the console.
    assert example - used <= known


def test_what_a_person_makes_is_kept(tmp_path: Path) -> None:
    shutil.copytree(DEPLOY, tmp_path / "deploy", ignore=shutil.ignore_patterns(".env", "secrets", "tls"))
    made = [prepare(tmp_path) for _ in range(2)]
    assert made[0] == made[1]
    assert not secret_key.weakness(made[0]["secret-key"])
    assert made[0]["database-password"] in made[0]["database-url"]
    assert len(set(made[0].values())) == len(made[0])
    assert f"CONSOLE_HOST={HOST}\n" in (tmp_path / "deploy" / ".env").read_text()
    for folder in ("secrets", "tls"):
        assert (tmp_path / "deploy" / folder).stat().st_mode & 0o777 == 0o700


def prepare(folder: Path) -> dict[str, str]:
    """Run prepare.sh; return the secrets that are there then."""
    subprocess.run([folder / "deploy" / "compose" / "prepare.sh", HOST], check=True, capture_output=True, timeout=60)
    return {file.name: file.read_text() for file in (folder / "deploy" / "secrets").iterdir()}


def test_the_proxy_is_the_shipped_one(tmp_path: Path) -> None:
    """nginx.sh changes the names, addresses and logs of the tested configuration, and nothing else."""
    script = (DEPLOY / "compose" / "nginx.sh").read_text()
    script = script.replace("/tmp/", f"{tmp_path}/").replace("/etc/console/shipped", str(DEPLOY / "nginx"))
    script = re.sub(r"^exec nginx.*", "", script, flags=re.M)
    variables = {"CONSOLE_HOST": HOST, "CONSOLE_NETWORK": "10.9.8", "PATH": "/usr/bin:/bin"}
    subprocess.run(["sh", "-c", script], env=variables, check=True, timeout=60)
    was, now = ((folder / "console.conf").read_text() for folder in (DEPLOY / "nginx", tmp_path))
    lines = [line for line in was.splitlines() if "listen [::]" not in line]
    changed = {
        (before.strip(), after.strip())
        for before, after in zip(lines, [line for line in now.splitlines() if "listen [::]" not in line], strict=True)
        if before != after and not before.strip().startswith("#")
    }
    assert {after for before, after in changed if "_log" not in before} == {
        "server 10.9.8.11:8000;",
        "server 10.9.8.12:8000;",
        f"server_name {HOST};",
        f"return 301 https://{HOST}$request_uri;",
    }
    assert {after.split()[1] for before, after in changed if "_log" in before} == {"/dev/stdout", "/dev/stderr"}

"""The image, built of its Containerfile line by line, and the whole console by deploy/compose.yaml, up to the sign-in.

Containers run as they do in production: as an ordinary user, without rights, on a root file system that is read-only.
Not proven here: the images of others (standin.Containerfile takes their place), and limits of memory and processor.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.local.addresses import PROJECT
from tests.install.containers import HERE, Host, container_host, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
IMAGE, STANDIN = "localhost/mini-program-console", "localhost/standin"
NAME = "console.example.com"
PROXY = "172.31.238.10"
UP_SECONDS = 300.0
# A browser without its window: signs in as a person does, and says what it saw.
SIGN_IN = """
import http.cookiejar, json, re, socket, ssl, sys, urllib.parse, urllib.request
address, name, email, password = sys.argv[1:]
connect = socket.create_connection
socket.create_connection = lambda at, *more, **options: connect((address, at[1]), *more, **options)
https = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile="tls/fullchain.pem"))
browser = urllib.request.build_opener(https, urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
def ask(path, **form):
    request = urllib.request.Request(f"https://{name}{path}", urllib.parse.urlencode(form).encode() if form else None)
    request.add_header("Referer", f"https://{name}/")
    try:
        with browser.open(request, timeout=60) as answer:
            return answer.status, answer.url, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.url, error.read().decode()
_, url, page = ask("/")
token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
style = re.search(r'href="(/static/[^"]+[.]css)"', page)[1]
status, home, _ = ask(urllib.parse.urlsplit(url).path, csrfmiddlewaretoken=token, login=email, password=password)
seen = {path: ask(path)[0] for path in (style, "/platform/status/", "/healthz", "/runtime/v1/update")}
print(json.dumps({"before": url, "status": status, "after": home, "style": style, **seen}))
"""


@pytest.fixture(scope="module")
def host(tree: Path) -> Iterator[Host]:
    """Where the image is built of a release as it is packed, and what stands in for others'."""
    with container_host() as host:
        host.build(tree / "deploy" / "Containerfile", tree, IMAGE, "--build-arg", "REVISION=abc")
        host.build(HERE / "standin.Containerfile", HERE, STANDIN)
        yield host


def test_the_image_holds_what_it_says(host: Host) -> None:
    (image,) = json.loads(host.podman("image", "inspect", IMAGE))
    assert image["Config"]["User"] == "10001:10001"
    assert image["Config"]["Labels"]["org.opencontainers.image.revision"] == "abc"
    assert image["Healthcheck"]["Test"] == ["CMD", "python", "deploy/container/healthy.py"]
    assert not [line for line in image["Config"]["Env"] if "SECRET_KEY" in line]
    names = inside(host, "ls -A").split()
    assert not {"tests", "docs", ".git", ".env", ".venv", "node_modules", ".local"} & set(names)
    assert inside(host, "python -c 'from console.version import VERSION as v; print(v)'").strip().endswith("+abc")
    assert int(inside(host, "wc -c <console/locale/zh_Hans/LC_MESSAGES/django.mo")) > 100_000
    # Nothing that its user could change, but for what is mounted.
    system = "-path /proc -prune -o -path /sys -prune -o -path /dev -prune -o"
    found = inside(host, f"find / {system} -writable -not -type l -print 2>/dev/null || true").split()
    mounted = ("/tmp", "/var/tmp", "/run/lock", "/var/lib/console", "/var/cache/console")
    assert not [name for name in found if not name.startswith(mounted)]


def inside(host: Host, script: str) -> str:
    """Run a script in a container of the image, as its user; return what it printed."""
    return host.podman("run", "--rm", "--read-only", "--entrypoint", "sh", IMAGE, "-c", script)


def test_a_command_that_lacks_something_says_what(host: Host) -> None:
    refused = host.podman(
        "run", "--rm", "--read-only", "--env", f"SECRET_KEY={secrets.token_urlsafe(64)}", IMAGE, check=False
    )
    assert "DATABASE_URL is not set." in refused


@pytest.fixture(scope="module")
def installation(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which a person ran the two commands of docs/install-kit.md; its containers run."""
    folder = tmp_path_factory.mktemp("installation") / "deploy"
    shutil.copytree(PROJECT / "deploy", folder, ignore=shutil.ignore_patterns(".env", "secrets", "tls"))
    subprocess.run([folder / "compose" / "prepare.sh", NAME], check=True, capture_output=True)
    images = {f"{name}_IMAGE": STANDIN for name in ("NGINX", "POSTGRES", "VALKEY", "CLICKHOUSE")}
    lines = "".join(f"{name}={value}\n" for name, value in {**images, "CONSOLE_IMAGE": IMAGE}.items())
    with (folder / ".env").open("a") as settings:
        settings.write(lines)
    # Not every machine of a test has control groups for limits, nor a limit of files that can be raised.
    services = yaml.safe_load((folder / "compose.yaml").read_text())["services"]
    limits = "".join(f"  {name}: {{deploy: !reset null, ulimits: !reset null}}\n" for name in services)
    (folder / "limits.yaml").write_text(f"services:\n{limits}")
    with health_checks(host):
        compose(host, folder, "up", "--detach", "--no-build", timeout=UP_SECONDS)
        host.run("bash", "-c", f"until : </dev/tcp/{PROXY}/443; do sleep 0.2; done", timeout=60)
        yield folder
        compose(host, folder, "down", "--volumes", "--timeout", "1")


def compose(host: Host, folder: Path, *arguments: str, **options: Any) -> str:
    """Run docker-compose on the installation."""
    files = ["--file", f"{folder}/compose.yaml", "--file", f"{folder}/limits.yaml"]
    return host.compose(*files, *arguments, **options)


@contextlib.contextmanager
def health_checks(host: Host) -> Iterator[None]:
    """Run each container's check now and then while the block lasts, as podman leaves to a systemd that is not here."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(1):
            for name in host.podman("ps", "--quiet", check=False).split():
                host.podman("healthcheck", "run", name, check=False)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_two_commands_lead_to_the_sign_in(host: Host, installation: Path) -> None:
    password = secrets.token_urlsafe(16)
    create = ["exec", "-T", "--env", f"DJANGO_SUPERUSER_PASSWORD={password}", "web", "console", "createsuperuser"]
    compose(host, installation, *create, "--noinput", "--email", "operator@example.com", "--name", "Operator")
    browser = ["python3", "-c", SIGN_IN, PROXY, NAME, "operator@example.com", password]
    seen = json.loads(host.run("env", f"--chdir={installation}", *browser).splitlines()[-1])
    assert seen["before"].startswith(f"https://{NAME}/account/sign-in/")
    assert (seen["status"], seen["after"]) == (200, f"https://{NAME}/"), seen
    assert seen[seen["style"]] == 200
    assert seen["/platform/status/"] == 200
    assert seen["/healthz"] == 404  # Probes are not for everyone.
    assert seen["/runtime/v1/update"] in (401, 405)  # said by runtime
    assert " 200 " in compose(host, installation, "logs", "nginx")


def test_every_container_is_well_and_can_write_nothing(host: Host, installation: Path) -> None:
    everyone = [
        json.loads(line)
        for line in compose(host, installation, "ps", "--format", "json").splitlines()
        if line[:1] == "{"
    ]
    services = {one["Service"]: one for one in everyone}
    assert set(services) == {
        *("nginx", "web", "runtime", "beat", "postgres", "valkey"),
        *("worker-deliver", "worker-webhooks", "worker-mail", "worker-reports", "worker-periodic"),
    }
    for name, one in services.items():
        host.podman("healthcheck", "run", one["Name"])
        refused = host.podman("exec", one["Name"], "touch", "/opt/x", check=False)
        assert "Read-only file system" in refused, name
        status = host.podman("exec", one["Name"], "cat", "/proc/1/status")
        rights = next(line.split()[1] for line in status.splitlines() if line.startswith("CapEff"))
        # CHOWN, DAC_READ_SEARCH, SETGID, SETUID, NET_BIND_SERVICE
        assert int(rights, 16) == (0x4C5 if name == "nginx" else 0), name


def test_a_worker_without_a_heartbeat_is_not_well(host: Host, installation: Path) -> None:
    check = "import sys; sys.path.insert(0, 'deploy/container'); import healthy; print(healthy.has_shown(sys.argv[1]))"
    ask = ["exec", "-T", "worker-mail", "python", "-c", check]
    assert compose(host, installation, *ask, "worker:mail@%").split()[-1] == "True"
    assert compose(host, installation, *ask, "worker:mail@nobody").split()[-1] == "False"


def test_an_upgrade_migrates_beside_what_serves(host: Host, installation: Path) -> None:
    """By a container of its own, as docs/install-kit.md says."""
    serving = host.podman("ps", "--quiet").split()
    assert "No migrations to apply." in compose(host, installation, "run", "--rm", "-T", "migrate")
    assert host.podman("ps", "--quiet").split() == serving

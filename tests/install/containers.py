"""Builds images and runs containers, by Debian's buildah, podman and docker-compose, without any registry of images.

    with container_host() as host:
        host.build(PROJECT / "deploy" / "Containerfile", PROJECT, "console:test")
        host.podman("run", "--rm", "console:test", "--version")

What a Containerfile starts `FROM` is made of Debian's packages instead of being pulled. Images, containers, networks
and addresses are in folders and namespaces of the block's own, and end with it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.install.debian import COMMAND_SECONDS, CommandFailed, base_of, take_over
from tests.processes import kill

HERE = Path(__file__).parent
BASE = "docker.io/library/debian:13-slim"
TOOLS = ("buildah", "podman", "docker-compose", "crun", "netavark", "nft", "mmdebstrap", "nsenter")
# Debian's packages with these tools, for .ci/run.
PACKAGES = ("buildah", "podman", "docker-compose", "crun", "netavark", "aardvark-dns", "nftables", "mmdebstrap")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/usr/lib/podman"
# A machine whose own limits are lower than an engine's defaults can't raise them, and one with old control groups has
# no controllers to limit anything with.
CONFIGURATION = """\
[containers]
default_ulimits = ["nofile=16384:16384", "nproc=4096:4096"]
pids_limit = 0
[engine]
events_logger = "file"
[network]
network_config_dir = "{folder}/networks"
"""


def why_not() -> str:
    """Return why no containers can be made here, as a sentence; "" if they can."""
    if os.geteuid() != 0:
        return "Only root can build and run containers here."
    if missing := [tool for tool in TOOLS if not shutil.which(tool, path=_PATH)]:
        return f"Missing: {', '.join(missing)}. Run: apt-get install {' '.join(PACKAGES)}"
    return ""


class Host:
    """What runs containers; see the module."""

    def __init__(self, folder: Path, leader: int) -> None:
        self.folder = folder
        self.leader = leader
        self.socket = folder / "podman.sock"

    def build(self, containerfile: Path, context: Path, tag: str, *options: str) -> None:
        """Build an image, each step in a container of its own; raises CommandFailed with what it printed."""
        limits = ["--ulimit", "nofile=16384:16384", "--ulimit", "nproc=4096:4096"]
        command = [
            "buildah",
            *self._store(),
            "build",
            "--isolation",
            "oci",
            "--network",
            "host",
            "--pull-never",
            *limits,
        ]
        command += ["--format", "docker", "--tag", tag, *options, "--file", str(containerfile), str(context)]
        self.run(*command, network=False)

    def podman(self, *arguments: str, **options: Any) -> str:
        """Run podman; return what it printed."""
        return self.run("podman", *self._store(), *arguments, **options)

    def compose(self, *arguments: str, **options: Any) -> str:
        """Run docker-compose against this host; return what it printed."""
        with self._service():
            return self.run("docker-compose", *arguments, **options)

    def run(
        self,
        *command: str,
        network: bool = True,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = COMMAND_SECONDS,
    ) -> str:
        """Run a command of this machine among the host's addresses and mounts; return what it printed, errors too.

        Without `network` it has this machine's addresses, by which packages are downloaded. Raises CommandFailed.
        """
        done = subprocess.run(
            [*self._enter(network), *command],
            env={**self._environment(), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check and done.returncode:
            raise CommandFailed(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-8000:]}")
        return done.stdout

    @contextlib.contextmanager
    def _service(self) -> Iterator[None]:
        """Answer as Docker's daemon does, while the block lasts."""
        command = ["podman", *self._store(), "system", "service", "--time=0", f"unix://{self.socket}"]
        with subprocess.Popen(
            [*self._enter(True), *command], env=self._environment(), start_new_session=True
        ) as process:
            try:
                self.run("sh", "-c", f"until [ -S {self.socket} ]; do sleep 0.1; done", timeout=60)
                yield
            finally:
                # Containers go on: each has a monitor of its own.
                process.terminate()
                process.wait(60)
                self.socket.unlink(missing_ok=True)

    def _enter(self, network: bool) -> list[str]:
        return [
            "nsenter",
            f"--target={self.leader}",
            "--mount",
            *(["--net"] if network else []),
            f"--wdns={Path.cwd()}",
        ]

    def _store(self) -> list[str]:
        return ["--root", f"{self.folder}/images", "--runroot", f"{self.folder}/run", "--storage-driver", "overlay"]

    def _environment(self) -> dict[str, str]:
        own = {"PATH": _PATH, "HOME": str(self.folder), "LANG": "C.UTF-8", "TMPDIR": f"{self.folder}/tmp"}
        engine = {"CONTAINERS_CONF": f"{self.folder}/containers.conf", "PODMAN_IGNORE_CGROUPSV1_WARNING": "1"}
        return {**own, **engine, "DOCKER_HOST": f"unix://{self.socket}"}


@contextlib.contextmanager
def container_host() -> Iterator[Host]:
    """Make a host with one image, `BASE`; yields it. RuntimeError when it does not start."""
    folder = Path(tempfile.mkdtemp(prefix="console-containers-"))
    (folder / "tmp").mkdir()
    (folder / "containers.conf").write_text(CONFIGURATION.format(folder=folder))
    command = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--net", "bash", str(HERE / "containers.sh")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        if not process.stdout or process.stdout.readline() != "ready\n":
            raise RuntimeError("The namespaces for containers could not be made")
        host = Host(folder, process.pid)
        _make_base(host)
        yield host
        host.podman("rm", "--all", "--force", "--time", "2")
    finally:
        kill(process)
        shutil.rmtree(folder)


def _make_base(host: Host) -> None:
    """Make the image of Debian that registries have under that name, which reaches packages as this machine does."""
    with tempfile.TemporaryDirectory(dir=host.folder) as temporary:
        root = Path(temporary)
        devices = ["--exclude=./dev/*", "--numeric-owner"]
        subprocess.run(["tar", "-xf", base_of([]), "-C", root, *devices], check=True)
        take_over(root)
        # The npm of a wheel has no folder for the settings of all users.
        for_all, own = root / "etc/npmrc", root / "root/.npmrc"
        if for_all.exists():
            own.write_text((own.read_text() if own.exists() else "") + "\n" + for_all.read_text())
        subprocess.run(["tar", "-cf", f"{root}.tar", "-C", root, *devices, "."], check=True)
    host.podman("import", f"{root}.tar", BASE)
    Path(f"{root}.tar").unlink()

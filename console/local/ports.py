"""Whether a port is free: `python console/local/ports.py HOST PORT`, before anything is installed.

So it imports the standard library and nothing else.
"""

import contextlib
import errno
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

LISTENING = "0A"
LAST = 65535


def trouble(host: str, port: int) -> str:
    """Return why nobody can listen on `port`, and what to do, as sentences; "" where one can."""
    if not 0 < port <= LAST:
        return f"PORT must be a number from 1 to {LAST}, for example: PORT=8000 make run"
    for address in _listens(host):
        if error := _refusal(address, port):
            is_taken = error.errno == errno.EADDRINUSE
            reason = f"is taken by {owner(port)}" if is_taken else f"can't be used ({error.strerror})"
            return f"Port {port} {reason}. Choose another: PORT={_free_beside(host, port)} make run"
    return ""


def owner(port: int) -> str:
    """Return who listens on `port`, where this system tells us: another person's process has no number for us."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    for process in Path("/proc").glob("[0-9]*") if sockets else ():
        with contextlib.suppress(OSError):
            if any(str(link.readlink()) in sockets for link in (process / "fd").iterdir()):
                return f"process {process.name} ({_command(process)})"
    return "another program"


def _listens(host: str) -> tuple[str, ...]:
    """Return what has to be free: browsers try ::1 first for localhost, and would find a stranger there."""
    return (host, "::1") if host == "127.0.0.1" else (host,)


def _refusal(address: str, port: int) -> OSError | None:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return None if address == "::1" and error.errno != errno.EADDRINUSE else error
    return None


def _free_beside(host: str, port: int) -> int:
    """Return the next port that is free, and has a free one beside it for the gateway of the demo."""
    from_here = range(port + 1, min(port + 100, LAST))
    free = (one for one in from_here if not any(_refusal(host, each) for each in (one, one + 1)))
    return next(free, 8000)


def _inodes(port: int) -> Iterator[str]:
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                _number, local, _remote, state, *rest = line.split()
                if state == LISTENING and int(local.rpartition(":")[2], 16) == port:
                    yield rest[5]


def _command(process: Path) -> str:
    program, *arguments = (process / "cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    return " ".join([Path(program).name, *arguments])[:60]


if __name__ == "__main__":
    wanted = sys.argv[2]
    sys.exit(trouble(sys.argv[1], int(wanted) if wanted.isdecimal() else 0) or 0)

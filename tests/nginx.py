"""Debian's nginx with the configuration that we ship, in front of servers of a test."""

from __future__ import annotations

import contextlib
import getpass
import re
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.local.addresses import PROJECT
from tests.processes import free_port, running, wait_until_listens

SHIPPED = PROJECT / "deploy" / "nginx"
HOST = "console.example.com"
ADDRESS = "127.0.0.1"  # of nginx, as the console sees it
# The settings of its servers.
ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "tests.production_settings",
    "ALLOWED_HOSTS": HOST,
    "BASE_URL": f"https://{HOST}",
    "TRUSTED_PROXIES": f"{ADDRESS}/32",
    "PACKAGE_ACCEL_PREFIX": "/packages/",
}


def executable() -> str | None:
    """Return where nginx is; Debian keeps it out of an ordinary user's path."""
    return shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


@contextlib.contextmanager
def nginx(
    folder: Path,
    *,
    web: int | Sequence[int],
    devices: int | Sequence[int],
    packages: Path | None = None,
    bucket: str = "",
    host: str = HOST,
    most: int = 1000,
) -> Iterator[tuple[int, int]]:
    """Run it in a new folder, before the servers on these ports; yields the ports for HTTPS and HTTP.

    `bucket` is the address of an S3 server that has the packages; `most` requests of an address are served at a time.
    """
    for name in ("log", "temp", "data/static"):
        (folder / name).mkdir(parents=True)
    if packages:
        (folder / "data" / "packages").symlink_to(packages)
    _make_certificate(folder, host)
    https, http = free_port(), free_port()
    _write_main(folder)
    ports = {"listen 80 ": f"listen {ADDRESS}:{http} ", "listen 443 ": f"listen {ADDRESS}:{https} "}
    upstreams = {"server 127.0.0.1:8000;": _servers(web), "server 127.0.0.1:8001;": _servers(devices)}
    limit = {"limit_conn console_clients 1000;": f"limit_conn console_clients {most};"}
    _write_ours(folder, {**ports, **upstreams, **limit, HOST: host})
    if bucket:
        _write_bucket(folder, bucket)
    command = [str(executable()), "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/log/error.log"]
    with running([*command, "-g", "daemon off;"]) as process:
        wait_until_listens(process, https, f"nginx, see {folder}/log/error.log,")
        yield https, http


def _servers(ports: int | Sequence[int]) -> str:
    """Write one line for each server of an upstream."""
    return "\n    ".join(f"server 127.0.0.1:{port};" for port in ([ports] if isinstance(ports, int) else ports))


def _write_main(folder: Path) -> None:
    """Write nginx.conf, for the user who runs the test."""
    main = (SHIPPED / "nginx.conf").read_text()
    main = main.replace("user www-data;", f"user {getpass.getuser()};").replace("/run/nginx.pid", f"{folder}/pid")
    main = main.replace("/etc/nginx/console.conf", f"{folder}/console.conf").replace("/var/log/nginx", f"{folder}/log")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"    {kind}_temp_path {folder}/temp/{kind};\n" for kind in kinds)
    (folder / "nginx.conf").write_text(main.replace("http {\n", f"http {{\n{temporary}"))


def _write_ours(folder: Path, changes: dict[str, str]) -> None:
    """Write console.conf, with what an operator changes."""
    ours = re.sub(r"\n *listen \[::\].*", "", (SHIPPED / "console.conf").read_text())
    folders: dict[str, Path] = {
        "/etc/nginx/console.d": folder / "console.d",
        "/etc/ssl/console": folder,
        "/var/lib/console": folder / "data",
        "/var/log/nginx": folder / "log",
    }
    for there, here in {**changes, **folders}.items():
        assert there in ours, there
        ours = ours.replace(there, str(here))
    (folder / "console.conf").write_text(ours)


def _write_bucket(folder: Path, bucket: str) -> None:
    """Write object-storage.conf, with what an operator changes."""
    ours = (SHIPPED / "object-storage.conf").read_text()
    changes = {
        "https://s3.example.com": bucket,
        "s3.example.com": urlsplit(bucket).netloc,
        "/var/log/nginx": folder / "log",
    }
    for there, here in changes.items():
        assert there in ours, there
        ours = ours.replace(there, str(here))
    (folder / "console.d").mkdir()
    (folder / "console.d" / "object-storage.conf").write_text(ours)


def _make_certificate(folder: Path, host: str) -> None:
    """Write one that nobody signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )

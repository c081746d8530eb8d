"""Which console, by which token, for which mini program: from options, the environment, files and `mpc login`."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from mpc.failures import NoAccess, Usage

NUMBER = re.compile(r"(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})\.(0|[1-9]\d{0,3})")
NEXT, NEWEST = WORDS = ("next", "newest")  # in place of a number: for an upload, and for what comes after it
LOGIN = "mpc login"  # a source of tokens
APP_ID = re.compile(r"mp[a-z0-9]{14}")
TOKEN = re.compile(r"mpc_[\x21-\x7e]+")


@dataclass(frozen=True)
class Access:
    """A console, and the token for it; `source` says where that is from."""

    url: str
    token: str
    source: str


def console_url(given: str = "") -> str:
    """Return the console's address: the option, MPC_URL, or where `mpc login` signed in last. Raises Usage."""
    url = given or os.environ.get("MPC_URL", "") or _kept().get("default", "")
    if not url:
        raise Usage("Which console? Set MPC_URL, or sign in: mpc login https://console.example.com")
    return checked_url(url)


def checked_url(url: str) -> str:
    """Return the address without its path; raises Usage for one by which a token could be read on its way."""
    wrong = Usage(f"{url} is not an address such as https://console.example.com.")
    try:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        address, host, _port = f"{parts.scheme}://{parts.netloc}", parts.hostname, parts.port
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        raise wrong from None
    if parts.scheme not in ("http", "https") or not host:
        raise wrong
    if parts.scheme == "http" and not _is_here(host):
        raise Usage(f"{url} is not encrypted, and the token would be readable on its way. Use https.")
    return address


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def access(url: str = "", *, key_file: Path | None = None, app_id: str = "", robot: int = 1, folder: Path) -> Access:
    """Return the token to use: MPC_TOKEN, the key file, or that of `mpc login`. Raises NoAccess, Usage."""
    address = console_url(url)
    if token := os.environ.get("MPC_TOKEN", "").strip():
        if not TOKEN.fullmatch(token):
            raise Usage("MPC_TOKEN is not a token of the console: one line that begins with mpc_.")
        return Access(address, token, "MPC_TOKEN")
    if file := _key_file(key_file, app_id, robot, folder):
        return Access(address, _read_key(file), str(file))
    if kept := _kept().get("consoles", {}).get(address):
        return Access(address, kept["token"], LOGIN)
    raise NoAccess(
        f"Not signed in at {address}. Set MPC_TOKEN, name a key file with --pkp, or run: mpc login {address}"
    )


def _key_file(named: Path | None, app_id: str, robot: int, folder: Path) -> Path | None:
    """Return the file that holds the robot's token: the named one, or what lies beside the project."""
    if named:
        return named
    if not app_id:
        return None
    names = [f"private.{app_id}.{robot}.key"] + ([f"private.{app_id}.key"] if robot == 1 else [])
    found = (place / name for place in (folder if folder.is_dir() else folder.parent, Path.cwd()) for name in names)
    file = next(filter(Path.is_file, found), None)
    if file is None and robot != 1:
        raise Usage(f"Robot {robot} has no key file: {names[0]} is neither beside the project nor here.")
    return file


def _read_key(file: Path) -> str:
    try:
        token = file.read_text(encoding="utf-8-sig").strip()
    except (OSError, ValueError) as error:
        raise Usage(f"{file} can't be read: {error}") from None
    if not TOKEN.fullmatch(token):
        raise Usage(f"{file} is not a key file: it should hold a token of the console, mpc_…")
    return token


# What `mpc login` keeps ----------------------------------------------------------------------------------------------


def credentials_file() -> Path:
    """Return where tokens are kept, readable by their owner alone."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "mpc" / "credentials.json"


def _kept() -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(credentials_file().read_text(encoding="utf-8"))
        return found
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Usage(f"{credentials_file()} can't be read: {error}") from None


def kept_token(url: str) -> str:
    """Return the token of `mpc login` for a console; empty without one."""
    return str(_kept().get("consoles", {}).get(url, {}).get("token", ""))


def keep(url: str, entry: dict[str, Any]) -> None:
    """Keep a token, and use its console from now on."""
    content = _kept()
    _write({"default": url, "consoles": {**content.get("consoles", {}), url: entry}})


def forget(url: str) -> None:
    """Forget the token of a console."""
    consoles = {name: entry for name, entry in _kept().get("consoles", {}).items() if name != url}
    _write({"default": next(iter(consoles), ""), "consoles": consoles})


def _write(content: dict[str, Any]) -> None:
    """Replace the file, which nobody else can read from its first byte on."""
    file = credentials_file()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as target:
        json.dump(content, target, indent=2)
    part.replace(file)


# The project ---------------------------------------------------------------------------------------------------------


def read_json(file: Path) -> dict[str, Any]:
    """Return a JSON object; empty where there is no such file. Raises Usage."""
    try:
        found = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise Usage(f"{file} can't be read: {error}") from None
    if not isinstance(found, dict):
        raise Usage(f"{file} is not a JSON object.")
    return found


def project_config(folder: Path) -> dict[str, Any]:
    """Return the project's configuration; empty for a packed one."""
    return read_json(folder / "project.config.json") if folder.is_dir() else {}


def app_id_of(given: str, folder: Path) -> str:
    """Return the App ID: the option, MPC_APP_ID, or the project's own where it is one of a console; else empty.

    Raises Usage for one of the first two that is none.
    """
    if app_id := (given or os.environ.get("MPC_APP_ID", "")).strip():
        if not APP_ID.fullmatch(app_id):
            raise Usage(f"{app_id} is no App ID of a console: mp and 14 letters and digits.")
        return app_id
    own = str(project_config(folder).get("appid", ""))
    return own if APP_ID.fullmatch(own) else ""


def version_of(given: str, folder: Path) -> str:
    """Return the version number: the option, MPC_VERSION, or that of package.json; else empty. Raises Usage."""
    number, source = given or os.environ.get("MPC_VERSION", ""), "The version"
    if not number:
        for place in (folder, Path.cwd()):
            if place.is_dir() and (number := str(read_json(place / "package.json").get("version", ""))):
                source = str(place / "package.json")
                break
    if number and number not in WORDS and not NUMBER.fullmatch(number):
        raise Usage(f"{source} is {number}. A version is three numbers from 0 to 9999: --uv 1.10.0")
    return number

"""`mpc verify`: whether a file is the package that the console signed, for developers of host apps. Asks nobody.

The signature is Ed25519 over five lines, each with a line feed at its end: `mini-program-package-v1`, App ID, version,
SHA-256 and size of the file. The public keys are in the host app's configuration file.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Annotated, Any

import typer
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mpc import show
from mpc.config import read_json
from mpc.failures import Refused, Usage
from mpc.options import Json


def verify(
    file: Annotated[Path, typer.Argument(help="The package, such as an offline package.")],
    configuration: Annotated[Path, typer.Option("--configuration", help="The host app's configuration file.")],
    appid: Annotated[str, typer.Option("--appid", help="App ID. [FILE.json]")] = "",
    uv: Annotated[str, typer.Option("--uv", help="Version. [FILE.json]")] = "",
    signature: Annotated[str, typer.Option("--signature", help="KEY:BASE64 …, as the console shows it.")] = "",
    details: Annotated[
        Path | None, typer.Option("--details", help="What mpc offline download wrote, or an update's answer.")
    ] = None,
    json: Json = False,
) -> None:
    """Check who signed a package, and that it is the one that was signed."""
    keys, application = _keys(configuration)
    told = _told(details or file.with_name(f"{file.name}.json"), named=details is not None)
    app_id, version = appid or told.get("app_id", ""), uv or told.get("version", "")
    signatures = signature or _signature(told, application)
    if not (app_id and version and signatures):
        raise Usage("App ID, version and signature are needed: by options, or by --details FILE.")
    key_id = signed_by(file, app_id=app_id, version=version, signatures=signatures, keys=keys)
    facts = {"file": str(file), "app_id": app_id, "version": version, "key_id": key_id}
    show.result(facts, lambda: show.line(f"{file} is version {version} of {app_id}, signed by {key_id}.", "green"))


def signed_by(file: Path, *, app_id: str, version: str, signatures: str, keys: dict[str, bytes]) -> str:
    """Return the id of a key of `keys` that signed this very file as this version; raises Refused.

    One right signature is enough: others are by keys that another build of the host app knows.
    """
    found = dict(one.split(":", 1) for one in signatures.split() if ":" in one)
    known = [key_id for key_id in found if key_id in keys]
    if not known:
        raise Refused("No key in the configuration file signed this package.")
    with file.open("rb") as content:
        sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    said = f"mini-program-package-v1\n{app_id}\n{version}\n{sha256}\n{file.stat().st_size}\n".encode()
    for key_id in known:
        try:
            signature = base64.b64decode(found[key_id], validate=True)
            Ed25519PublicKey.from_public_bytes(keys[key_id]).verify(signature, said)
        except (ValueError, InvalidSignature):
            continue
        return key_id
    raise Refused(f"The signature does not match: this file is not version {version} of {app_id}.")


def _keys(configuration: Path) -> tuple[dict[str, bytes], str]:
    """Return the public keys by id, and the host app's id."""
    content = read_json(configuration)
    try:
        keys = {one["key_id"]: base64.b64decode(one["public_key"], validate=True) for one in content["signing_keys"]}
        for key in keys.values():
            Ed25519PublicKey.from_public_bytes(key)
    except (KeyError, TypeError, ValueError) as error:
        raise Usage(f"{configuration} is not a configuration file: {error!r}") from None
    return keys, str(content.get("application_id", ""))


def _told(details: Path, *, named: bool) -> dict[str, Any]:
    """Return what a file says of the package; empty where there is none and none was named."""
    if not named and not details.is_file():
        return {}
    if named and not details.is_file():
        raise Usage(f"{details} is not there.")
    return read_json(details)


def _signature(told: dict[str, Any], application: str) -> str:
    """Return the signatures for the host app: of an offline package's details, or of an update's answer."""
    if isinstance(package := told.get("package"), dict):
        return str(package.get("signature", ""))
    rows = [row for row in told.get("signatures") or [] if isinstance(row, dict)]
    return next((str(row["signature"]) for row in rows if _application_of(row) == application), "")


def _application_of(row: dict[str, Any]) -> str:
    application = row.get("application")
    return str(application.get("application_id", "")) if isinstance(application, dict) else ""

"""`mpc upload` and `mpc preview`: what miniprogram-ci does, for a console."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, BinaryIO, Literal

import httpx
import typer

from mpc import show
from mpc.api import REPLAYED, Api
from mpc.config import APP_ID, NEWEST, project_config
from mpc.failures import NoAccess, Usage
from mpc.options import Notes, Number, Project, about_project
from mpc.packing import Packed, package
from mpc.qr import draw, save, uri

# Where GitHub Actions, GitLab CI and Jenkins say what is built.
BRANCH = ("GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME", "GIT_BRANCH")
COMMIT = ("GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")
Format = Literal["terminal", "base64", "image"]


class Watched:
    """A file that says how far it was read: httpx reads it piece by piece, and again from the start when it must."""

    def __init__(self, file: BinaryIO, moved: Callable[[int], None]) -> None:
        self.file, self.moved = file, moved

    def read(self, size: int = -1) -> bytes:
        """Read on."""
        found = self.file.read(size)
        self.moved(self.file.tell())
        return found

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go elsewhere: to the end, to learn the size."""
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self.file.tell()


@about_project
def upload(
    found: Project,
    uv: Number = "",
    ud: Notes = "",
) -> None:
    """Pack the project and upload it as a new version."""
    version, replayed = store(found, found.next_version(uv), ud)
    show.result(version | {"replayed": replayed}, lambda: _uploaded(version, replayed))


def _uploaded(version: dict[str, Any], replayed: bool) -> None:
    words = "was uploaded before, the same package" if replayed else "uploaded"
    show.line(f"{version['number']} {words}: {show.size(version['size'])} for devices", "green")
    show.findings(version["findings"])
    show.line(version["url"])


def store(found: Project, number: str, notes: str) -> tuple[dict[str, Any], bool]:
    """Pack and upload; return the version, and whether the console had it from the same request before."""
    own = str(project_config(found.folder).get("appid", ""))
    if APP_ID.fullmatch(own) and own != found.app_id:
        raise Usage(f"project.config.json is of {own}, and this is an upload to {found.app_id}.")
    with package(found.folder) as packed:
        fields = {"number": number, "notes": notes or os.environ.get("MPC_NOTES", ""), "source": source()}
        answer = _send(found, packed, fields)
    version: dict[str, Any] = found.api.read(answer)
    return version, REPLAYED in answer.headers


def source() -> str:
    """Return branch and commit, as the pipeline names them; MPC_SOURCE says something else."""
    if named := os.environ.get("MPC_SOURCE", ""):
        return named[:100]
    told = [next(filter(None, map(os.environ.get, names)), "") for names in (BRANCH, COMMIT)]
    return ", ".join(filter(None, (told[0][:80], told[1][:12])))


def _send(found: Project, packed: Packed, fields: dict[str, str]) -> httpx.Response:
    """Send the package under a key of all that is sent: for a day, the console answers the same to it again."""
    key, path = _key(found.app_id, packed, fields), f"{found.path}/versions"
    with show.progress(f"Uploading {fields['number']}", packed.size) as moved:
        return _post(found.api, path, packed, fields, key, moved)


def _key(app_id: str, packed: Packed, fields: dict[str, str]) -> str:
    packed.file.seek(0)
    content = hashlib.file_digest(packed.file, "sha256").hexdigest()  # type: ignore[arg-type]
    return "mpc-" + hashlib.sha256(repr((app_id, fields, packed.name, content)).encode()).hexdigest()


def _post(
    api: Api, path: str, packed: Packed, fields: dict[str, str], key: str, moved: Callable[[int], None]
) -> httpx.Response:
    def send() -> httpx.Response:
        packed.file.seek(0)
        files: Any = {"file": (packed.name, Watched(packed.file, moved), "application/zip")}
        return api.client.post(path, data=fields, files=files, headers={"Idempotency-Key": key})

    return api.repeat(send)


@about_project
def preview(
    found: Project,
    uv: Number = "",
    ud: Notes = "",
    page: Annotated[str, typer.Option("--preview-page-path", help="The page that opens. [the entry page]")] = "",
    query: Annotated[str, typer.Option("--preview-search-query", help="Its query, without “?”.")] = "",
    qrcode_format: Annotated[Format, typer.Option("--qrcode-format", help="How the QR code is printed.")] = "terminal",
    qrcode_output_dest: Annotated[
        Path | None, typer.Option("--qrcode-output-dest", help="The file of the image, or of the Base64 text.")
    ] = None,
) -> None:
    """Upload the project unless that version is there, make it the trial version, and show its QR code."""
    if qrcode_format == "image" and qrcode_output_dest is None:
        raise Usage("Name the image's file: --qrcode-output-dest qr.png")
    number = found.version(uv) if uv == NEWEST else found.next_version(uv)
    if _is_there(found, number):
        show.note(f"{number} was uploaded before. Its trial opens what was uploaded then.")
    else:
        store(found, number, ud)
    trial = found.api.put(f"{found.path}/trial", {"version": number, "page": page, "query": query})
    if qrcode_output_dest and qrcode_format != "terminal":
        save(trial["link"], qrcode_format, qrcode_output_dest)
    elif qrcode_format == "base64":
        trial["qrcode"] = uri(trial["link"])
    show.result(trial, lambda: _opens(trial, draws=qrcode_format == "terminal"))


def _is_there(found: Project, number: str) -> bool:
    try:
        found.api.get(f"{found.path}/versions/{number}")
    except NoAccess as error:
        if error.status == 404:
            return False
        raise
    return True


def _opens(trial: dict[str, Any], *, draws: bool) -> None:
    query = f"?{trial['query']}" if trial["query"] else ""
    show.line(f"{trial['version']} is the trial version. It opens {trial['page']}{query}", "green")
    show.line(trial["link"])
    if draws:
        draw(trial["link"])
    elif "qrcode" in trial:
        show.line(trial["qrcode"])

"""`mpc offline`: the package of the online version, to be built into a host app."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from mpc import show
from mpc.api import Api
from mpc.failures import Away, Refused
from mpc.options import HERE, Project, about_project

app = typer.Typer(help="The package of the online version, to be built into a host app.", no_args_is_help=True)
For = Annotated[str, typer.Option("--application", help="ID of the host app that it is built into.")]


@app.command("list")
@about_project
def list_packages(
    found: Project,
) -> None:
    """Show the package, and which presets in the field are outdated."""
    listed = found.api.get(f"{found.path}/offline-packages")
    show.result(listed, lambda: _print(listed))


def _print(listed: dict[str, Any]) -> None:
    if listed["why_not"]:
        show.line(listed["why_not"], "yellow")
    for one in listed["items"]:
        show.rows(("File", "Size", "SHA-256"), [(one["file_name"], show.size(one["size"]), one["sha256"])])
    presets = [
        (one["application"]["name"], one["version"], one["state"], one["downloaded_by"], one["downloaded_at"])
        for one in listed["presets"]
    ]
    if presets:
        show.rows(("Host app", "Preset", "State", "Downloaded by", "When"), presets)


@app.command()
@about_project
def make(
    found: Project,
    application: For = "",
) -> None:
    """Show what a download for a host app would be, with its signatures."""
    one = found.api.post(f"{found.path}/offline-packages", {"application_id": application})
    show.result(one, lambda: _print({"items": [one], "presets": [], "why_not": ""}))


@app.command()
@about_project
def download(
    found: Project,
    application: For = "",
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the file.")] = HERE,
) -> None:
    """Save the package, and beside it FILE.json, with which mpc verify checks it. The console records the download."""
    listed = found.api.get(f"{found.path}/offline-packages")
    if not listed["items"]:
        raise Refused(listed["why_not"])
    one = listed["items"][0]
    output.mkdir(parents=True, exist_ok=True)
    file = output / Path(one["file_name"]).name
    path = f"{found.path}/offline-packages/{one['version']}/file"
    _fetch(found.api, path, {"application_id": application} if application else {}, file, one)
    facts = {"app_id": found.app_id, "version": one["version"], "sha256": one["sha256"], "size": one["size"]}
    details = {**facts, "signatures": one["signatures"]}
    file.with_name(f"{file.name}.json").write_text(json.dumps(details, indent=2), encoding="utf-8")
    show.result({**facts, "file": str(file)}, lambda: show.line(f"{file} ({show.size(one['size'])})", "green"))


def _fetch(api: Api, path: str, params: dict[str, str], file: Path, one: dict[str, Any]) -> None:
    """Save the file when its bytes are the announced ones; raises Failure."""
    part = file.with_name(f"{file.name}.part")

    def send() -> httpx.Response:
        with api.client.stream("GET", path, params=params) as answer:
            if answer.is_success:
                _save(answer, part, one)
            else:
                answer.read()
        return answer

    try:
        answer = api.repeat(send)
        if not answer.is_success:
            raise api.failure_of(answer)
        with part.open("rb") as saved:
            digest = hashlib.file_digest(saved, "sha256").hexdigest()
        if digest != one["sha256"]:
            raise Away(f"The download differs from what was announced: {part.stat().st_size} bytes. Try again.")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _save(answer: httpx.Response, part: Path, one: dict[str, Any]) -> None:
    """Write the body as it comes, over what an earlier try has left."""
    done = 0
    with part.open("wb") as target, show.progress(f"Downloading {one['file_name']}", one["size"]) as moved:
        for chunk in answer.iter_bytes(1 << 17):
            target.write(chunk)
            done += len(chunk)
            moved(done)

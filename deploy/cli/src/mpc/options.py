"""Options that commands share, by the names that miniprogram-ci has where it has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from mpc import show
from mpc.api import Api
from mpc.config import access, app_id_of, version_of
from mpc.failures import Usage

Json = Annotated[bool, typer.Option("--json", callback=show.use_json, help="Print JSON.")]
Url = Annotated[str, typer.Option("--url", metavar="URL", help="The console. [MPC_URL, else that of mpc login]")]
AppId = Annotated[str, typer.Option("--appid", help="App ID. [MPC_APP_ID, project.config.json, the token's own]")]
ProjectPath = Annotated[
    Path, typer.Option("--pp", "--project-path", help="The project's folder, or a package. [the current folder]")
]
KeyFile = Annotated[
    Path | None,
    typer.Option("--pkp", "--private-key-path", help="File with a robot's token. [private.APPID.key; MPC_TOKEN wins]"),
]
Robot = Annotated[
    int, typer.Option("-r", "--robot", min=1, max=30, help="Which robot: its key file is private.APPID.NUMBER.key.")
]
Number = Annotated[str, typer.Option("--uv", "--upload-version", help="Version. [MPC_VERSION, package.json]")]
Notes = Annotated[str, typer.Option("--ud", "--upload-description", help="Change notes.")]
HERE = Path()


@dataclass
class Project:
    """The mini program that a command is about, and the console to ask."""

    api: Api
    app_id: str
    folder: Path

    @property
    def path(self) -> str:
        """Where the API has it."""
        return f"/programs/{self.app_id}"

    def version(self, given: str) -> str:
        """Return the version number that is meant: named, of package.json, or else the newest upload."""
        if (number := version_of(given, self.folder)) and number != "next":
            return number
        newest = self.newest()
        if not newest:
            raise Usage("Nothing was uploaded yet. Name a version with --uv.")
        return str(newest["number"])

    def next_version(self, given: str) -> str:
        """Return the number for an upload; `next` is the one after the newest. Raises Usage without any."""
        number = version_of(given, self.folder)
        if not number:
            raise Usage("Which version? --uv 1.10.0, or --uv next for the one after the newest.")
        if number != "next":
            return number
        newest = self.newest()
        if not newest:
            return "1.0.0"
        major, minor, patch = map(int, newest["number"].split("."))
        return f"{major}.{minor}.{patch + 1}"

    def newest(self) -> dict[str, Any] | None:
        """Return the newest upload; None before the first."""
        items = self.api.get(f"{self.path}/versions", limit=1)["items"]
        return items[0] if items else None


@contextmanager
def project(
    url: str, app_id: str, folder: Path = HERE, key_file: Path | None = None, robot: int = 1
) -> Iterator[Project]:
    """Yield the mini program with the console to ask; raises Usage where nothing says which one."""
    known = app_id_of(app_id, folder)
    with Api(access(url, key_file=key_file, app_id=known, robot=robot, folder=folder)) as api:
        if not known:
            known = str(api.get("/me")["app_id"] or "")
        if not known:
            raise Usage("Which mini program? --appid mp…, or MPC_APP_ID.")
        yield Project(api, known, folder)

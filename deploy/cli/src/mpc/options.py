"""Options that commands share, by the names that miniprogram-ci has where it has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from mpc import show
from mpc.api import Api
from mpc.config import NEWEST, NEXT, access, app_id_of, version_of
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
Number = Annotated[
    str, typer.Option("--uv", "--upload-version", help="Version, next or newest. [MPC_VERSION, package.json]")
]
Notes = Annotated[str, typer.Option("--ud", "--upload-description", help="Change notes.")]
HERE = Path()
MOST = 9999  # of each part of a version number


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
        number = version_of(given, self.folder)
        if number == NEXT:
            raise Usage("“next” is for uploads. The one that was uploaded is “newest”.")
        if number not in ("", NEWEST):
            return number
        newest = self.newest()
        if not newest:
            raise Usage("Nothing was uploaded yet. Name a version with --uv.")
        return str(newest["number"])

    def next_version(self, given: str) -> str:
        """Return the number for an upload; `next` is the one after the newest. Raises Usage without any."""
        number = version_of(given, self.folder)
        if number in ("", NEWEST):
            raise Usage("Which version? --uv 1.10.0, or --uv next for the one after the newest.")
        if number != NEXT:
            return number
        newest = self.newest()
        return _after(newest["number"]) if newest else "1.0.0"

    def newest(self) -> dict[str, Any] | None:
        """Return the newest upload; None before the first."""
        items = self.api.get(f"{self.path}/versions", limit=1)["items"]
        return items[0] if items else None


def _after(number: str) -> str:
    """Return the next number, which carries as the console's page does; raises Usage after the last one."""
    major, minor, patch = map(int, number.split("."))
    if patch < MOST:
        return f"{major}.{minor}.{patch + 1}"
    if minor < MOST:
        return f"{major}.{minor + 1}.0"
    if major < MOST:
        return f"{major + 1}.0.0"
    raise Usage(f"No number follows {number}.")


@contextmanager
def project(url: str, app_id: str, folder: Path, key_file: Path | None, robot: int) -> Iterator[Project]:
    """Yield the mini program with the console to ask; raises Usage where nothing says which one."""
    known = app_id_of(app_id, folder)
    with Api(access(url, key_file=key_file, app_id=known, robot=robot, folder=folder)) as api:
        yield Project(api, known or _own_app_id(api), folder)


def _own_app_id(api: Api) -> str:
    """Return the App ID of a robot that is for one mini program; raises Usage for another token."""
    app_id = (api.get("/me")["program"] or {}).get("app_id")
    if not app_id:
        raise Usage("Which mini program? --appid mp…, or MPC_APP_ID.")
    return str(app_id)


def _common(
    appid: AppId = "", pp: ProjectPath = HERE, pkp: KeyFile = None, robot: Robot = 1, url: Url = "", json: Json = False
) -> None:
    """What every command about a mini program takes, besides its own."""


def about_project(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which project and console; it gets the `Project` before its own options."""
    hints = get_type_hints(command, include_extras=True) | get_type_hints(_common, include_extras=True)
    own = list(inspect.signature(command).parameters.values())[1:]
    common = list(inspect.signature(_common).parameters.values())

    @wraps(command)
    def run(**given: Any) -> None:
        named = {parameter.name: given.pop(parameter.name) for parameter in common}
        with project(named["url"], named["appid"], named["pp"], named["pkp"], named["robot"]) as found:
            command(found, **given)

    kind = inspect.Parameter.KEYWORD_ONLY
    parameters = [each.replace(annotation=hints[each.name], kind=kind) for each in (*own, *common)]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run

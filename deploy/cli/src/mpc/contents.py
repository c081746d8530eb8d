"""`mpc inspect`: what is in a package, before anybody is asked. The console judges; this only counts."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from mpc import show
from mpc.failures import Usage
from mpc.options import HERE, Json
from mpc.packing import package

# What devices get, by the console's rule: all else is for developers.
RUNTIME = re.compile(
    r"wxml|wxss|wxs|js|json|png|jpe?g|gif|svg|cer|crt|cert|mp3|aac|m4a|mp4|wav|ogg|silk|wasm|br|cur|ico|skel|ttf|woff2?"
    r"|webp"
)
TOOLS = re.compile(
    r"package(-lock)?\.json|npm-shrinkwrap\.json|(ts|js)config(\.[^/]+)?\.json|tslint\.json|lerna\.json"
    r"|project\.[^/]+\.json|mini\.project\.json|babel\.config\.json"
)
NOISE = {".DS_Store", "Thumbs.db", "desktop.ini"}
LIMITS = {"part": 2 << 20, "whole": 20 << 20}  # bytes; the usual ones
MOST_JSON = 1 << 20
LARGEST = 10


@dataclass
class Part:
    """The main package, whose root is empty, or a subpackage."""

    root: str
    pages: list[str] = field(default_factory=list)
    files: int = 0
    size: int = 0


def inspect(
    path: Annotated[Path, typer.Argument(help="The project's folder, or a package.")] = HERE, json: Json = False
) -> None:
    """Show what devices would get: pages, sizes by subpackage, the largest files."""
    with package(path) as packed:
        found = contents(packed.file)
    show.result(found, lambda: _print(found))


def contents(file: BinaryIO) -> dict[str, Any]:
    """Return what is in a package; raises Usage for what is none."""
    try:
        with zipfile.ZipFile(file) as archive:
            kept = [info for info in archive.infolist() if not (info.is_dir() or _is_noise(info.filename))]
            sizes = {info.filename: info.file_size for info in kept}
            top = _top(archive, sizes)
            app = _json(archive, f"{top}app.json", sizes)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Usage(f"This is no package: {error}") from None
    files = {name.removeprefix(top): size for name, size in sizes.items() if name.startswith(top)}
    pages = [str(page) for page in app.get("pages") or ()]
    parts = _parts(app, pages)
    delivered = {name: size for name, size in files.items() if _is_runtime(name, files, _static(app))}
    for name, size in delivered.items():
        part = next((one for one in parts[1:] if name.startswith(f"{one.root}/")), parts[0])
        part.files, part.size = part.files + 1, part.size + size
    largest = sorted(delivered.items(), key=lambda item: (-item[1], item[0]))[:LARGEST]
    return {
        "entry_page": str(app.get("entryPagePath") or (pages[0] if pages else "")),
        "files": len(delivered),
        "size": sum(delivered.values()),
        "left_out": len(sizes) - len(delivered),
        "packages": [vars(part) for part in parts],
        "largest": [{"name": name, "size": size} for name, size in largest],
    }


def _is_noise(name: str) -> bool:
    """Whether macOS or Windows has added the file, by the console's rule: it does not count there."""
    segments = name.split("/")
    return segments[-1] in NOISE or segments[-1].startswith("._") or "__MACOSX" in segments[:2]


def _top(archive: zipfile.ZipFile, sizes: dict[str, int]) -> str:
    """Return the folder that the program is in, with a slash at its end: by miniprogramRoot, within a wrapping one."""
    firsts = {name.split("/", 1)[0] for name in sizes}
    wrapped = f"{next(iter(firsts))}/" if len(firsts) == 1 and all("/" in name for name in sizes) else ""
    config = f"{wrapped}project.config.json"
    named = str(_json(archive, config, sizes).get("miniprogramRoot") or "") if config in sizes else ""
    root = f"{wrapped}{named.removeprefix('./').strip('/')}/" if named.strip("./") else wrapped
    top = root if f"{root}app.json" in sizes else wrapped
    if f"{top}app.json" not in sizes:
        raise Usage("The package has no app.json.")
    return top


def _json(archive: zipfile.ZipFile, name: str, sizes: dict[str, int]) -> dict[str, Any]:
    if sizes[name] > MOST_JSON:
        raise Usage(f"{name} is larger than 1 MB.")
    try:
        found = json.loads(archive.read(name).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Usage(f"{name} can't be read: {error}") from None
    return found if isinstance(found, dict) else {}


def _parts(app: dict[str, Any], pages: list[str]) -> list[Part]:
    """Return the main package and the subpackages."""
    parts = [Part("", pages)]
    for one in app.get("subpackages") or app.get("subPackages") or []:
        if isinstance(one, dict) and (root := str(one.get("root", "")).strip("/")):
            parts.append(Part(root, [f"{root}/{page}" for page in one.get("pages") or []]))
    return parts


def _static(app: dict[str, Any]) -> tuple[str, ...]:
    named = app.get("staticPath") or []
    return tuple(f"{str(one).strip('/')}/" for one in (named if isinstance(named, list) else [named]))


def _is_runtime(name: str, files: dict[str, int], static: tuple[str, ...]) -> bool:
    if static and name.startswith(static):
        return True
    folders = name.split("/")
    if "node_modules" in folders or any(part.startswith(".") for part in folders):
        return False
    if TOOLS.fullmatch(folders[-1]) and f"{name.removesuffix('.json')}.wxml" not in files:
        return False
    return "." in folders[-1] and bool(RUNTIME.fullmatch(folders[-1].rpartition(".")[2].lower()))


def _print(found: dict[str, Any]) -> None:
    lines = [
        (part["root"] or "main package", len(part["pages"]), part["files"], _over(part["size"], LIMITS["part"]))
        for part in found["packages"]
    ]
    whole = (sum(line[1] for line in lines), found["files"], _over(found["size"], LIMITS["whole"]))
    show.rows(("Package", "Pages", "Files", "Size"), [*lines, ("all", *whole)])
    show.line(f"Opens {found['entry_page']}. {found['left_out']} files are for developers and stay here.")
    show.rows(("Largest file", "Size"), [(one["name"], show.size(one["size"])) for one in found["largest"]])


def _over(size: int, limit: int) -> str:
    return show.size(size) + (f" — over {show.size(limit)}" if size > limit else "")

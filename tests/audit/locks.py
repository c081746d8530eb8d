"""What the lock files pin, and where they disagree with what pyproject.toml and package.json ask for."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

# The extras that each lock of pyproject.toml is made with, the smallest first: see `make lock`.
PYTHON_LOCKS: dict[str, tuple[str, ...]] = {
    "requirements.txt": (),
    "requirements-local.txt": ("local",),
    "requirements-dev.txt": ("local", "dev"),
}
OTHER_LOCKS = (
    "requirements-node.txt",
    "requirements-clickhouse.txt",
    "requirements-s3.txt",
    "requirements-image.txt",
    "requirements-deploy.txt",
)
NPM_LOCK = "package-lock.json"

_PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)(.*?)(?=^[A-Za-z0-9]|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, order=True)
class Pin:
    """One package of a lock file; `ecosystem` is PyPI or npm, as advisories name them."""

    ecosystem: str
    name: str
    version: str
    locks: tuple[str, ...] = ()


def read(root: Path) -> list[Pin]:
    """Return every pinned package once, sorted, each with the lock files that name it."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for lock in (*PYTHON_LOCKS, *OTHER_LOCKS):
        for name, version, _hashed in python_pins(root / lock):
            found.setdefault(("PyPI", name, version), []).append(lock)
    for name, version, _hashed in npm_pins(root / NPM_LOCK):
        found.setdefault(("npm", name, version), []).append(NPM_LOCK)
    return sorted(Pin(*key, locks=tuple(locks)) for key, locks in found.items())


def python_pins(lock: Path) -> Iterator[tuple[str, str, bool]]:
    """Return (name, version, whether a hash stands beside it) for each pin of a requirements file."""
    for name, version, rest in _PIN.findall(lock.read_text()):
        yield canonicalize_name(name), version, "--hash=sha256:" in rest


def npm_pins(lock: Path) -> Iterator[tuple[str, str, bool]]:
    """Return (name, version, whether a hash stands beside it) for each package of a package-lock.json."""
    for path, package in json.loads(lock.read_text())["packages"].items():
        if path and not package.get("link"):
            yield path.rpartition("node_modules/")[2], package["version"], "integrity" in package


def declared(root: Path, extras: tuple[str, ...] = ("local", "dev", "clickhouse")) -> dict[str, Requirement]:
    """Return what pyproject.toml asks for, by canonical name."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    optional = project.get("optional-dependencies", {})
    texts = [*project["dependencies"], *(text for extra in extras for text in optional.get(extra, ()))]
    return {canonicalize_name(wanted.name): wanted for wanted in map(Requirement, texts)}


def mismatches(root: Path) -> list[str]:
    """Return, as sentences, what is not pinned as it is asked for, pinned in two ways, or has no hash.

    What only a resolver can tell is left to `make lock`: whether a pin that nobody declares is still needed.
    """
    return [*_python_mismatches(root), *_npm_mismatches(root)]


def _python_mismatches(root: Path) -> Iterator[str]:
    wider: dict[str, set[str]] = {}
    for lock, extras in reversed(PYTHON_LOCKS.items()):
        pins: dict[str, set[str]] = {}
        for name, version, hashed in python_pins(root / lock):
            pins.setdefault(name, set()).add(version)
            if not hashed:
                yield f"{lock}: {name} {version} has no hash."
        for name, wanted in declared(root, extras).items():
            versions = pins.get(name, set())
            if not versions:
                yield f"{lock}: {name} is missing, and pyproject.toml asks for it."
            for version in sorted(versions):
                if not wanted.specifier.contains(Version(version), prereleases=True):
                    yield f"{lock}: {name} is {version}, and pyproject.toml asks for {wanted.specifier}."
        if wider:
            for name in sorted(name for name, versions in pins.items() if not versions <= wider.get(name, set())):
                yield f"{lock}: {name} is pinned otherwise in the lock that holds more."
        wider = pins


def _npm_mismatches(root: Path) -> Iterator[str]:
    asked = _asked_of_npm(json.loads((root / "package.json").read_text()))
    locked = _asked_of_npm(json.loads((root / NPM_LOCK).read_text())["packages"][""])
    for name in sorted({*asked, *locked}):
        if asked.get(name) != locked.get(name):
            yield (
                f"{NPM_LOCK}: {name} was locked for {locked.get(name, 'nobody')},"
                f" and package.json asks for {asked.get(name, 'no such package')}."
            )
    for name, version, hashed in npm_pins(root / NPM_LOCK):
        if not hashed:
            yield f"{NPM_LOCK}: {name} {version} has no hash."


def _asked_of_npm(package: dict[str, dict[str, str]]) -> dict[str, str]:
    return {**package.get("dependencies", {}), **package.get("devDependencies", {})}

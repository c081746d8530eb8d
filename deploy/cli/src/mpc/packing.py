"""Packs a project's folder as the console takes it: the program at the top, names in order, equal files equal bytes."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from mpc import show
from mpc.config import project_config
from mpc.failures import Usage

# Never packed, whatever packOptions say: packages of the build, hidden files, and the keys of robots.
NEVER = ("node_modules", ".*", "private.*.key", "project.private.config.json", "Thumbs.db")
NAMED = 5  # links, in a note
DATE = (1980, 1, 1, 0, 0, 0)
Rule = Callable[[str], bool]


@dataclass
class Packed:
    """A package, ready to be read; `left_out` are files that the project's packOptions ignore."""

    file: BinaryIO
    name: str
    size: int
    files: int = 0
    left_out: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # which lead out of the program's folder, in a circle, or nowhere


def root_of(folder: Path) -> Path:
    """Return where the program is, by miniprogramRoot; raises Usage where there is none."""
    named = str(project_config(folder).get("miniprogramRoot") or ".")
    root = (folder / named).resolve()
    if not root.is_relative_to(folder.resolve()):
        raise Usage(f"miniprogramRoot in {folder / 'project.config.json'} leads out of the project: {named}")
    if not (root / "app.json").is_file():
        raise Usage(f"{root} has no app.json. Build the project first, or name its folder with --pp.")
    return root


@contextmanager
def package(project: Path) -> Iterator[Packed]:
    """Pack a project's folder, or take a package as it is; raises Usage."""
    if project.is_file():
        with project.open("rb") as file:
            yield Packed(file, project.name, project.stat().st_size)
        return
    if not project.is_dir():
        raise Usage(f"{project} is neither a folder nor a package.")
    with tempfile.TemporaryFile() as target:
        packed = Packed(target, "package.zip", 0)
        _write(root_of(project), _rules(project), packed)
        _say_what_stays(packed)
        packed.size = target.tell()
        target.seek(0)
        yield packed


def _say_what_stays(packed: Packed) -> None:
    if packed.links:
        more = f" and {len(packed.links) - NAMED} more" if len(packed.links) > NAMED else ""
        words = "Left out, as links lead out of the program's folder, in a circle, or nowhere"
        show.note(f"{words}: {', '.join(sorted(packed.links)[:NAMED])}{more}")
    if packed.left_out:
        show.note(f"packOptions leave out {len(packed.left_out)} files.")


def _write(root: Path, ignores: Rule, packed: Packed) -> None:
    with zipfile.ZipFile(packed.file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, path in files_of(root, packed.links):
            if ignores(name):
                packed.left_out.append(name)
                continue
            _check_name(name)
            info = zipfile.ZipInfo(name, DATE)
            info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            info.file_size = path.stat().st_size
            with path.open("rb") as content, archive.open(info, "w") as entry:
                shutil.copyfileobj(content, entry, 1 << 17)
            packed.files += 1


def _check_name(name: str) -> None:
    try:
        name.encode()
    except UnicodeEncodeError:
        raise Usage(f"The name of a file is not UTF-8: {os.fsencode(name)!r}. Rename it.") from None


def files_of(root: Path, links: list[str]) -> list[tuple[str, Path]]:
    """Return the files below a folder by name, without what is never packed; links that stay behind go to `links`."""
    found = []

    def is_packed(path: Path) -> bool:
        if _is_never(path.name):
            return False
        if path.is_symlink() and not _stays_within(path, root):
            links.append(path.relative_to(root).as_posix())
            return False
        return True

    for place, folders, names in os.walk(root, followlinks=True):
        folders[:] = [name for name in folders if is_packed(Path(place) / name)]
        paths = [Path(place) / name for name in names]
        found += [(path.relative_to(root).as_posix(), path) for path in paths if is_packed(path) and path.is_file()]
    return sorted(found)


def _stays_within(link: Path, root: Path) -> bool:
    """Whether a link leads to something below a folder that is packed.

    Not back to what it is in, where it would never end; nor, in a linked folder, to another one: folders that link to
    each other would be there in each order.
    """
    target = Path(os.path.realpath(link))
    if not (target.exists() and target.is_relative_to(root)) or any(map(_is_never, target.relative_to(root).parts)):
        return False
    inside = [folder for folder in link.parents if folder.is_relative_to(root) and folder != root]
    if target.is_dir() and any(folder.is_symlink() for folder in inside):
        return False
    return str(target) not in {os.path.realpath(folder) for folder in link.parents}


def _is_never(name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in NEVER)


# packOptions of project.config.json, as WeChat documents them ------------------------------------------------------


def _rules(project: Path) -> Rule:
    """Return whether a name, relative to miniprogramRoot, is ignored; what `include` names is not."""
    options: Any = project_config(project).get("packOptions") or {}
    ignore, include = (_any_of(options.get(key) or [], key) for key in ("ignore", "include"))
    return lambda name: ignore(name) and not include(name)


def _any_of(rules: Any, key: str) -> Rule:
    if not (isinstance(rules, list) and all(isinstance(rule, dict) for rule in rules)):
        raise Usage(f"packOptions.{key} in project.config.json is a list of objects with type and value.")
    tests = [_rule(str(rule.get("type", "")), str(rule.get("value", "")), key) for rule in rules]
    return lambda name: any(test(name) for test in tests)


def _rule(kind: str, value: str, key: str) -> Rule:
    plain = value.removeprefix("./").strip("/")
    match kind.lower():
        case "folder":
            return lambda name: bool(plain) and name.startswith(f"{plain}/")
        case "file":
            return lambda name: name == plain
        case "suffix":
            return lambda name: name.endswith(value)
        case "prefix":
            return lambda name: name.rpartition("/")[2].startswith(value)
        case "regexp":
            return _compiled(value.removeprefix("/").removesuffix("/"), key).search  # type: ignore[return-value]
        case "glob":
            return _compiled(_of_glob(value.removeprefix("./")), key).fullmatch  # type: ignore[return-value]
    raise Usage(f"packOptions.{key} knows no type “{kind}”: folder, file, suffix, prefix, regexp or glob.")


def _compiled(pattern: str, key: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise Usage(f"packOptions.{key}: {pattern} is not a regular expression ({error}).") from None


GLOB = re.compile(r"\*\*/|\*\*|\*|\?|\{[^{}]*\}|.", re.DOTALL)


def _of_glob(pattern: str) -> str:
    """Return the regular expression of a glob: ** for any folders, * and ? within a name, {a,b} for either."""
    kinds = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = []
    for token in GLOB.findall(pattern):
        if token.startswith("{") and len(token) > 1:
            parts.append("(?:" + "|".join(_of_glob(each) for each in token[1:-1].split(",")) + ")")
        else:
            parts.append(kinds.get(token) or re.escape(token))
    return "".join(parts)

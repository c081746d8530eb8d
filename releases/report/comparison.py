"""What a package changes against the one that is online: which files, and what in one of them (V-9)."""

from __future__ import annotations

import base64
import logging
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from console.base.core.diff import Diff, Excerpt, excerpt, is_text, side_by_side
from releases.models import Package, Version
from releases.report import readable
from releases.rules import unreadable_package
from releases.scan.parsers import BusyError
from releases.states import VersionState

ChangeKind = Literal["added", "removed", "changed"]
IMAGES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "svg": "image/svg+xml",
    "ico": "image/x-icon",
}
IMAGE_BYTES = 1_000_000
CODE = ("js", "wxml", "wxs", "ts", "json", "wxss")
AROUND = 8

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FileChange:
    """A path and its bytes; `size_before` is None for a new file, `size` for a removed one."""

    path: str
    size: int | None
    size_before: int | None

    @property
    def kind(self) -> ChangeKind:
        """What happened to the file."""
        if self.size_before is None:
            return "added"
        return "removed" if self.size is None else "changed"


@dataclass(frozen=True)
class Comparison:
    """The files that differ, by path; and the growth of the package in bytes."""

    added: list[FileChange]
    removed: list[FileChange]
    changed: list[FileChange]
    growth: int

    @property
    def total(self) -> int:
        """How many files differ."""
        return len(self.added) + len(self.removed) + len(self.changed)

    @cached_property
    def files(self) -> list[FileChange]:
        """All of them in the order of the tree: folders before files."""
        return [row.file for row in tree([*self.added, *self.removed, *self.changed]) if row.file]

    @property
    def first(self) -> FileChange | None:
        """The file to look at first: changed code, else new code, else any."""
        by_kind = sorted(self.files, key=lambda file: ("changed", "added", "removed").index(file.kind))
        return next((file for file in by_kind if _suffix(file.path) in CODE), by_kind[0] if by_kind else None)


def base_of(version: Version) -> Version | None:
    """Return what a version is compared with (V-9): the online one, and for the online one what it came after."""
    if version.state == VersionState.ONLINE:
        release = version.releases.select_related("from_version__package").first()
        return release.from_version if release else None
    online: Version | None = version.mini_program.versions.online().select_related("package").first()
    return online


def compare(new: Package, old: Package | None) -> Comparison:
    """Compare file by file, by hash (V-9); without an old package every file is new."""
    after = {path: (size, sha256) for path, size, sha256 in new.files}
    before = {path: (size, sha256) for path, size, sha256 in old.files} if old else {}
    return Comparison(
        added=[FileChange(path, after[path][0], None) for path in after if path not in before],
        removed=[FileChange(path, None, before[path][0]) for path in before if path not in after],
        changed=[
            FileChange(path, after[path][0], before[path][0])
            for path in after
            if path in before and after[path][1] != before[path][1]
        ],
        growth=new.size - (old.size if old else 0),
    )


@dataclass(frozen=True)
class TreeRow:
    """A step through a tree: a folder opens, with the `count` of all files below it, a file, or a folder closes."""

    step: Literal["open", "file", "close"]
    name: str = ""
    count: int = 0
    file: FileChange | None = None


def tree(files: list[FileChange]) -> list[TreeRow]:
    """Return the files as a tree in reading order: folders first, a chain of folders without a fork as one."""
    return list(_rows([(file.path.split("/"), file) for file in files]))


def _rows(files: list[tuple[list[str], FileChange]]) -> Iterator[TreeRow]:
    folders: dict[str, list[tuple[list[str], FileChange]]] = {}
    here = []
    for (name, *rest), file in files:
        if rest:
            folders.setdefault(name, []).append((rest, file))
        else:
            here.append((name, file))
    for name in sorted(folders):
        label, inside = name, folders[name]
        while len({parts[0] for parts, _file in inside}) == 1 and all(len(parts) > 1 for parts, _file in inside):
            label = f"{label}/{inside[0][0][0]}"
            inside = [(parts[1:], file) for parts, file in inside]
        yield TreeRow("open", label, len(inside))
        yield from _rows(inside)
        yield TreeRow("close")
    for name, file in sorted(here, key=lambda pair: pair[0]):
        yield TreeRow("file", name, 1, file)


# One file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Side:
    """A file in one of the packages; `image` is an address that carries a picture, "" for what is none."""

    size: int
    sha256: str
    image: str


@dataclass(frozen=True)
class FileView:
    """One file before and after; `diff` is None where there are no lines to compare.

    `excerpt` shows the lines around the one that was asked for, or the text of a file that did not change. What
    `is_minified` has lines that nobody reads; where it `is_pretty`, lines are those of a pretty-printed text.
    """

    path: str
    kind: ChangeKind | Literal["same"]
    before: Side | None
    after: Side | None
    diff: Diff | None
    excerpt: Excerpt | None
    problem: str = ""
    is_minified: bool = False
    is_pretty: bool = False


def view_file(
    new: Package, old: Package | None, path: str, *, line: int = 0, as_written: bool = False
) -> FileView | None:
    """Read one file of both packages; None when neither has it. `line` counts from 1, 0 for none.

    Minified text is pretty-printed on both sides, unless it is to be seen as it was written, or too many others are
    being printed.

    While the storage fails, what the packages' lists say of it.
    """
    after, before = _listed(new, path), _listed(old, path) if old else None
    if not after and not before:
        return None
    same = after is not None and before is not None and after[1] == before[1]
    kind = "same" if same else FileChange(path, after and after[0], before and before[0]).kind
    try:
        left = read_file(old, path) if old and before and not same else b""
        right = read_file(new, path) if after else b""
    except OSError:
        logger.exception("a package can't be read: run manage.py packages verify")
        was = Side(*before, image="") if before else None
        now = Side(*after, image="") if after else None
        return FileView(path, kind, was, now, None, None, unreadable_package())
    is_image = _suffix(path) in IMAGES
    is_binary = not (is_text(left) and is_text(right)) or (is_image and _suffix(path) != "svg")
    pictures = _image(path, right if same else left) if before else "", _image(path, right)
    is_minified = not is_binary and any(map(readable.is_minified, (left, right)))
    pretty = _pretty(left, right, _suffix(path)) if is_minified and not as_written else None
    if pretty:
        (left, right), line = pretty, 0  # It counts lines as they were written.
    diff = None if is_binary or same else side_by_side(left if before else None, right if after else None)
    wanted = (line or (same and not is_image)) and after and not is_binary
    return FileView(
        path,
        kind,
        Side(*before, image=pictures[0]) if before else None,
        Side(*after, image=pictures[1]) if after else None,
        diff,
        excerpt(right, line=line, around=AROUND) if wanted else None,
        is_minified=is_minified,
        is_pretty=pretty is not None,
    )


def _pretty(left: bytes, right: bytes, suffix: str) -> tuple[bytes, bytes] | None:
    """Return both sides with more lines; None while the process prints as many scripts as it may."""
    try:
        return readable.readable(left, suffix), readable.readable(right, suffix)
    except BusyError:
        return None


def _listed(package: Package, path: str) -> tuple[int, str] | None:
    """Return size and hash of a file of the package."""
    return next(((size, sha256) for name, size, sha256 in package.files if name == path), None)


def read_file(package: Package, path: str) -> bytes:
    """Return one file of the canonical package, which was written by us: as long as its list of files says."""
    listed = _listed(package, path)
    if listed is None:
        raise KeyError(path)
    with package.file.open("rb") as file, zipfile.ZipFile(file) as archive, archive.open(path) as member:
        return member.read(listed[0])


def _image(path: str, data: bytes) -> str:
    """Return a picture as an address; in an <img>, where scripts and links of an SVG are dead."""
    kind = IMAGES.get(_suffix(path))
    if not kind or not data or len(data) > IMAGE_BYTES:
        return ""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _suffix(path: str) -> str:
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""

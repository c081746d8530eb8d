"""What a package changes against the one that is online."""

from __future__ import annotations

from dataclasses import dataclass

from releases.models import Package


@dataclass(frozen=True)
class FileChange:
    """A path and its bytes; `size_before` is None for a new file, `size` for a removed one."""

    path: str
    size: int | None
    size_before: int | None


@dataclass(frozen=True)
class Comparison:
    """The files that differ, by path; and the growth of the package in bytes and in pages."""

    added: list[FileChange]
    removed: list[FileChange]
    changed: list[FileChange]
    growth: int
    more_pages: int

    @property
    def total(self) -> int:
        """How many files differ."""
        return len(self.added) + len(self.removed) + len(self.changed)


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
        more_pages=len(new.pages) - (len(old.pages) if old else 0),
    )

"""The difference of two texts, side by side, as reviewers of code know it. Pure; bounded for any input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Literal, NamedTuple

from pygit2 import DiffHunk, Patch
from pygit2.enums import DiffOption

from console.base.core.text import visible, visible_lines

MAX_BYTES = 4_000_000
MAX_LINES = 100_000
CONTEXT = 3
BEFORE = 60
HEADING = 80
NOTHING: tuple[int, int, int] = (0, 0, 0)

PieceKind = Literal["", "changed", "cut"]
RowKind = Literal["same", "changed", "removed", "added"]


@dataclass(frozen=True)
class Piece:
    """A part of a line: the same on both sides, "changed", or the mark of what was "cut"; harmless to show."""

    text: str
    kind: PieceKind = ""


@dataclass(frozen=True)
class Line:
    """A line of one side; `number` counts from 1. `ends` is False where only the line break at the end is missing."""

    number: int
    pieces: list[Piece]
    ends: bool = True


@dataclass(frozen=True)
class Row:
    """What stands side by side; a side is None where the other has a line more."""

    kind: RowKind
    left: Line | None
    right: Line | None

    @property
    def sides(self) -> tuple[tuple[str, Line | None], tuple[str, Line | None]]:
        """Both sides under the names of HTML's elements for them."""
        return ("del", self.left), ("ins", self.right)


@dataclass(frozen=True)
class Hunk:
    """Rows around changes near each other; `first` to `last` are lines of the new text, of the old where none is left.

    `context` is the line that opens the function or block around it, when there is one.
    """

    first: int
    last: int
    context: str
    rows: list[Row]


@dataclass(frozen=True)
class Diff:
    """All differences. `more` counts the lines that are not shown; `added` and `removed` count all of them.

    A `binary` one has nothing to show: a side is not UTF-8, holds NUL, or has more than `MAX_BYTES`.
    """

    hunks: list[Hunk] = field(default_factory=list)
    added: int = 0
    removed: int = 0
    more: int = 0
    binary: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether one side is all that there is to show, as of a file that is new or gone."""
        kinds = {row.kind for hunk in self.hunks for row in hunk.rows}
        return kinds in ({"added"}, {"removed"})


@dataclass(frozen=True)
class Excerpt:
    """Lines of one text that follow each other; `line` is the one that was asked for, `more` counts those behind."""

    lines: list[Line]
    line: int
    more: int


def excerpt(text: bytes, *, line: int = 0, around: int = 8, rows: int = 1_000, width: int = 300) -> Excerpt:
    """Return the lines around one of a text (`is_text`), counted from 1; without a line its first `rows`."""
    lines = text.decode().split("\n")
    if lines[-1] == "":
        lines.pop()
    first, last = (max(line - around, 1), line + around) if line else (1, rows)
    shown = [
        Line(number, _alone(lines[number - 1].removesuffix("\r"), width))
        for number in range(first, min(last, len(lines)) + 1)
    ]
    return Excerpt(shown, line, max(len(lines) - last, 0))


def side_by_side(old: str | bytes | None, new: str | bytes | None, *, rows: int = 1_000, width: int = 300) -> Diff:
    """Compare two texts line by line; None is a text that does not exist.

    At most `rows` rows are shown, and of each line at most `width` characters: those around its change.
    """
    before, after = _bytes(old), _bytes(new)
    if not (is_text(before) and is_text(after)):
        return Diff(binary=True)
    (before, left_out), (after, left_out_too) = _bounded(before), _bounded(after)
    ids: dict[bytes, int] = {}
    old_ids, new_ids = _numbered(before, ids), _numbered(after, ids)
    patch = Patch.create_from(old_ids, new_ids, context_lines=CONTEXT, flag=DiffOption.FORCE_TEXT)
    same, added, removed = patch.line_stats if patch.hunks else NOTHING
    hunks, shown = _hunks(patch, list(ids), rows, width)
    more = same + added + removed - shown + left_out + left_out_too
    return Diff(hunks, added=added, removed=removed, more=more)


def _bytes(text: str | bytes | None) -> bytes:
    if text is None:
        return b""
    return text.encode(errors="replace") if isinstance(text, str) else text


def is_text(data: bytes) -> bool:
    """Whether it is UTF-8 without NUL, and of a size that is compared."""
    if len(data) > MAX_BYTES or b"\0" in data:
        return False
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _bounded(data: bytes) -> tuple[bytes, int]:
    """Return the first `MAX_LINES` lines, and how many follow."""
    if data.count(b"\n") <= MAX_LINES:
        return data, 0
    *kept, rest = data.split(b"\n", MAX_LINES)
    return b"\n".join([*kept, b""]), rest.count(b"\n") + (not rest.endswith(b"\n"))


def _numbered(data: bytes, ids: dict[bytes, int]) -> bytes:
    """Return a line with a number for each line of a text; `ids` holds the number of each different one.

    libgit2's hash has no key: of lines made to collide it compares each with each. Numbers of six digits never collide.
    A "$" comes first where the line may open a block, which libgit2 tells by its first character.
    """
    return b"".join(
        b"%c%06d\n" % (b"$" if line[:1].isalpha() or line[:1] in (b"_", b"$") else b"-", ids.setdefault(line, len(ids)))
        for line in BytesIO(data)
    )


def _line(numbered: str, lines: list[bytes]) -> str:
    """Return the line, with its end, that `_numbered` wrote a number for."""
    return lines[int(numbered[1:])].decode()


def _hunks(patch: Patch, lines: list[bytes], rows: int, width: int) -> tuple[list[Hunk], int]:
    """Return the hunks up to so many rows, and how many of the `lines` they show; the patch has their numbers."""
    hunks: list[Hunk] = []
    shown = 0
    for hunk in patch.hunks:
        kept = []
        for row, count in _rows(hunk, lines, width):
            if not rows:
                break
            kept.append(row)
            rows -= 1
            shown += count
        if kept:
            hunks.append(_hunk(hunk, lines, kept))
        if not rows:
            break
    return hunks, shown


def _hunk(hunk: DiffHunk, lines: list[bytes], rows: list[Row]) -> Hunk:
    first, count = (hunk.new_start, hunk.new_lines) if hunk.new_lines else (hunk.old_start, hunk.old_lines)
    opening = hunk.header.rpartition("@@")[2].strip()
    context = _line(opening, lines).strip() if opening else ""
    shown = f"{context[:HEADING]}…" if len(context) > HEADING else context
    return Hunk(first, first + count - 1, visible(shown), rows)


class _Numbered(NamedTuple):
    """A line of one side, with its end."""

    number: int
    text: str


def _rows(hunk: DiffHunk, lines: list[bytes], width: int) -> Iterator[tuple[Row, int]]:
    """Yield the rows of a hunk, each with the number of lines of the patch that it shows."""
    removed: list[_Numbered] = []
    added: list[_Numbered] = []
    for line in hunk.lines:
        if line.origin not in "-+ ":
            continue
        text = _line(line.content, lines)
        if line.origin == "-":
            removed.append(_Numbered(line.old_lineno, text))
        elif line.origin == "+":
            added.append(_Numbered(line.new_lineno, text))
        else:
            yield from _beside(removed, added, width)
            removed, added = [], []
            pieces = _alone(_without_end(text), width)
            yield Row("same", Line(line.old_lineno, pieces), Line(line.new_lineno, pieces)), 1
    yield from _beside(removed, added, width)


def _beside(removed: list[_Numbered], added: list[_Numbered], width: int) -> Iterator[tuple[Row, int]]:
    """Put what was removed beside what is there now, in order."""
    pairs = min(len(removed), len(added))
    for old, new in zip(removed, added, strict=False):
        yield _pair(old, new, width), 2
    for old in removed[pairs:]:
        yield Row("removed", Line(old.number, _alone(_without_end(old.text), width)), None), 1
    for new in added[pairs:]:
        yield Row("added", None, Line(new.number, _alone(_without_end(new.text), width))), 1


def _pair(old: _Numbered, new: _Numbered, width: int) -> Row:
    before, after = old.text, new.text
    if before.endswith("\r\n") and after.endswith("\r\n"):
        before, after = _without_end(before), _without_end(after)
    left, right = before.removesuffix("\n"), after.removesuffix("\n")
    only_end = left == right
    left_pieces, right_pieces = _changed(left, right, width)
    return Row(
        "changed",
        Line(old.number, left_pieces, ends=not only_end or before.endswith("\n")),
        Line(new.number, right_pieces, ends=not only_end or after.endswith("\n")),
    )


def _without_end(text: str) -> str:
    """Return a line without its end: what is a break of Windows is one."""
    return text.removesuffix("\n").removesuffix("\r")


def _alone(text: str, width: int) -> list[Piece]:
    return _cut([(text, "")], 0, width)


def _changed(left: str, right: str, width: int) -> tuple[list[Piece], list[Piece]]:
    """Mark what differs between the common beginning and the common end; long lines are shown around it.

    Lines with little in common are another line, not a changed one.
    """
    prefix = _common(left, right)
    suffix = _common(left[prefix:][::-1], right[prefix:][::-1])
    alike = (prefix + suffix) * 3 >= max(len(left), len(right)) and left != right
    start = max(prefix - BEFORE, 0) if prefix > width // 2 else 0
    sides = []
    for text in (left, right):
        end = len(text) - suffix
        parts: list[tuple[str, PieceKind]] = [(text[:prefix], ""), (text[prefix:end], "changed"), (text[end:], "")]
        sides.append(_cut(parts if alike else [(text, "")], start, width))
    return sides[0], sides[1]


def _common(left: str, right: str) -> int:
    """Return the length of the common beginning: halving, as comparing slices is quick."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _cut(parts: list[tuple[str, PieceKind]], start: int, width: int) -> list[Piece]:
    """Keep `width` characters from `start`, with a mark where something is left out."""
    pieces = [Piece("…", "cut")] if start else []
    position, stop = 0, start + width
    for text, kind in parts:
        if kept := text[max(start - position, 0) : max(stop - position, 0)]:
            pieces.append(Piece(visible_lines(kept), kind))
        position += len(text)
    if position > stop:
        pieces.append(Piece("…", "cut"))
    return pieces

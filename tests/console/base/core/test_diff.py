"""The side-by-side difference of two texts: rows, pairs, what changed in a line, limits, anything as input."""

import subprocess
import sys
from itertools import islice, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.base.core import diff
from console.base.core.diff import Piece, side_by_side


def plain(line):
    return None if line is None else "".join(piece.text for piece in line.pieces)


def rows(*texts, **options):
    """Each row as kind, number and text at the left, number and text at the right."""
    return [
        (
            row.kind,
            row.left and row.left.number,
            plain(row.left),
            row.right and row.right.number,
            plain(row.right),
        )
        for hunk in side_by_side(*texts, **options).hunks
        for row in hunk.rows
    ]


def test_removed_lines_stand_beside_added_ones():
    assert rows("a\nb\nc\nd\n", "a\nB\nC\nC2\nd\n") == [
        ("same", 1, "a", 1, "a"),
        ("changed", 2, "b", 2, "B"),
        ("changed", 3, "c", 3, "C"),
        ("added", None, None, 4, "C2"),
        ("same", 4, "d", 5, "d"),
    ]
    assert rows("a\nb\nc\n", "a\nC\n")[1:] == [("changed", 2, "b", 2, "C"), ("removed", 3, "c", None, None)]


@pytest.mark.parametrize(
    ("old", "new", "whole"),
    [
        (None, "a\nb\n", True),
        ("a\nb\n", None, True),
        ("a\n", "a\nb\n", False),
        ("a\n", "b\n", False),
        ("a\n", "a\n", False),
    ],
)
def test_of_a_file_that_is_new_or_gone_there_is_one_side(old, new, whole):
    assert side_by_side(old, new).is_whole is whole


def test_hunks_tell_where_and_in_what():
    old = "function load() {\n" + "".join(f"  {n}\n" for n in range(2, 40)) + "}\n"
    found = side_by_side(old, old.replace("  20\n", "  twenty\n").replace("  35\n", "")).hunks
    assert [(hunk.first, hunk.last, hunk.context) for hunk in found] == [
        (17, 23, "function load() {"),
        (32, 37, "function load() {"),
    ]


def test_what_changed_in_a_line_is_marked():
    (row,) = side_by_side("this.load(60)", "this.load(20)").hunks[0].rows
    assert row.left.pieces == [Piece("this.load("), Piece("6", "changed"), Piece("0)")]
    assert row.right.pieces == [Piece("this.load("), Piece("2", "changed"), Piece("0)")]


def test_lines_with_little_in_common_are_not_marked():
    (row,) = side_by_side("return legacy", "if (query.nearby) {").hunks[0].rows
    assert (row.left.pieces, row.right.pieces) == ([Piece("return legacy")], [Piece("if (query.nearby) {")])


@pytest.mark.parametrize(
    ("old", "new", "added", "removed"),
    [("a\nb\n", "a\n", 0, 1), (None, "a\nb\n", 2, 0), ("a\n", None, 0, 1), ("a", "a", 0, 0), (None, None, 0, 0)],
)
def test_counts(old, new, added, removed):
    found = side_by_side(old, new)
    assert (found.added, found.removed, found.more, found.binary) == (added, removed, 0, False)


def test_the_same_text_has_no_hunks():
    assert side_by_side("a\nb\n", b"a\nb\n") == diff.Diff()


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfe", b"x" * (diff.MAX_BYTES + 1)])
def test_what_is_no_text_is_not_compared(data):
    assert side_by_side(data, "a") == side_by_side("a", data) == diff.Diff(binary=True)


def test_a_missing_line_break_at_the_end_is_said():
    (row,) = side_by_side("a", "a\n").hunks[0].rows
    assert (row.left.ends, row.right.ends) == (False, True)
    (row,) = side_by_side("a", "b").hunks[0].rows
    assert (row.left.ends, row.right.ends) == (True, True)


def test_line_breaks_of_windows_show_only_where_they_changed():
    assert rows("a\r\nb\r\n", "a\r\nc\r\n") == [("same", 1, "a", 1, "a"), ("changed", 2, "b", 2, "c")]
    assert rows("a\r\n", "a\n") == [("changed", 1, "a␍", 1, "a")]


def test_what_nobody_could_see_is_shown():
    assert rows("", "a\u202eb\x1b[0m\tc") == [("added", None, None, 1, "a[U+202E]b␛[0m\tc")]


def test_only_so_many_rows():
    old, new = "".join(f"{n}\n" for n in range(100)), "".join(f"x{n}\n" for n in range(100))
    found = side_by_side(old, new, rows=10)
    assert (len(found.hunks[0].rows), found.more, found.added, found.removed) == (10, 180, 100, 100)
    spread = "".join(f"{'x' if n % 20 == 0 else ''}{n}\n" for n in range(100))
    found = side_by_side(old, spread, rows=10)
    assert sum(len(hunk.rows) for hunk in found.hunks) == 10
    assert found.more == 25


def test_only_so_many_lines(monkeypatch):
    monkeypatch.setattr(diff, "MAX_LINES", 3)
    found = side_by_side("1\n2\n3\n4\n5", "1\n2\n3\n4\n5\n6\n")
    assert (found.hunks, found.more) == ([], 5)


def test_a_long_line_is_shown_around_its_change():
    (row,) = side_by_side("a" * 1000 + "x" + "b" * 1000, "a" * 1000 + "yy" + "b" * 1000, width=100).hunks[0].rows
    assert row.right.pieces == [
        Piece("…", "cut"),
        Piece("a" * 60),
        Piece("yy", "changed"),
        Piece("b" * 38),
        Piece("…", "cut"),
    ]
    (row,) = side_by_side("", "z" * 150, width=100).hunks[0].rows
    assert row.right.pieces == [Piece("z" * 100), Piece("…", "cut")]


def alike(pairs):
    """Pairs of letters for each place of a line; whichever are taken, the lines have one hash in libgit2 (djb2)."""
    state, chosen = 5381, []
    for _ in range(pairs):
        ends = {}
        for first, second in product(range(48, 123), repeat=2):
            end = (((state * 33 % 2**64) ^ first) * 33 % 2**64) ^ second
            ends.setdefault(end, []).append(bytes([first, second]))
        state, same = max(ends.items(), key=lambda found: len(found[1]))
        chosen.append(same[:2])
    return chosen


COMPARED = """
import resource, sys
from console.base.core.diff import side_by_side
text = sys.stdin.buffer.read()
resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
found = side_by_side(text, text.replace(b"\\n", b"\\n+\\n", 1))
print(found.added, found.removed, found.hunks[0].first, found.hunks[0].last)
"""


def test_lines_that_hash_alike_take_no_longer():
    lines = [b"".join(line) for line in islice(product(*alike(17)), diff.MAX_LINES - 1)]
    assert len(set(lines)) == diff.MAX_LINES - 1
    command = [sys.executable, "-c", COMPARED]
    done = subprocess.run(command, input=b"\n".join([*lines, b""]), capture_output=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, b"1 0 1 5\n"), (
        done.stderr
    )  # Each compared with each, it takes a minute.


def test_the_line_that_opens_a_block_is_shown_whole_up_to_a_length():
    body = "".join(f"  {number}\n" for number in range(10))
    for opening, context in (
        ("$scope @@ load() {  ", "$scope @@ load() {"),
        ("界" * 40, ""),
        ("_" + "界" * 79, "_" + "界" * 79),
        ("a" * 100, "a" * 80 + "…"),
        ("a\u202eb", "a[U+202E]b"),
    ):
        old = f"{opening}\n{body}"
        (hunk,) = side_by_side(old, old.replace("8", "eight")).hunks
        assert hunk.context == context


@given(st.text(), st.text())
def test_any_two_texts(old, new):
    left = [row[2] for row in rows(old, new, rows=10_000, width=10_000) if row[0] not in ("same", "added")]
    found = side_by_side(old, new)
    assert found.binary or len(left) == found.removed


@given(st.binary(), st.binary())
def test_any_bytes(old, new):
    side_by_side(old, new, rows=3, width=3)

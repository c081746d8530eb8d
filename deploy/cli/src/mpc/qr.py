"""QR codes in a terminal and in files."""

from __future__ import annotations

from pathlib import Path

import segno
from rich.text import Text

from mpc import show

HALVES = {(0, 0): " ", (0, 1): "▄", (1, 0): "▀", (1, 1): "█"}
QUIET = 2  # modules around the code; readers ask for four, and a terminal has a margin of its own


def draw(text: str) -> None:
    """Print a QR code: two modules a character, black on white where there is colour."""
    matrix = [list(row) for row in segno.make(text, error="l").matrix_iter(border=QUIET)]
    if len(matrix) % 2:
        matrix.append([0] * len(matrix[0]))
    for upper, lower in zip(matrix[::2], matrix[1::2], strict=True):
        row = "".join(HALVES[bool(top), bool(bottom)] for top, bottom in zip(upper, lower, strict=True))
        show.out.print(Text(row, style="black on white"), soft_wrap=True)


def uri(text: str) -> str:
    """Return the code as a PNG in Base64: data:image/png;base64,…"""
    return segno.make(text, error="m").png_data_uri(scale=8)


def save(text: str, kind: str, file: Path) -> None:
    """Write the code as PNG, or as the Base64 of one, to the file."""
    if kind == "image":
        segno.make(text, error="m").save(str(file), kind="png", scale=8)
    else:
        file.write_text(uri(text), encoding="ascii")

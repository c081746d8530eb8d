"""Icons of the demo: a white shape on a gradient, drawn by us."""

from __future__ import annotations

from functools import cache
from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageColor, ImageDraw

from console.base.core.images import ICON_SIDE, encode_icon

FINE = 4  # Drawn larger, then reduced: Pillow's lines have no smooth edges.
STROKE = 1.5
FILLED = 0.72

# Shapes on a grid of 24: a line (x y x y …), a box (left top right bottom), a ring (x y radius) or an arc (x y radius
# from to, in degrees clockwise from three o'clock).
GLYPHS = {
    "anchor": "ring 12 6.5 2.2; line 12 9 12 19.5; arc 12 12 7.5 10 170; line 9 12 15 12",
    "bike": "ring 6.5 15.5 3.5; ring 17.5 15.5 3.5; line 6.5 15.5 10 9 16 9 12 15.5 6.5 15.5; line 14 6.5 16 6.5 "
    "17.5 15.5; line 8.5 7 11 7",
    "bin": "line 5 7 19 7; line 6.5 7 7.5 19 16.5 19 17.5 7; line 9.5 7 9.5 4.5 14.5 4.5 14.5 7; line 10.5 11 "
    "10.5 15; line 13.5 11 13.5 15",
    "book": "line 12 7 12 19; line 12 7 8.5 5.5 4 6 4 17.5 8.5 17 12 19 15.5 17 20 17.5 20 6 15.5 5.5 12 7",
    "bowl": "line 4 12 20 12; arc 12 12 8 0 180; line 9 5 9 8.5; line 12 4 12 8.5; line 15 5 15 8.5",
    "box": "line 12 4 19 8 19 16 12 20 5 16 5 8 12 4; line 5 8 12 12 19 8; line 12 12 12 20",
    "bus": "box 3.5 6 20.5 16.5; line 3.5 11 20.5 11; line 9 6 9 11; line 14.5 6 14.5 11; ring 7.5 17.5 1.7; "
    "ring 16.5 17.5 1.7",
    "cross": "line 9.5 4.5 14.5 4.5 14.5 9.5 19.5 9.5 19.5 14.5 14.5 14.5 14.5 19.5 9.5 19.5 9.5 14.5 4.5 14.5 4.5 "
    "9.5 9.5 9.5 9.5 4.5",
    "ferry": "line 3.5 14.5 20.5 14.5 18 19 6 19 3.5 14.5; line 11 14.5 11 4 5.5 11.5 11 11.5; line 14 7 18.5 11.5 "
    "14 11.5 14 7",
    "flower": "ring 12 12 2.5; ring 12 7 2.7; ring 16.5 9.5 2.7; ring 16.5 14.5 2.7; ring 12 17 2.7; ring 7.5 14.5 "
    "2.7; ring 7.5 9.5 2.7",
    "parking": "box 4.5 4.5 19.5 19.5; line 10 16.5 10 8 12.5 8; arc 12.5 10.2 2.2 -90 90; line 12.5 12.4 10 12.4",
    "receipt": "line 6 20 6 4.5 18 4.5 18 20 15 18 12 20 9 18 6 20; line 9.5 14 14.5 8.5; ring 9.8 9 0.8; ring 14.2 "
    "13.5 0.8",
    "ticket": "line 4 7 20 7 20 10.2; arc 20 12 1.8 90 270; line 20 13.8 20 17 4 17 4 13.8; arc 4 12 1.8 -90 90; "
    "line 4 10.2 4 7; line 14 9.5 14 14.5",
    "wallet": "line 17 8 17 5 6 5 4.5 6.5 4.5 17.5 6 19 19.5 19 19.5 8 6 8 4.5 6.5; line 19.5 11.5 15.5 11.5 14.5 "
    "13.5 15.5 15.5 19.5 15.5",
}


def draw_icon(glyph: str, top: str, bottom: str) -> ContentFile[bytes]:
    """Return an icon: `glyph` in white on a gradient from `top` to `bottom` (hex colours)."""
    return ContentFile(_drawn(glyph, top, bottom), name="icon.webp")


@cache
def _drawn(glyph: str, top: str, bottom: str) -> bytes:
    """Return the icon's bytes; each version of a program has its icon once more."""
    side = ICON_SIDE * FINE
    start, end = ImageColor.getrgb(top), ImageColor.getrgb(bottom)
    picture = Image.new("RGB", (side, side))
    draw = ImageDraw.Draw(picture)
    for y in range(side):
        colour = tuple(round(a + (b - a) * y / side) for a, b in zip(start, end, strict=True))
        draw.line([(0, y), (side, y)], fill=colour)
    for shape in GLYPHS[glyph].split("; "):
        kind, *numbers = shape.split()
        _draw(draw, kind, [float(number) for number in numbers], side / 24)
    buffer = BytesIO()
    picture.resize((ICON_SIDE, ICON_SIDE), Image.Resampling.LANCZOS).save(buffer, "PNG")
    return encode_icon(ContentFile(buffer.getvalue())).read()


def _draw(draw: ImageDraw.ImageDraw, kind: str, numbers: list[float], unit: float) -> None:
    """Draw one shape; the grid fills the middle of the icon."""
    margin, unit = 24 * unit * (1 - FILLED) / 2, unit * FILLED
    width = round(STROKE * unit)

    def at(value: float) -> float:
        return margin + value * unit

    if kind == "line":
        points = [(at(x), at(y)) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
        draw.line(points, fill="white", width=width, joint="curve")
        for x, y in (points[0], points[-1]):
            draw.circle((x, y), width / 2, fill="white")
    elif kind == "box":
        draw.rounded_rectangle([at(value) for value in numbers], 2 * unit, outline="white", width=width)
    else:
        x, y, radius, *angles = numbers
        reach = radius + STROKE / 2
        box = [at(x - reach), at(y - reach), at(x + reach), at(y + reach)]
        start, end = angles or (0, 360)
        draw.arc(box, start, end, fill="white", width=width)

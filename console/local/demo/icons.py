"""Icons of the demo: a white shape on a gradient, drawn by us."""

from __future__ import annotations

from io import BytesIO

from django.core.files.base import ContentFile
from PIL import Image, ImageColor, ImageDraw, ImageFont

from console.core.images import ICON_SIDE, encode_icon


def draw_icon(letters: str, top: str, bottom: str) -> ContentFile[bytes]:
    """Return a 256×256 icon: `letters` in white on a gradient from `top` to `bottom` (hex colours)."""
    start, end = ImageColor.getrgb(top), ImageColor.getrgb(bottom)
    picture = Image.new("RGB", (ICON_SIDE, ICON_SIDE))
    draw = ImageDraw.Draw(picture)
    for y in range(ICON_SIDE):
        share = y / ICON_SIDE
        colour = tuple(round(a + (b - a) * share) for a, b in zip(start, end, strict=True))
        draw.line([(0, y), (ICON_SIDE, y)], fill=colour)
    font = ImageFont.load_default(size=132)
    draw.text((ICON_SIDE / 2, ICON_SIDE / 2), letters, font=font, fill="white", anchor="mm")
    buffer = BytesIO()
    picture.save(buffer, "PNG")
    return encode_icon(ContentFile(buffer.getvalue()))

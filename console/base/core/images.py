"""Icons, uploaded or drawn: what we store and serve is always a picture that we encoded ourselves."""

from __future__ import annotations

from io import BytesIO
from threading import BoundedSemaphore
from typing import Any
from zlib import crc32

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageDraw, ImageFont, ImageOps

from console.base.core.text import initials
from console.base.core.uploads import UploadField

ICON_BYTES = 1024 * 1024
ICON_SIDE = 256
SOURCE_SIDE = 4096  # Pixels; a small file can unpack to gigabytes, and the header says so before anything is unpacked.
FORMATS = ("PNG", "JPEG", "WEBP")
SCANS = 100  # A progressive JPEG has about ten; each takes as long as a whole picture, and thirty bytes.
DECODING = BoundedSemaphore(1)  # A picture of the largest size takes 200 MB while it is decoded.
PATIENCE = 10  # seconds to wait for others
PAPERS = ("#0b6bcb", "#0f8a6d", "#7a4fd0", "#b4500f", "#b3265a", "#0f7d8c", "#475569", "#3d7a1f")  # of drawn icons
LETTER_SIDE = 116  # Pixels; two of the widest letters fit.


class IconField(UploadField):
    """A PNG, JPEG or WebP picture up to 1 MB (L-1); cleans to a square WebP `ContentFile`, or None when empty."""

    default_error_messages = {
        "required": _("Choose a PNG, JPEG or WebP icon, up to 1 MB."),
        "too_big": _("The icon is larger than 1 MB. Choose a smaller one."),
    }
    widget = forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"})

    def clean(self, data: Any, initial: Any = None) -> ContentFile[bytes] | None:
        """Return the new icon; None when nothing was chosen, so that the one there (`initial`) stays."""
        return None if initial and not data else super().clean(data)

    def to_python(self, data: Any) -> ContentFile[bytes] | None:
        """Re-encode the upload; raises ValidationError in the reader's words."""
        if data in self.empty_values:
            return None
        if data.size > ICON_BYTES:
            raise ValidationError(self.error_messages["too_big"], code="too_big")
        return encode_icon(data)


def encode_icon(source: File[bytes]) -> ContentFile[bytes]:
    """Return the picture as WebP of 256 by 256: upright, cut to its central square, first frame, no metadata.

    A process decodes one picture at a time. Raises ValidationError for what is no whole PNG, JPEG or WebP picture, is
    over 4,096 pixels wide or high, or has more than `SCANS`; and when the others take longer than `PATIENCE`.
    """
    if not DECODING.acquire(timeout=PATIENCE):
        raise ValidationError(_("Other icons are being processed. Choose the icon again in a minute."), code="busy")
    try:
        return ContentFile(_encode(source), name="icon.webp")
    except ValidationError:
        raise
    except Exception as error:  # Pillow's decoders raise a dozen different types for damaged files.
        raise ValidationError(
            _("This file is not a readable PNG, JPEG or WebP picture. Choose another one."), code="unreadable"
        ) from error
    finally:
        DECODING.release()


def _encode(source: File[bytes]) -> bytes:
    source.seek(0)
    content = source.read()
    # What marks a scan can't be inside of one; in metadata it is by chance, a few times in a megabyte.
    if content.startswith(b"\xff\xd8") and content.count(b"\xff\xda") > SCANS:
        raise ValidationError(
            _("This JPEG has more than %(limit)d scans. Save it as a standard JPEG or a PNG."),
            code="too_many_scans",
            params={"limit": SCANS},
        )
    with Image.open(BytesIO(content), formats=FORMATS) as picture:
        if max(picture.size) > SOURCE_SIDE:
            raise ValidationError(
                _("The picture is %(width)d × %(height)d pixels. The maximum is %(limit)d × %(limit)d."),
                code="too_many_pixels",
                params={"width": picture.width, "height": picture.height, "limit": SOURCE_SIDE},
            )
        picture.draft("RGB", (ICON_SIDE * 2, ICON_SIDE * 2))  # JPEG decodes straight to a smaller size.
        ImageOps.exif_transpose(picture, in_place=True)
        square = ImageOps.fit(picture.convert("RGBA"), (ICON_SIDE, ICON_SIDE))
    square.info.clear()  # Otherwise the encoder copies the colour profile and more.
    return _webp(square)


def draw_icon(name: str) -> ContentFile[bytes]:
    """Return an icon for who has none, as `encode_icon` does: the name's initials on a colour that stays the name's.

    Pillow's own font knows Latin letters; a name in another script gets a figure of four tiles instead of empty boxes.
    """
    seed = crc32(name.encode())
    square = Image.new("RGB", (ICON_SIDE, ICON_SIDE), PAPERS[seed % len(PAPERS)])
    pen, letters = ImageDraw.Draw(square), initials(name)
    if letters.isascii() and letters.isalnum():
        middle = (ICON_SIDE / 2, ICON_SIDE / 2)
        pen.text(middle, letters, fill="white", anchor="mm", font=ImageFont.load_default(LETTER_SIDE), stroke_width=2)
    else:
        _draw_tiles(pen, seed)
    return ContentFile(_webp(square), name="icon.webp")


def _draw_tiles(pen: ImageDraw.ImageDraw, seed: int) -> None:
    """Draw four tiles, of which one is round: which, the seed says."""
    for number in range(4):
        left, top = 60 + 72 * (number % 2), 60 + 72 * (number // 2)
        radius = 32 if number == (seed >> 8) % 4 else 10
        pen.rounded_rectangle((left, top, left + 64, top + 64), radius=radius, fill="white")


def _webp(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "WEBP", quality=90, method=4)
    return out.getvalue()

"""Icons that people upload: what we store and serve is always a picture that we encoded ourselves."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile, File
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from console.base.core.uploads import UploadField

ICON_BYTES = 1024 * 1024
ICON_SIDE = 256
SOURCE_SIDE = 4096  # Pixels; a small file can unpack to gigabytes, and the header says so before anything is unpacked.
FORMATS = ("PNG", "JPEG", "WEBP")


class IconField(UploadField):
    """A PNG, JPEG or WebP picture up to 1 MB (L-1); cleans to a square WebP `ContentFile`, or None when empty."""

    default_error_messages = {
        "required": _("Choose an icon: a PNG, JPEG or WebP picture up to 1 MB."),
        "too_big": _("The icon is larger than 1 MB. Save it smaller and choose it again."),
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

    Raises ValidationError for what is no whole PNG, JPEG or WebP picture, or is over 4,096 pixels wide or high.
    """
    try:
        return ContentFile(_encode(source), name="icon.webp")
    except ValidationError:
        raise
    except Exception as error:  # Pillow's decoders raise a dozen different types for damaged files.
        raise ValidationError(
            _("This file can't be read as a PNG, JPEG or WebP picture."), code="unreadable"
        ) from error


def _encode(source: File[bytes]) -> bytes:
    source.seek(0)
    with Image.open(source, formats=FORMATS) as picture:
        if max(picture.size) > SOURCE_SIDE:
            raise ValidationError(
                _("The picture is %(width)d × %(height)d pixels. Up to %(limit)d × %(limit)d are possible."),
                code="too_many_pixels",
                params={"width": picture.width, "height": picture.height, "limit": SOURCE_SIDE},
            )
        picture.draft("RGB", (ICON_SIDE * 2, ICON_SIDE * 2))  # JPEG decodes straight to a smaller size.
        upright = ImageOps.exif_transpose(picture)
        square = ImageOps.fit(upright.convert("RGBA"), (ICON_SIDE, ICON_SIDE))
    square.info.clear()  # Otherwise the encoder copies the colour profile and more.
    out = BytesIO()
    square.save(out, "WEBP", quality=90, method=4)
    return out.getvalue()

"""Icons are re-encoded by us: whatever comes in, a small square WebP without metadata goes out."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from PIL import Image, PngImagePlugin

from console.base.core import images
from console.base.core.images import ICON_BYTES, IconField, draw_icon, encode_icon


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB", **options: object) -> bytes:
    """The bytes of a plain picture."""
    buffer = io.BytesIO()
    Image.new(mode, size, "teal" if mode == "RGB" else None).save(buffer, kind, **options)
    return buffer.getvalue()


def encoded(content: bytes) -> Image.Image:
    """What we keep of it."""
    return Image.open(encode_icon(ContentFile(content, name="whatever.svg")))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (300, 200), (31, 4096), (256, 256)])
def test_becomes_a_square(kind: str, size: tuple[int, int]) -> None:
    icon = encoded(picture(kind, size))

    assert (icon.format, icon.size) == ("WEBP", (256, 256))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "1"), ("PNG", "P"), ("PNG", "LA"), ("PNG", "I;16"), ("PNG", "RGBA"), ("JPEG", "CMYK"), ("JPEG", "L")],
)
def test_takes_every_colour_mode(kind: str, mode: str) -> None:
    assert encoded(picture(kind, mode=mode)).size == (256, 256)


def test_is_upright_and_without_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "where the photographer lives"
    buffer = io.BytesIO()
    source = Image.new("RGB", (200, 200), "red")
    source.paste("blue", (0, 100, 200, 200))
    source.save(buffer, "JPEG", exif=exif, icc_profile=b"profile" * 100, comment=b"secret")

    icon = encoded(buffer.getvalue())
    reds, _greens, blues = icon.convert("RGB").split()

    assert not {"exif", "xmp", "icc_profile", "comment"} & set(icon.info)
    assert b"photographer" not in encode_icon(ContentFile(buffer.getvalue())).read()
    assert [(reds.getpixel((x, 128)) or 0) > (blues.getpixel((x, 128)) or 0) for x in (40, 216)] == [False, True]


def test_drops_what_hides_behind_the_picture() -> None:
    icon = encode_icon(ContentFile(picture("PNG") + b"<script>alert(1)</script>")).read()

    assert b"script" not in icon


def test_keeps_only_the_first_frame() -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    buffer = io.BytesIO()
    frames[0].save(buffer, "WEBP", save_all=True, append_images=frames[1:])

    assert encoded(buffer.getvalue()).n_frames == 1


def png_header(width: int, height: int) -> bytes:
    """A PNG that promises more pixels than it holds."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(4097, 10), (10, 4097), (50_000, 50_000)])
def test_refuses_a_bomb_before_unpacking_it(size: tuple[int, int]) -> None:
    with pytest.raises(ValidationError) as refusal:
        encode_icon(ContentFile(png_header(*size)))

    assert refusal.value.code in ("too_many_pixels", "unreadable")


def test_says_how_large_the_picture_is() -> None:
    with pytest.raises(ValidationError) as refusal:
        encode_icon(ContentFile(picture(size=(5000, 10))))

    assert refusal.value.messages == ["The picture is 5000 × 10 pixels. The maximum is 4096 × 4096."]


def jpeg_of_scans(count: int, size: tuple[int, int] = (8, 8)) -> bytes:
    """A progressive JPEG whose last scan comes again and again: each one takes as long as the whole picture."""
    content = picture("JPEG", size, progressive=True)
    starts = content.count(b"\xff\xda")
    last = content[content.rindex(b"\xff\xda") : -2]
    return content[:-2] + last * (count - starts) + content[-2:]


def test_a_jpeg_has_few_scans() -> None:
    assert encoded(jpeg_of_scans(100)).size == (256, 256)

    with pytest.raises(ValidationError) as refusal:
        encode_icon(ContentFile(jpeg_of_scans(20_000, size=(4096, 4096))))  # Decoded, it takes minutes.

    assert refusal.value.messages == ["This JPEG has more than 100 scans. Save it as a standard JPEG or a PNG."]


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_only_a_jpeg_has_scans(kind: str) -> None:
    assert encoded(picture(kind) + b"\xff\xda" * 101).size == (256, 256)


def test_one_picture_is_decoded_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "PATIENCE", 0)

    with images.DECODING, pytest.raises(ValidationError) as refusal:
        encode_icon(ContentFile(picture()))

    assert refusal.value.messages == ["Other icons are being processed. Choose the icon again in a minute."]
    with pytest.raises(ValidationError):  # What is refused leaves room for the next one, too.
        encode_icon(ContentFile(b"\0"))
    assert encoded(picture()).size == (256, 256)


def text_bomb() -> bytes:
    """A PNG whose compressed text unpacks to many megabytes."""
    info = PngImagePlugin.PngInfo()
    info.add_text("bomb", "a" * 20_000_000, zip=True)
    return picture(pnginfo=info)


@pytest.mark.parametrize(
    "content",
    [
        b"\0",
        b"GIF89a" + b"\0" * 100,
        b"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
        b"%PDF-1.7",
        b"BM" + b"\0" * 60,
        png_header(100, 100),
        picture("PNG")[:60],
        picture("JPEG")[:200],
        picture("WEBP")[:30],
        b"\xff\xd8\xff" + b"\xff" * 500,
        b"RIFF\xff\xff\xff\xffWEBPVP8 " + b"\xff" * 50,
        text_bomb(),
    ],
)
def test_refuses_what_is_no_whole_picture(content: bytes) -> None:
    with pytest.raises(ValidationError) as refusal:
        encode_icon(ContentFile(content))

    assert refusal.value.messages == ["This file is not a readable PNG, JPEG or WebP picture. Choose another one."]


def test_the_field_takes_up_to_a_megabyte() -> None:
    padded = picture() + b"\0" * ICON_BYTES

    with pytest.raises(ValidationError) as refusal:
        IconField().clean(ContentFile(padded, name="big.png"))

    assert refusal.value.messages == ["The icon is larger than 1 MB. Choose a smaller one."]
    assert IconField().clean(ContentFile(padded[:ICON_BYTES], name="fits.png")).name == "icon.webp"


def test_the_field_may_be_empty_only_when_optional_or_when_there_is_one() -> None:
    with pytest.raises(ValidationError) as refusal:
        IconField().clean(None)

    assert refusal.value.messages == ["Choose a PNG, JPEG or WebP icon, up to 1 MB."]
    assert IconField(required=False).clean(None) is None
    assert IconField().clean(None, initial=ContentFile(b"", name="there.webp") or "there") is None


def test_an_icon_is_drawn_from_a_name_and_stays_the_same() -> None:
    """P-11."""
    drawn = {name: draw_icon(name).read() for name in ("Clinic Booking", "City Bus", "诊所预约", "أهلا", "42", "€")}
    assert len(set(drawn.values())) == len(drawn)
    for name, content in drawn.items():
        assert draw_icon(name).read() == content
        icon = Image.open(io.BytesIO(content))
        assert (icon.format, icon.size) == ("WEBP", (256, 256))
        darkest, lightest = icon.convert("L").getextrema()
        assert (darkest < 140, lightest > 240) == (True, True)  # white on a colour

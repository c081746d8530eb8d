"""`POST /wxa/getwxacodeunlimit`: a QR code that opens a page of the program, and says from where one came."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Annotated, Literal

import msgspec
import segno
from msgspec import Meta
from PIL import Image

from console.api.http import NOT_STORED, Environ, Response
from console.api.server.reading import parse, program_asking, read
from console.base.core.errors import ServerRefused
from miniprograms.models import MiniProgram
from releases.links import LinkRefused, link_to

LONGEST_SCENE, SCENE = 32, re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
LONGEST_PAGE = 240  # bytes of a path in a package (V-2)
QUIET = 4  # modules around the code, as ISO/IEC 18004 asks
Channel = Annotated[int, Meta(ge=0, le=255)]


class Colour(msgspec.Struct, frozen=True):
    """The colour of the lines; SDKs send digits as text as well."""

    r: Channel | str = 0
    g: Channel | str = 0
    b: Channel | str = 0


class Wanted(msgspec.Struct):
    """The body; unknown members are ignored. `auto_color` leaves the lines black, which WeChat allows."""

    scene: str = ""
    page: str = ""
    check_path: bool = True
    env_version: Literal["release", "trial", "develop"] = "release"
    width: Annotated[int, Meta(ge=280, le=1280)] = 430
    auto_color: bool = False
    line_color: Colour = Colour()
    is_hyaline: bool = False


_decoder = msgspec.json.Decoder(Wanted)


def answer(environ: Environ) -> Response:
    """Draw the code, as PNG.

    Raises ServerRefused (40097, 40129, 40169, 41030, 44002, 47001, and those of the access token).
    """
    program = program_asking(environ)
    asked = parse(read(environ), _decoder)
    colour = (0, 0, 0) if asked.auto_color else _colour(asked.line_color)
    image = draw(_link(program, asked), width=asked.width, colour=colour, see_through=asked.is_hyaline)
    return Response(200, [("Content-Type", "image/png"), NOT_STORED, ("Content-Length", str(len(image)))], image)


def _link(program: MiniProgram, asked: Wanted) -> str:
    """Return what the code holds; raises ServerRefused (40097, 40129, 40169, 41030)."""
    if not 0 < len(asked.scene) <= LONGEST_SCENE:
        raise ServerRefused(40169, f"scene must have 1 to {LONGEST_SCENE} characters")
    if not SCENE.fullmatch(asked.scene):
        raise ServerRefused(40129, "allowed are letters, digits and !#$&'()*+,/:;=?@-._~")
    if asked.page.startswith("/") or "?" in asked.page or not asked.page.isprintable():
        raise ServerRefused(41030, "page must be a path without a / in front and without a query")
    if len(asked.page.encode(errors="replace")) > LONGEST_PAGE:
        raise ServerRefused(41030, f"page must not exceed {LONGEST_PAGE} bytes")
    try:
        return link_to(
            program,
            page=asked.page,
            scene=asked.scene,
            env_version=asked.env_version,
            check_page=asked.check_path,
        )
    except LinkRefused as refused:
        raise ServerRefused(41030 if refused.is_of_page else 40097, str(refused)) from None


def _colour(asked: Colour) -> tuple[int, int, int]:
    found = [_channel(str(one)) for one in (asked.r, asked.g, asked.b)]
    if not all(0 <= one <= 255 for one in found):
        raise ServerRefused(40097, "line_color must have r, g and b from 0 to 255")
    return found[0], found[1], found[2]


def _channel(digits: str) -> int:
    return int(digits) if len(digits) <= 3 and digits.isascii() and digits.isdigit() else -1


def draw(text: str, *, width: int, colour: tuple[int, int, int], see_through: bool) -> bytes:
    """Return a PNG, `width` pixels wide and high, with the QR code of the text in its middle, as large as fits."""
    modules = segno.make(text, error="m", micro=False).matrix
    size = len(modules) + 2 * QUIET
    scale = width // size
    code = Image.frombytes("P", (len(modules), len(modules)), b"".join(map(bytes, modules)))
    code = code.resize((len(modules) * scale, len(modules) * scale), Image.Resampling.NEAREST)
    image = Image.new("P", (width, width), 0)
    for one in (code, image):
        one.putpalette([255, 255, 255, *colour])
    image.paste(code, ((width - code.width) // 2,) * 2)
    buffer = BytesIO()
    image.save(buffer, "PNG", bits=1, **({"transparency": 0} if see_through else {}))
    return buffer.getvalue()

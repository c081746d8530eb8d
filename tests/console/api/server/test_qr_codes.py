"""POST /wxa/getwxacodeunlimit: codes that a scanner reads, and addresses that lead to the program."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from django.test import Client
from PIL import Image

from tests.console.api.server.asking import CODE, Reply, Server
from tests.factories import make_online, make_program, make_trial, make_version

ALLOWED = "aZ09!#$&'()*+,/:;=?@-._~"
PAGE = "pages/index/index"


@pytest.fixture
def online(server: Server) -> Server:
    """The program has a version online."""
    make_online(server.program)
    return server


def draw(server: Server, scene: Any = "a=1", **members: Any) -> Reply:
    return server.post(CODE, {"scene": scene, **members}, token=server.token())


def image(reply: Reply) -> Image.Image:
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png"), reply.body[:200]
    return Image.open(BytesIO(reply.body))


def scanned(reply: Reply) -> str:
    """What a scanner reads, on white paper."""
    drawn = image(reply).convert("RGBA")
    (found,) = zxingcpp.read_barcodes(Image.alpha_composite(Image.new("RGBA", drawn.size, "white"), drawn).convert("L"))
    return found.text


def test_a_scanner_reads_the_address_of_a_page(online: Server) -> None:
    link = urlsplit(scanned(draw(online, ALLOWED, page=PAGE)))
    assert link.path == f"/open/{online.program.app_id}/"
    assert parse_qs(link.query, strict_parsing=True) == {"page": [PAGE], "scene": [ALLOWED]}


def test_without_a_page(online: Server) -> None:
    link = scanned(draw(online, "x" * 32, env_version="develop"))
    assert urlsplit(link).query == f"scene={'x' * 32}&env_version=develop"


@pytest.mark.parametrize("width", [280, 281, 430, 1280])
def test_size(online: Server, width: int) -> None:
    reply = draw(online, width=width, page=PAGE)
    assert image(reply).size == (width, width)
    assert scanned(reply)


@pytest.mark.parametrize("colour", [{"r": 200, "g": 0, "b": 30}, {"r": "200", "g": "0", "b": "30"}])
def test_colour_and_ground(online: Server, colour: dict[str, Any]) -> None:
    reply = draw(online, line_color=colour, is_hyaline=True)
    colours = {colour for _count, colour in image(reply).convert("RGBA").getcolors()}
    assert colours == {(200, 0, 30, 255), (255, 255, 255, 0)}
    assert scanned(reply)
    drawn = image(draw(online, line_color=colour, auto_color=True)).convert("RGBA")
    plain = {colour for _count, colour in drawn.getcolors()}
    assert plain == {(0, 0, 0, 255), (255, 255, 255, 255)}


def test_of_the_trial(server: Server) -> None:
    """V-14: the token is in its address already."""
    refused = draw(server, env_version="trial", check_path=False)
    assert (refused.errcode, refused.detail) == (40097, "the program has no trial version, set one in the console")
    trial = make_trial(make_version(server.program))
    assert scanned(draw(server, env_version="trial", check_path=False)) == f"{trial.link}?scene=a%3D1&env_version=trial"


@pytest.mark.parametrize(
    ("members", "errcode"),
    [
        ({"scene": ""}, 40169),
        ({"scene": "x" * 33}, 40169),
        ({"scene": "x" * 15_000}, 40169),
        ({"scene": "梅"}, 40129),
        ({"scene": "a b"}, 40129),
        ({"scene": "a%20"}, 40129),
        ({"scene": "a\x00"}, 40129),
        ({"scene": "a\n"}, 40129),
        ({"scene": 7}, 47001),
        ({"page": f"/{PAGE}"}, 41030),
        ({"page": f"{PAGE}?a=1"}, 41030),
        ({"page": "pages/none/none"}, 41030),
        ({"page": "x" * 241, "check_path": False}, 41030),
        ({"page": "a\x00b", "check_path": False}, 41030),
        ({"width": 279}, 47001),
        ({"width": 1281}, 47001),
        ({"env_version": "beta"}, 47001),
        ({"line_color": {"r": "x"}}, 40097),
        ({"line_color": {"r": 256}}, 47001),
        ({"line_color": {"r": "256"}}, 40097),
        ({"line_color": {"r": "9" * 5_000}}, 40097),
    ],
)
def test_refused(online: Server, members: dict[str, Any], errcode: int) -> None:
    reply = draw(online, **{"scene": "a=1", **members})
    assert (reply.status, reply.errcode) == (200, errcode)


def test_pages_are_those_that_are_online(server: Server) -> None:
    make_version(server.program)
    assert draw(server).errcode == 41030
    assert scanned(draw(server, check_path=False, page="pages/later/later"))
    make_online(make_program())
    assert draw(server, page=PAGE).errcode == 41030


def test_what_a_browser_shows(online: Server) -> None:
    """P-1: of a program that no app serves nothing is said."""
    path = urlsplit(scanned(draw(online, page=PAGE)))._replace(scheme="", netloc="").geturl()
    shown = Client().get(path)
    assert shown.status_code == 200
    assert online.program.name in shown.content.decode()
    assert "Open it in the app" in shown.content.decode()
    assert Client().get(f"/open/{make_program().app_id}/").status_code == 404
    online.program.write(shelf="off")
    assert Client().get(path).status_code == 404

"""What honest packers write is accepted, and gives the same package whatever they wrote (rules V-4 and V-6)."""

import io
import unicodedata
import zipfile
from pathlib import Path

import pytest

from releases.package import inspect

from .builder import DEFLATED, Raw, archive, descriptor, project

FOLDER = Path(__file__).parent / "packers"
ARCHIVES = sorted(FOLDER.glob("*.zip"))
APP_ID = "mp0123456789abcd"


def _canonical(data: bytes) -> bytes:
    out = io.BytesIO()
    result = inspect(io.BytesIO(data), app_id=APP_ID, out=out)
    assert result.accepted, result.findings
    assert result.findings == []
    return out.getvalue()


def test_there_are_many_packers() -> None:
    assert len(ARCHIVES) >= 12


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.stem)
def test_is_accepted_and_gives_the_same_bytes(path: Path) -> None:
    assert _canonical(path.read_bytes()) == _canonical((FOLDER / "python.zip").read_bytes())


def test_content_is_that_of_the_upload() -> None:
    source = FOLDER / "7zip.zip"
    with zipfile.ZipFile(source) as before, zipfile.ZipFile(io.BytesIO(_canonical(source.read_bytes()))) as after:
        expected = {
            unicodedata.normalize("NFC", info.filename): before.read(info)
            for info in before.infolist()
            if not info.is_dir() and info.filename != "project.config.json"
        }
        assert {name: after.read(name) for name in after.namelist()} == expected


def test_what_macos_writes() -> None:
    """Archive Utility: names in NFD without the UTF-8 flag, data descriptors, a second tree of AppleDouble
    files.
    """
    rows = []
    for name, content in project({"images/é站.png": b"png", ".DS_Store": b"x"}).items():
        raw = ("bus/" + unicodedata.normalize("NFD", name)).encode()
        row = Raw(raw, content, DEFLATED)
        sizes = archive([row])
        packed = int.from_bytes(sizes[18:22], "little")
        crc = int.from_bytes(sizes[14:18], "little")
        rows.append(Raw(raw, content, DEFLATED, descriptor=descriptor(crc, packed, len(content))))
        rows.append(Raw("__MACOSX/bus/._" + name.replace("/", "_").replace("é", "e"), b"\x00\x05\x16\x07"))
    out = io.BytesIO()
    result = inspect(io.BytesIO(archive([Raw("bus/"), *rows])), out=out)
    assert result.accepted, result.findings
    assert [finding.code for finding in result.findings] == ["system-file"]
    assert [file.path for file in result.files] == sorted(project({"images/é站.png": b""}), key=str.encode)
    assert len(result.left_out) == 7

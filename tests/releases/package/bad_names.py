"""Names that some device can't store, or stores as another one (rules V-2 and V-4)."""

import unicodedata
from collections.abc import Callable

from .builder import DEFLATED, UTF8, Raw, package

NFC = unicodedata.normalize("NFC", "café")
NFD = unicodedata.normalize("NFD", "café")


def _named(*names: str | bytes) -> Callable[[], bytes]:
    return lambda: package(None, *(Raw(name, b"" if name[-1:] in ("/", b"/") else b"x", DEFLATED) for name in names))


def _flagged(name: bytes) -> Callable[[], bytes]:
    return lambda: package(None, Raw(name, b"x", DEFLATED, both={"flags": UTF8}))


def _each(code: str, kind: str, names: list[str | bytes]) -> dict[str, tuple[str, Callable[[], bytes]]]:
    return {f"{kind}-{number}": (code, _named(name)) for number, name in enumerate(names, 1)}


NAMES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "name-none": ("name-empty", _named(b"")),
    **_each("name-absolute", "name-absolute", ["/etc/a.js", "/a.js", "/"]),
    **_each("name-parent", "name-parent", ["../a.js", "a/../../b.js", "a/..", "../", "a/../a.js"]),
    **_each("name-dot", "name-dot", ["./a.js", "a/./b.js", "a/."]),
    **_each("name-empty-segment", "name-empty-part", ["a//b.js", "a/b//"]),
    **_each("name-backslash", "name-backslash", ["a\\b.js", "..\\b.js", "\\\\server\\share\\b.js"]),
    **_each("name-drive", "name-drive", ["C:/a.js", "c:a.js"]),
    **_each(
        "name-control",
        "name-control",
        ["a\x00.js", "a\n.js", "a\x1b[31m.js", "a\x7f.js", "a\x85.js", "a\u0378.js"],
    ),
    **_each(
        "name-invisible",
        "name-invisible",
        ["a\u202egnp.js", "a\u200b.js", "\ufeffa.js", "a\u2028.js", "a\u2066b.js"],
    ),
    **_each(
        "name-character",
        "name-character",
        ["a<b.js", "a|b.js", "a?.js", "a*.js", 'a".js', "a.js:stream", "a>.js"],
    ),
    **_each(
        "name-reserved",
        "name-reserved",
        ["con.js", "a/NUL", "aux.tar.gz", "com1", "LPT9.txt", "con/a.js", "com¹.js", "CONIN$"],
    ),
    **_each("name-trailing", "name-trailing", ["a.js.", "a.js ", "a./b.js", "a /b.js"]),
    **_each(
        "name-encoding",
        "name-encoding",
        [b"\xff.js", b"caf\x82.js", b"\xed\xa0\x80.js"],
    ),
    # GBK without the UTF-8 flag is read; with it, it is a lie.
    **{
        f"name-encoding-flagged-{number}": ("name-encoding", _flagged(name))
        for number, name in enumerate([b"\xc4\xe3.js", b"\xc0\xae.js"], 1)
    },
    "path-too-deep": ("path-depth", _named("a/" * 16 + "b.js")),
    "path-too-long": ("path-length", _named("a" * 238 + ".js")),
    "path-too-long-in-bytes": ("path-length", _named("站" * 80 + ".js")),
    "path-absurdly-long": ("path-length", _named("a/" * 30_000 + "b.js")),
    "duplicate": ("name-duplicate", _named("a.js", "a.js")),
    "duplicate-app-json": ("name-duplicate", _named("app.json")),
    "duplicate-folder": ("name-duplicate", _named("a/", "a/")),
    "case-collision": ("name-case", _named("images/Logo.png", "images/logo.png")),
    "case-collision-app-json": ("name-case", _named("App.json")),
    "case-collision-folder": ("name-case", _named("Images/a.png", "images/b.png")),
    "case-collision-sharp-s": ("name-case", _named("straße.js", "STRASSE.js")),
    "case-collision-greek": ("name-case", _named("σς.js", "ΣΣ.js")),
    "unicode-collision": ("name-unicode", _named(NFC + ".js", NFD + ".js")),
    "unicode-collision-folder": ("name-unicode", _named(NFC + "/a.js", NFD + "/b.js")),
    "unicode-collision-angstrom": ("name-unicode", _named("Å.js", "\u212b.js")),
    "file-and-folder": ("name-file-folder", _named("a", "a/b.js")),
    "folder-and-file": ("name-file-folder", _named("a/b.js", "a")),
    "file-and-folder-entry": ("name-file-folder", _named("a", "a/")),
}

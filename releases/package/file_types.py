"""Which files of an upload devices get, and which are there for developers and their tools (rule V-5)."""

import re
from collections.abc import Collection

# What a mini program may consist of: WeChat's list, then fonts and pictures that its devices read as well.
RUNTIME_SUFFIXES = frozenset(
    [
        "wxml",
        "wxss",
        "wxs",
        "js",
        "json",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "cer",
        "crt",
        "cert",
        "mp3",
        "aac",
        "m4a",
        "mp4",
        "wav",
        "ogg",
        "silk",
        "wasm",
        "br",
        "cur",
        "ico",
        "skel",
        "ttf",
        "woff",
        "woff2",
        "webp",
    ]
)
# Compressed by their own format; deflating them again costs time and gains nothing.
COMPRESSED_SUFFIXES = frozenset(
    ["png", "jpg", "jpeg", "gif", "webp", "mp3", "aac", "m4a", "mp4", "ogg", "silk", "br", "woff", "woff2"]
)
_SOURCE_MAP = "map"
_NOISE_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NOISE_FOLDER = "__MACOSX"
# npm's folder is never part of a program; what is used of it is built into miniprogram_npm.
_TOOL_FOLDER = "node_modules"
# JSON of tools, in any folder, unless a page or component has the name: pages/package/package is one.
_TOOL_JSON = re.compile(
    r"package\.json|package-lock\.json|npm-shrinkwrap\.json|(?:ts|js)config(?:\.[^/]+)?\.json|tslint\.json|lerna\.json"
    r"|project\.[^/]+\.json|mini\.project\.json|babel\.config\.json"
)
# Scripts of tools, in the top folder only: further down another file may require one that is called so.
_TOOL_SCRIPT = re.compile(
    r"(?:babel|commitlint|cypress|eslint|jest|karma|lint-staged|mpx|playwright|postcss|prettier|release|remax|rollup"
    r"|stylelint|tailwind|uno|vite|vitest|vue|webpack|wepy|windi)\.config\.js|[Gg]ulpfile\.js|[Gg]runtfile\.js"
)


def suffix(path: str) -> str:
    """The part after the last dot of the file name, in lower case; empty when there is none."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_runtime(path: str, paths: Collection[str]) -> bool:
    """Whether devices get the file; `paths` are all of the program, this one relative to its top folder."""
    return suffix(path) in RUNTIME_SUFFIXES and not (_is_hidden(path) or _is_of_tools(path, paths))


def is_source_map(path: str) -> bool:
    return suffix(path) == _SOURCE_MAP and not _is_hidden(path) and _TOOL_FOLDER not in path.split("/")


def is_noise(path: str) -> bool:
    """Files that macOS and Windows add to folders and archives by themselves."""
    segments = path.split("/")
    return segments[-1] in _NOISE_NAMES or segments[-1].startswith("._") or _NOISE_FOLDER in segments[:2]


def kind(path: str) -> str:
    """What a file that devices don't get is called in a list of kinds: “.ts”, “package.json”, “node_modules”."""
    segments = path.split("/")
    if _TOOL_FOLDER in segments[:-1]:
        return _TOOL_FOLDER
    name, ending = segments[-1], suffix(path)
    hidden = next(filter(_is_dot_name, segments), "")
    if hidden or not ending or _TOOL_JSON.fullmatch(name) or _TOOL_SCRIPT.fullmatch(name):
        return hidden or name
    return f".{ending}"


def _is_hidden(path: str) -> bool:
    return any(map(_is_dot_name, path.split("/")))


def _is_dot_name(segment: str) -> bool:
    return segment.startswith(".") and segment not in (".", "..")


def _is_of_tools(path: str, paths: Collection[str]) -> bool:
    folder, _slash, name = path.rpartition("/")
    if _TOOL_FOLDER in folder.split("/"):
        return True
    if _TOOL_JSON.fullmatch(name):
        return path.removesuffix(".json") + ".wxml" not in paths
    return not folder and bool(_TOOL_SCRIPT.fullmatch(name))

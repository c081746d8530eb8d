"""Which files of an upload go into the package (rule V-5)."""

# What a mini program may consist of: WeChat's list, then what its tools leave beside it.
PACKED_SUFFIXES = frozenset(
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
        "txt",
        "md",
        "ts",
        "less",
        "scss",
        "map",
    ]
)
# Compressed by their own format; deflating them again costs time and gains nothing.
COMPRESSED_SUFFIXES = frozenset(
    ["png", "jpg", "jpeg", "gif", "webp", "mp3", "aac", "m4a", "mp4", "ogg", "silk", "br", "woff", "woff2"]
)
_NOISE_NAMES = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
_NOISE_FOLDER = "__MACOSX"


def suffix(path: str) -> str:
    """The part after the last dot of the file name, in lower case; empty when there is none."""
    name = path.rpartition("/")[2]
    return name.rpartition(".")[2].lower() if "." in name else ""


def is_packed(path: str) -> bool:
    return suffix(path) in PACKED_SUFFIXES


def is_noise(path: str) -> bool:
    """Files that macOS and Windows add to folders and archives by themselves."""
    segments = path.split("/")
    return segments[-1] in _NOISE_NAMES or segments[-1].startswith("._") or _NOISE_FOLDER in segments[:2]
